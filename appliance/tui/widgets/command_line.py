"""The command that does on a command line what the screen does."""

from textual.content import Content
from textual.widgets import Static

from appliance.tui.drawing import FAINT, MUTED


class CommandLine(Static):
    """One line that can be copied."""

    def show(self, command: str) -> None:
        """Draw `command`."""
        text = Content.assemble(("$ ", FAINT), (command, MUTED))
        if not (isinstance(self.content, Content) and self.content.is_same(text)):
            self.update(text)
