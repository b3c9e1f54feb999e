"""Models by alias with their versions, and the packages that are installed."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.events import DescendantFocus
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import models_keys
from appliance.tui.commands import NEXT_PANEL
from appliance.tui.screens import models_actions
from appliance.tui.screens.models_available import AvailableScreen
from appliance.tui.screens.models_base import ModelsBase, key_of
from appliance.tui.screens.models_cells import MODEL_COLUMNS, PACKAGE_COLUMNS, ModelRow, is_doubtful, model_row
from appliance.tui.screens.models_doing import word
from appliance.tui.screens.models_one import ModelScreen
from appliance.tui.screens.models_package import PackageScreen, way_back
from appliance.tui.view import View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Listing
from appliance.tui.widgets.notice_line import NoticeLine

if TYPE_CHECKING:
    from appliance.operations.package_facts import InstalledPackage
    from appliance.tui.models_source import ServedModel

_MODELS, _PACKAGES = "#models", "#installed"


class ModelsScreen(ModelsBase[None]):
    """Both lists; Enter opens a row, and the keys are about the row that is chosen in the list that has the focus."""

    AUTO_FOCUS = "#models RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (models_keys.ROLL_BACK, models_keys.PROMOTE, models_keys.AVAILABLE, NEXT_PANEL)
    ]

    def body(self) -> ComposeResult:
        """Yield both lists."""
        yield NoticeLine()
        yield Listing[ModelRow](id=_MODELS[1:])
        yield Listing["InstalledPackage"](id=_PACKAGES[1:])
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw both lists."""
        super().show(view)
        known, language = self.known, view.language
        models = self.query_one(_MODELS, Listing)
        models.border_title = _("Models").render(language)
        models.border_subtitle = self._counted(language)
        rows = {model.id: model_row(model, view.status, known.here) for model in known.models}
        models.show(rows, MODEL_COLUMNS, self._no_models(), language)
        installed = self.query_one(_PACKAGES, Listing)
        installed.display = self.source.here
        installed.border_title = _("Installed packages").render(language)
        packages = () if known.here is None else known.here.packages
        unknown = any(is_doubtful(one) for one in packages)
        told = _("▲ signed with a key that is not trusted any more") if unknown else Message("")
        installed.border_subtitle = told.render(language)
        installed.show({key_of(one): one for one in packages}, PACKAGE_COLUMNS, self._no_packages(), language)
        self._follow_choice()

    def _counted(self, language: str) -> str:
        """Say how many models have a candidate."""
        candidates = sum(model.get("candidate") is not None for model in self.known.models)
        return _("{count} tried out", count=candidates).render(language) if candidates else ""

    def _no_models(self) -> Message:
        if self.known.seen is None:
            return Message("") if self.known.fault else _("Waiting for the first reading …")
        return _("There is no model that this key may use.")

    def _no_packages(self) -> Message:
        if self.known.here is None:
            return Message("") if self.known.here_fault else _("Reading …")
        return _(
            "None: the models that came with the appliance are folders below models/. Press n to look for packages."
        )

    @property
    def _in_packages(self) -> bool:
        return self.query_one(_PACKAGES, Listing).has_focus_within

    @property
    def _model(self) -> "ServedModel | None":
        return None if self._in_packages else self.known.model(self.query_one(_MODELS, Listing).chosen)

    @property
    def _package(self) -> "InstalledPackage | None":
        return self.known.package(self.query_one(_PACKAGES, Listing).chosen) if self._in_packages else None

    def on_descendant_focus(self, _event: DescendantFocus) -> None:
        """The keys are about the other list now."""
        self._follow_choice()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """The keys are about another row now."""
        self._follow_choice()

    def _follow_choice(self) -> None:
        command, model = "appliance model list", self._model
        if self._in_packages:
            command = "appliance package list"
        elif model is not None:
            command = f"appliance model show {word(model.id)}"
        self.query_one(CommandLine).show(command)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done to the chosen row."""
        if action not in ("roll_back", "promote", "available"):
            return super().check_action(action, parameters)
        if not self.is_mounted or not self.may_act():
            return False
        model, package = self._model, self._package
        if action == "available":
            return True
        if action == "promote":
            candidate = None if model is None else model.get("candidate")
            return candidate is not None and candidate.state == "ready"
        if package is not None:
            return package.used is not None and package.kept is not None
        return model is not None and model.get("previous") is not None

    def action_roll_back(self) -> None:
        """Go back: to the version before of a model, or to the other release of a package."""
        model, package = self._model, self._package
        if package is not None:
            self.prepare(lambda: way_back(self, package))
        elif model is not None:
            self.go_back_with(model)

    def action_promote(self) -> None:
        """Let the candidate serve everybody."""
        if (model := self._model) is not None:
            self.act(models_actions.promote(self.source, model, self.known.here, self.terminal.language))

    def action_available(self) -> None:
        """Look for packages."""
        self.notice = None
        self.app.push_screen(AvailableScreen())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen row."""
        self.notice = None
        model, package = self._model, self._package
        if package is not None:
            self.app.push_screen(PackageScreen(self.known, key_of(package)))
        elif model is not None:
            self.app.push_screen(ModelScreen(self.known, model.id))
        event.stop()
