"""The dialog that asks which file or folder of this machine is put into a base."""

from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Footer, Input, Static

from appliance.core.messages import Message, _
from appliance.tui import commands, knowledge_keys
from appliance.tui.drawing import MUTED
from appliance.tui.local import in_thread
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.widgets.command_line import CommandLine

_TYPES = ".pdf .docx .xlsx .pptx .html .md .txt .csv .eml"


class PathSought(Event):
    """It is known whether a path is there; `fault` says what is wrong with it."""

    def __init__(self, text: str, fault: Message | None) -> None:
        super().__init__()
        self.text, self.fault = text, fault


class PathLine(Input):
    """The line for a path; Enter takes it."""

    BINDINGS = [knowledge_keys.TAKE.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def action_take(self) -> None:
        """Let the dialog look at it."""
        self.post_message(self.Submitted(self, self.value))


class PathDialog(LocalisedDialog[Path | None]):
    """Gives a path that exists, or None."""

    AUTO_FOCUS = "PathLine"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS = [commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, base: str, before: str = "") -> None:
        super().__init__()
        self._base, self._before = base, before

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel") as box:
            box.border_title = _("Upload into {base}", base=self._base).render(language)
            asked = _("File or folder on this machine, the one that this terminal runs on:")
            yield Static(Content.styled(asked.render(language), MUTED))
            line = PathLine(self._before, classes="written", compact=True, placeholder="~/documents/fees-2027.pdf")
            line.cursor_blink = False
            yield line
            yield Static(classes="missing")
            taken = _("Taken are {types}; of a folder, all files below it.", types=_TYPES)
            yield Static(Content.styled(taken.render(language), MUTED), classes="asked", id="path-hint")
            command = CommandLine()
            yield command
            yield Footer(show_command_palette=False)
        command.show(f"appliance kb add FILE --kb {self._base} --no-wait")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the path if it is there."""
        self._look_for(event.value.strip())

    @work(exclusive=True, group="path")
    async def _look_for(self, text: str) -> None:
        fault = await in_thread(lambda: _fault(text), self.terminal.language)
        self.post_message(PathSought(text, fault))

    def on_path_sought(self, event: PathSought) -> None:
        """Take it, or say what is wrong."""
        if event.fault is None:
            self.dismiss(Path(event.text).expanduser())
            return
        told = event.fault.render(self.terminal.language)
        self.query_one(".missing", Static).update(Content.styled(told, "$text-error"))

    def action_cancel(self) -> None:
        """Take nothing."""
        self.dismiss(None)


def _fault(text: str) -> Message | None:
    """Say what is wrong with a path. It asks the disk: call it in a thread."""
    if not text:
        return _("Write the path of a file or folder.")
    try:
        there = Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # a name that no file can have, a home that nobody has
        there = False
    return None if there else _("There is no such file or folder on this machine.")
