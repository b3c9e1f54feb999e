"""Keys: each has a stable id, a label for the footer and a sentence for the help and the tooltip."""

from dataclasses import dataclass

from textual.binding import Binding

from appliance.core.messages import Message, _


@dataclass(frozen=True)
class Command:
    """One key and what it does; `action` is Textual's name of the method."""

    id: str
    key: str
    action: str
    label: Message
    tip: Message
    display: str | None = None
    show: bool = True

    def binding(self) -> Binding:
        """Return Textual's form; texts are put into the reader's language by `LocalisedScreen`."""
        return Binding(
            self.key,
            self.action,
            self.label.template,
            id=self.id,
            tooltip=self.tip.template,
            key_display=self.display,
            show=self.show,
        )


QUIT = Command("app.quit", "q", "app.quit", _("Quit"), _("Leave the terminal; the appliance keeps running."))
HELP = Command("app.help", "question_mark", "app.help", _("Help"), _("Show every key of this screen."), "?")
LANGUAGE = Command(
    "app.language", "l", "app.language", _("中文/English"), _("Switch between English and Chinese at once.")
)
REFRESH = Command("app.refresh", "r", "app.refresh_now", _("Refresh"), _("Read the appliance now, without waiting."))
PALETTE = Command("app.palette", "colon", "app.command_palette", _("Commands"), _("Find a command by its name."), ":")
NEXT_PANEL = Command(
    "app.next", "tab", "app.focus_next", _("Next panel"), _("Move to the next panel."), "Tab", show=False
)
UP = Command("list.up", "up", "cursor_up", _("Up"), _("Choose the row above."), "↑", show=False)
DOWN = Command("list.down", "down", "cursor_down", _("Down"), _("Choose the row below."), "↓", show=False)
CLOSE = Command("help.close", "escape", "dismiss", _("Close"), _("Go back to the screen."), "Esc")

COMMANDS = {
    command.id: command
    for command in (QUIT, HELP, LANGUAGE, REFRESH, PALETTE, NEXT_PANEL, UP, DOWN, CLOSE)
}  # fmt: skip
