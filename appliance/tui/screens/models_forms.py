"""The small forms: which version to stage and how, how to split, which folder to look in, how to install."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.tui.drawing import one_line
from appliance.tui.models_source import ServedModel
from appliance.tui.screens.models_actions import split_command
from appliance.tui.screens.models_doing import word
from appliance.tui.screens.models_form import ModelsForm
from appliance.tui.screens.models_package_actions import install_command, title_of
from appliance.tui.wizard.fields import Choice, Field
from appliance.tui.written import whole_number, written_path

if TYPE_CHECKING:
    from appliance.operations.model_facts import Stageable
    from appliance.operations.setup.finding import FoundPackage

_PERCENT_MOST = 100


@dataclass(frozen=True)
class StageWish:
    """What is to be staged."""

    name: str
    label: str
    replace: bool


@dataclass(frozen=True)
class SplitWish:
    """Who is to be sent to the candidate."""

    percent: int
    tenants: tuple[str, ...]


class StageForm(ModelsForm[StageWish | None]):
    """Which version, and whether beside what serves or in its place."""

    TITLE_TEXT = _("Start another version")

    def __init__(self, model: ServedModel, versions: Sequence["Stageable"]) -> None:
        super().__init__()
        self._model = model
        self._versions = {one.name: one for one in versions}

    def body(self) -> ComposeResult:
        """Yield both choices."""
        named = _("{version} serves {alias} now.", version=one_line(self._model.label), alias=one_line(self._model.id))
        yield self.explained(named)
        yield self.heading(_("Version"))
        rows = [(one.name, self._title(one), self._about(one)) for one in self._versions.values()]
        yield Choice("version", rows, rows[0][0], self.language)
        yield self.heading(_("How"))
        ways = (
            (
                "beside",
                _("Beside what serves"),
                _("No pause; nobody is sent to it yet. Needs memory for both."),
            ),
            (
                "replace",
                _("In its place"),
                _("Needs no more memory; callers wait until it has started."),
            ),
        )
        yield Choice("way", ways, "beside", self.language)

    def _title(self, one: "Stageable") -> Message:
        return Message("{label}", (("label", one_line(one.label)),))

    def _about(self, one: "Stageable") -> Message:
        return _(
            "{title}, {size} of weights, licence {licence}",
            title=one_line(one.card.title), size=human_bytes(one.card.weights_bytes),
            licence=one_line(one.card.licence),
        )  # fmt: skip

    def collect(self) -> StageWish | Message:
        """Return what is chosen."""
        chosen = self._versions[self.query_one("#choice-version", Choice).chosen]
        replace = self.query_one("#choice-way", Choice).chosen == "replace"
        return StageWish(chosen.name, one_line(chosen.label), replace)

    def command(self) -> str:
        """Return the command for what is chosen."""
        found = self.collect()
        assert isinstance(found, StageWish)
        replace = " --replace" if found.replace else ""
        return f"appliance model stage {word(self._model.id)} {word(found.name)}{replace}"


class SplitForm(ModelsForm[SplitWish | None]):
    """How much of all requests, and all of which tenants."""

    TITLE_TEXT = _("A/B split")

    def __init__(self, model: ServedModel, tenants: Sequence[str]) -> None:
        super().__init__()
        self._model = model
        self._tenants = tenants

    def body(self) -> ComposeResult:
        """Yield both fields."""
        candidate = self._model.get("candidate")
        assert candidate is not None, "the key is there only where a candidate is"
        yield self.explained(
            _(
                "{now} serves {alias}; {version} is tried out beside it.",
                now=one_line(self._model.label), alias=one_line(self._model.id), version=one_line(candidate.label),
            )
        )  # fmt: skip
        yield Field(
            "percent", _("Percent of all requests, 0 to 100"), str(candidate.share), self.language,
            hint=_("The same request always goes to the same version."),
        )  # fmt: skip
        known = _(
            "All their requests go to the candidate. There are: {tenants}", tenants=one_line(", ".join(self._tenants))
        )
        yield Field(
            "tenants", _("Tenants, divided by commas; none is fine"), ", ".join(candidate.tenants), self.language,
            hint=known,
        )  # fmt: skip

    def _written(self) -> tuple[str, tuple[str, ...]]:
        percent = self.query_one("#field-percent", Field).value.removesuffix("%").strip()
        tenants = self.query_one("#field-tenants", Field).value.replace("，", ",").split(",")
        return percent, tuple(dict.fromkeys(name.strip() for name in tenants if name.strip()))

    def collect(self) -> SplitWish | Message:
        """Return what is written, or what is wrong with it."""
        percent, tenants = self._written()
        share = whole_number(percent, 0, _PERCENT_MOST)
        if share is None:
            return _("Write a whole number from 0 to 100.")
        unknown = [name for name in tenants if name not in self._tenants]
        if unknown:
            return _("There is no tenant {name}.", name=one_line(unknown[0]))
        return SplitWish(share, tenants)

    def command(self) -> str:
        """Return the command for what is written."""
        percent, tenants = self._written()
        return split_command(self._model.id, word(percent or "PERCENT"), tenants)


class FolderForm(ModelsForm[Path | None]):
    """A folder, or one file."""

    TITLE_TEXT = _("Look in a folder")

    def __init__(self, folder: Path | None) -> None:
        super().__init__()
        self._folder = folder

    def body(self) -> ComposeResult:
        """Yield the field."""
        value = "" if self._folder is None else str(self._folder)
        hint = _("Packages end in .lmab or .lmabs; three levels of folders are looked through.")
        yield Field("folder", _("Folder on the appliance's machine, or one file"), value, self.language, hint=hint)

    def collect(self) -> Path | Message:
        """Return the path; whether it is there is seen when it is looked in."""
        written = self.query_one("#field-folder", Field).value
        if not written:
            return _("Write the path of a folder.")
        try:
            return written_path(written)
        except InvalidRequest as error:
            return error.message

    def command(self) -> str:
        """Return the command that looks into one file."""
        written = self.query_one("#field-folder", Field).value
        return f"appliance package inspect {word(written) if written else 'FILE'}"


class InstallForm(ModelsForm[str | None]):
    """Whether a release of a model that is served goes live at once; `live` or `stage`."""

    TITLE_TEXT = _("Install a model that is served")

    def __init__(self, found: "FoundPackage", users: Sequence[str]) -> None:
        super().__init__()
        self._found = found
        self._users = one_line(", ".join(users))

    def body(self) -> ComposeResult:
        """Yield the choice."""
        title = title_of(self._found, self.language)
        yield self.explained(_("{title} serves {aliases}.", title=title, aliases=self._users))
        ways = (
            (
                "live",
                _("Let it serve"),
                _("Started beside what serves and tested; where it is worse, nothing changes."),
            ),
            (
                "stage",
                _("As a candidate only"),
                _("Started beside what serves; you split or promote it later."),
            ),
        )
        yield Choice("way", ways, "live", self.language)

    def collect(self) -> str | Message:
        """Return the way."""
        return self.query_one("#choice-way", Choice).chosen

    def command(self) -> str:
        """Return the command for what is chosen."""
        return install_command(self._found.file, stage_only=self.collect() == "stage")
