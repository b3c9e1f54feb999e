"""A longer text in a frame, scrolled with the keys."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from appliance.tui import commands
from appliance.tui.widgets.lines import Lines


class TextPanel(VerticalScroll):
    """Shows foreign text as it is given: no markup is read in it."""

    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding()
        for command in (commands.SCROLL_UP, commands.SCROLL_DOWN, commands.PAGE_UP, commands.PAGE_DOWN)
    ]

    def compose(self) -> ComposeResult:
        """One text."""
        yield Lines()

    def show(self, title: str, text: str, style: str = "") -> None:
        """Draw `text`, whose control characters the caller has made visible."""
        self.border_title = title
        self.query_one(Lines).say(Content.styled(text, style) if style else Content(text))
