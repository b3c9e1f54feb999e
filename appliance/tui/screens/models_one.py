"""One model: its versions, what was measured of each, and what can be done with them."""

from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _
from appliance.tui import commands, models_keys
from appliance.tui.acting import Task
from appliance.tui.drawing import one_line
from appliance.tui.models_source import ServedModel
from appliance.tui.screens import models_actions
from appliance.tui.screens.models_base import FactsPanel, Known, ModelsBase
from appliance.tui.screens.models_cells import (
    MODEL_KINDS,
    SLOTS,
    VERSION_COLUMNS,
    VersionRow,
    model_row,
    version_facts,
    version_rows,
)
from appliance.tui.screens.models_doing import word
from appliance.tui.screens.models_forms import SplitForm, StageForm
from appliance.tui.screens.models_licence import LicenceScreen
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Listing
from appliance.tui.widgets.notice_line import NoticeLine

_KEYS = (
    models_keys.ROLL_BACK, models_keys.PROMOTE, models_keys.SPLIT, models_keys.DROP, models_keys.STAGE,
    models_keys.LICENCE, commands.BACK, commands.NEXT_PANEL,
)  # fmt: skip


class ModelScreen(ModelsBase[None]):
    """The versions of an alias above, the facts of the chosen one below."""

    AUTO_FOCUS = "#versions RowList"
    BINDINGS = [command.binding() for command in _KEYS]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, known: Known, alias: str) -> None:
        super().__init__(known)
        self._alias = alias

    def body(self) -> ComposeResult:
        """Yield versions and facts."""
        yield NoticeLine()
        yield Listing[VersionRow](id="versions")
        yield FactsPanel(id="version-facts", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the model."""
        super().show(view)
        model, language = self._model, view.language
        versions = self.query_one("#versions", Listing)
        if model is None:
            versions.show({}, VERSION_COLUMNS, _("This model is not there any more."), language)
            return
        kind = MODEL_KINDS.get(model.kind, Message(one_line(model.kind)))
        versions.border_title = f"{one_line(model.id)} · {kind.render(language)}"
        state = model_row(model, view.status, self.known.here).state
        versions.border_subtitle = "" if state is None else f"{state.shape} {state.word.render(language)}"
        nothing = _("Its model is a part of the platform's release, and is changed with it.")
        versions.show(version_rows(model, self.known.here), VERSION_COLUMNS, nothing, language)
        self._show_facts()
        self.query_one(CommandLine).show(f"appliance model show {word(model.id)}")

    def _show_facts(self) -> None:
        """Draw what is known of the chosen version."""
        row, panel, language = self._row, self.query_one("#version-facts", FactsPanel), self.terminal.language
        panel.display = row is not None
        if row is None:
            return
        mark = SLOTS[row.version.slot]
        title = f"{one_line(row.version.label)} {mark.shape} {mark.word.render(language)}"
        panel.facts(title, version_facts(row, language), language)

    @property
    def _model(self) -> ServedModel | None:
        return self.known.model(self._alias)

    @property
    def _row(self) -> VersionRow | None:
        if (model := self._model) is None:
            return None
        rows = version_rows(model, self.known.here)
        return rows.get(self.query_one("#versions", Listing).chosen or "stable", rows.get("stable"))

    def standing(self, view: View) -> Notice | None:
        """Say too where the next start would take another package than the one that serves."""
        other = super().standing(view)
        model, here = self._model, self.known.here
        if other is not None or model is None or here is None or model.version is None:
            return other
        declared = here.facts.declared.get(model.id)
        if declared in (None, model.package):
            return None
        told = _("site.yaml names the package {declared} for {alias}.", declared=declared, alias=model.id)
        hint = _("Write {package} there, or the next start takes {declared}.", package=model.package, declared=declared)
        return Notice("warning", told, hint)

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Another version is chosen."""
        self._show_facts()
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter reads on below."""
        event.stop()
        self.query_one("#version-facts").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done now."""
        if action not in ("roll_back", "promote", "split", "drop", "stage", "licence"):
            return super().check_action(action, parameters)
        model = self._model
        if not self.is_mounted or model is None:
            return False
        if action == "licence":
            row = self._row
            return self.source.here and row is not None and row.facts is not None and row.facts.folder is not None
        if not self.may_act():
            return False
        candidate = model.get("candidate")
        if action == "roll_back":
            return model.get("previous") is not None
        if action == "stage":
            return model.get("stable") is not None and candidate is None
        if action == "drop":
            return candidate is not None
        return candidate is not None and candidate.state == "ready"

    def action_back(self) -> None:
        """Go back to the lists."""
        self.dismiss(None)

    def action_roll_back(self) -> None:
        """Let the version before serve."""
        if (model := self._model) is not None:
            self.go_back_with(model)

    def action_promote(self) -> None:
        """Let the candidate serve everybody."""
        if (model := self._model) is not None:
            self.act(models_actions.promote(self.source, model, self.known.here, self.terminal.language))

    def action_drop(self) -> None:
        """Stop the candidate."""
        if (model := self._model) is not None:
            self.act(models_actions.drop(self.source, model, self.terminal.language))

    def action_stage(self) -> None:
        """Ask which version, then start it."""
        self.prepare(self._stage)

    async def _stage(self) -> Task | None:
        model = self._model
        if model is None:
            return None
        stable = model.get("stable")
        found = await self.told_here(lambda work: work.stageable())
        versions = [one for one in found if stable is None or one.label != stable.label]
        if not versions:
            self.tell(_("There is no other version on this machine."), _("Press Esc, then n, to look for packages."))
            return None
        wish = await self.app.push_screen_wait(StageForm(model, versions))
        if wish is None:
            return None
        language = self.terminal.language
        return models_actions.stage(self.source, model.id, wish.name, wish.label, language, replace=wish.replace)

    def action_split(self) -> None:
        """Ask how much, then send it there."""
        self.prepare(self._split)

    async def _split(self) -> Task | None:
        model = self._model
        if model is None:
            return None
        tenants = await self.told_here(lambda work: work.tenants())
        wish = await self.app.push_screen_wait(SplitForm(model, tenants))
        if wish is None:
            return None
        return models_actions.split(self.source, model, wish.percent, wish.tenants, self.terminal.language)

    def action_licence(self) -> None:
        """Show the text of the chosen version's licence."""
        row = self._row
        if row is not None and row.facts is not None and row.facts.folder is not None:
            name = "" if row.facts.card is None else row.facts.card.licence
            self.app.push_screen(LicenceScreen(one_line(row.version.label), row.facts.folder, name))
