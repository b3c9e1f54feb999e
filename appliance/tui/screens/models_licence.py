"""The text of a licence, as it lies in the package."""

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event

from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.tui import commands
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.screens.models_base import ModelsBase
from appliance.tui.screens.models_doing import word
from appliance.tui.view import Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.text_panel import TextPanel


class TextRead(Event):
    """The text came, or why not."""

    def __init__(self, text: str, notice: Notice | None = None) -> None:
        super().__init__()
        self.text, self.notice = text, notice


class LicenceScreen(ModelsBase[None]):
    """Reads the licence once."""

    AUTO_FOCUS = "#licence"
    READS = False
    BINDINGS = [commands.BACK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, title: str, folder: Path, licence: str) -> None:
        super().__init__()
        self._title, self._folder, self._licence = title, folder, licence
        self._text: str | None = None

    def body(self) -> ComposeResult:
        """Yield the text."""
        yield NoticeLine()
        yield TextPanel(id="licence", classes="panel")
        yield CommandLine()

    def standing(self, _view: View) -> Notice | None:
        """Nothing is changed here."""
        return None

    def show(self, view: View) -> None:
        """Draw the text, or that there is none."""
        super().show(view)
        language, text = view.language, self._text
        title = _("Licence of {title}: {name}", title=self._title, name=one_line(self._licence) or "–")
        panel = self.query_one("#licence", TextPanel)
        if text:
            panel.show(title.render(language), visible(text))
        else:
            missing = _("Reading …")
            if text is not None:
                missing = _(
                    "The package holds no text of its licence, only its name: {name}. Names are those of "
                    "spdx.org/licenses.",
                    name=one_line(self._licence) or "–",
                )
            panel.show(title.render(language), missing.render(language), MUTED)
        self.query_one(CommandLine).show(f"cat {word(str(self._folder))}/LICEN*")

    def on_mount(self) -> None:
        """Read it."""
        self._read()

    @work(exclusive=True, group="licence")
    async def _read(self) -> None:
        try:
            text = await self.told_here(lambda work: work.licence(self._folder, self._licence))
        except ApplianceError as error:
            self.post_message(TextRead("", Notice.of(error)))
        else:
            self.post_message(TextRead(text))

    def on_text_read(self, event: TextRead) -> None:
        """Show it."""
        self._text, self.notice = event.text, event.notice
        self.show(self.terminal.view)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)
