"""Packages that are not installed yet: on USB sticks, or in a folder that one names."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event
from textual.widgets import OptionList

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.tui import commands, figures, models_keys
from appliance.tui.acting import Task
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.screens import models_package_actions
from appliance.tui.screens.models_base import Acted, FactsPanel, ModelsBase
from appliance.tui.screens.models_cells import KINDS
from appliance.tui.screens.models_doing import word
from appliance.tui.screens.models_forms import FolderForm, InstallForm
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.listing import Column, Listing
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.words import StateMark

if TYPE_CHECKING:
    from appliance.operations.setup.finding import FoundPackage

_READY = StateMark("●", _("fits"), "$text-success")
_SEVERAL = StateMark("◆", _("several"), MUTED)
_UNTRUSTED = StateMark("▲", _("key unknown"), "$text-warning")
_FAULTY = StateMark("✖", _("not possible"), "$text-error")


def _mark(found: "FoundPackage") -> StateMark:
    if found.fault is not None:
        return _FAULTY
    if found.manifest is None:
        return _SEVERAL
    return _READY if found.key_file is None else _UNTRUSTED


def _name(found: "FoundPackage") -> str:
    return one_line(found.file.name if found.manifest is None else found.manifest.name)


def _kind(found: "FoundPackage", language: str) -> str:
    return figures.UNKNOWN if found.manifest is None else KINDS[found.manifest.kind].render(language)


def _release(found: "FoundPackage") -> str:
    manifest = found.manifest
    return figures.UNKNOWN if manifest is None else one_line(f"{manifest.version} ({manifest.release_counter})")


_COLUMNS = (
    Column["FoundPackage"](
        _("State"),
        14,
        lambda f, language: f"{_mark(f).shape} {_mark(f).word.render(language)}",
        style=lambda f: _mark(f).style,
    ),
    Column["FoundPackage"](_("Kind"), 8, _kind),
    Column["FoundPackage"](_("Name"), 16, lambda f, _l: _name(f), style=lambda _f: "bold", grows=True),
    Column["FoundPackage"](_("Release"), 12, lambda f, _l: _release(f), grows=True),
    Column["FoundPackage"](_("Size"), 10, lambda f, _l: human_bytes(f.size), align="right"),
    Column["FoundPackage"](_("Signed by"), 16, lambda f, _l: f.signed_by or figures.UNKNOWN, rank=1),
    Column["FoundPackage"](_("Folder"), 16, lambda f, _l: one_line(str(f.file.parent)), rank=2, grows=True),
)


class Found(Event):
    """It was looked for packages; or why that was not possible."""

    def __init__(self, found: "tuple[FoundPackage, ...]", notice: Notice | None = None) -> None:
        super().__init__()
        self.found, self.notice = found, notice


class AvailableScreen(ModelsBase[None]):
    """What was found, and above all whether it can be installed here; nothing is changed by looking."""

    AUTO_FOCUS = "#available RowList"
    READS = False
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (
            models_keys.INSTALL, models_keys.TRUST, models_keys.FOLDER, commands.BACK, commands.NEXT_PANEL,
        )
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        self._found: tuple[FoundPackage, ...] | None = None

    def body(self) -> ComposeResult:
        """Yield list and facts."""
        yield NoticeLine()
        yield Listing["FoundPackage"](id="available")
        yield FactsPanel(id="available-facts", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw what was found."""
        super().show(view)
        language = view.language
        listing = self.query_one("#available", Listing)
        title = _("Packages on USB sticks")
        if self._folder is not None:
            title = _("Packages in {folder}", folder=one_line(str(self._folder)))
        listing.border_title = title.render(language)
        nothing = _("Looking for packages …")
        if self._found is not None:
            nothing = _("No package here. Plug a stick in and press r, or press f to name a folder.")
        listing.show({str(one.file): one for one in self._found or ()}, _COLUMNS, nothing, language)
        self._show_chosen()

    def _show_chosen(self) -> None:
        one, panel, language = self._chosen, self.query_one("#available-facts", FactsPanel), self.terminal.language
        panel.display = one is not None
        command = "appliance package inspect FILE"
        if one is not None:
            panel.facts(_name(one), _facts(one, language), language)
            command = f"appliance package inspect {word(str(one.file))}"
            if one.key_file is not None:
                command = f"appliance package trust {word(str(one.key_file))}"
            elif one.fault is None:
                command = models_package_actions.install_command(one.file, stage_only=False)
        self.query_one(CommandLine).show(command)
        self.refresh_bindings()

    @property
    def _chosen(self) -> "FoundPackage | None":
        key = self.query_one("#available", Listing).chosen
        return next((one for one in self._found or () if str(one.file) == key), None)

    def on_mount(self) -> None:
        """Look at once."""
        self._look()

    def reload(self) -> None:
        """Look again."""
        super().reload()
        self._look()

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        folder = self._folder
        try:
            found = await self.told_here(lambda work: work.find(folder))
        except ApplianceError as error:
            self.post_message(Found((), Notice.of(error)))
        else:
            self.post_message(Found(tuple(found)))

    def on_found(self, event: Found) -> None:
        """Show what was found."""
        self._found = event.found
        self.notice = event.notice or self.notice
        self.show(self.terminal.view)

    def on_acted(self, _event: Acted) -> None:
        """Look again: trust may have changed what can be installed."""
        self._look()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Another one is chosen."""
        self._show_chosen()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter reads on below."""
        event.stop()
        self.query_one("#available-facts").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done to the chosen one."""
        if action not in ("install", "trust"):
            return super().check_action(action, parameters)
        one = self._chosen if self.is_mounted else None
        if one is None or not self.may_act():
            return False
        if action == "trust":
            return one.key_file is not None
        return one.fault is None and one.key_file is None

    def action_back(self) -> None:
        """Go back to the lists."""
        self.dismiss(None)

    @work(exclusive=True, group="folder")
    async def action_folder(self) -> None:
        """Ask for a folder, and look there."""
        folder = await self.app.push_screen_wait(FolderForm(self._folder))
        if folder is not None:
            self._folder, self._found, self.notice = folder, None, None
            self.show(self.terminal.view)
            self._look()

    def action_trust(self) -> None:
        """Show the key, then ask."""
        self.prepare(self._trust)

    async def _trust(self) -> Task | None:
        one = self._chosen
        if one is None or one.key_file is None:
            return None
        file = one.key_file
        key = await self.told_here(lambda work: work.key(file))
        return models_package_actions.trust(self.source, file, key, self.terminal.language)

    def action_install(self) -> None:
        """Ask how, then install."""
        self.prepare(self._install)

    async def _install(self) -> Task | None:
        one = self._chosen
        if one is None:
            return None
        users: tuple[str, ...] = ()
        manifest = one.manifest
        if manifest is not None and manifest.kind == "model":
            users = await self.told_here(lambda work: work.users_of(manifest.name))
        way: str | None = "live"
        if users:
            way = await self.app.push_screen_wait(InstallForm(one, users))
        if way is None:
            return None
        return models_package_actions.install(
            self.source, one, users, self.terminal.language, stage_only=way == "stage"
        )


def _facts(found: "FoundPackage", language: str) -> list[tuple[Message, str]]:
    manifest = found.manifest
    rows: list[tuple[Message, str]] = []
    if found.fault is not None:
        rows.append((_("Cannot be installed"), f"✖ {one_line(found.fault.render(language))}"))
    elif found.key_file is not None:
        told = _("▲ signed with {key}, which is not trusted yet; its key lies beside it", key=found.signed_by)
        rows.append((_("Before it can be installed"), told.render(language)))
    elif manifest is None:
        told = _("◆ a file of several packages; each is checked when it is installed")
        rows.append((_("Package"), told.render(language)))
    rows.append((_("File"), one_line(str(found.file))))
    if manifest is None:
        return rows
    expires = _("no limit").render(language) if manifest.expires is None else manifest.expires.date().isoformat()
    files = f"{len(manifest.files)}, {human_bytes(manifest.total_unpacked)}"
    return [
        *rows,
        (_("Package"), one_line(f"{KINDS[manifest.kind].render(language)} {manifest.name} {manifest.version}")),
        (_("Release"), str(manifest.release_counter)),
        (_("Files, unpacked"), files),
        (_("Licence"), one_line(manifest.licence)),
        (_("Source"), one_line(manifest.source)),
        (_("Signed by"), found.signed_by or figures.UNKNOWN),
        (_("Made"), manifest.created.date().isoformat()),
        (_("To be installed before"), expires),
    ]
