"""A new key, shown once."""

import asyncio
import os
import re
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Footer, Static

from appliance.core.errors import ApplianceError, InvalidRequest
from appliance.core.messages import _
from appliance.tui import governance_keys as keys
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.governance_source import KeyMade
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.view import Notice
from appliance.tui.widgets.notice_line import NoticeLine


class Written(Event):
    """The key was written into a file, or was not."""

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self.notice = notice


class SecretScreen(LocalisedDialog[None]):
    """Shows a key until it is said to be kept; Enter does nothing, so that no held key closes it."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS: ClassVar[list[BindingType]] = [keys.WRITE.binding(), keys.KEPT.binding()]

    def __init__(self, made: KeyMade) -> None:
        super().__init__()
        self._made = made

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel") as box:
            box.border_title = _("The new key {name}", name=one_line(self._made.name)).render(language)
            yield Static(Content.styled(self._made.key, "bold"), id="secret")
            warned = _("This is the only time that it is shown. Copy it now: hold Shift and select it with the mouse.")
            yield Static(Content.styled(f"▲ {warned.render(language)}", "$text-warning"), classes="asked")
            named = _("Its id, which is no secret, is {id}.", id=self._made.id)
            yield Static(Content.styled(named.render(language), MUTED), classes="named")
            yield NoticeLine()
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """There is nothing to tell yet."""
        self.query_one(NoticeLine).show(None, self.terminal.language)

    def action_kept(self) -> None:
        """Close it."""
        self.dismiss(None)

    @work(exclusive=True, group="file")
    async def action_write(self) -> None:
        """Write the key into a file in the folder in which the terminal was started."""
        file = Path.cwd() / f"{_file_name(self._made.name)}.key"
        try:
            await asyncio.to_thread(write_key, file, self._made.key)
        except ApplianceError as error:
            self.post_message(Written(Notice.of(error)))
        else:
            done = _("It was written to {file}, which only you can read.", file=file)
            self.post_message(Written(Notice("done", done)))

    def on_written(self, event: Written) -> None:
        """Tell it."""
        self.query_one(NoticeLine).show(event.notice, self.terminal.language)


def write_key(file: Path, key: str) -> None:
    """Write a key into a new file of mode 0600: call it in a thread.

    Raises `InvalidRequest` where there is one, or it cannot be.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(f"{key}\n")
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be written: {reason}.", path=file, reason=error.strerror or str(error)),
            _("Copy the key from the screen instead."),
        ) from error


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "new"
