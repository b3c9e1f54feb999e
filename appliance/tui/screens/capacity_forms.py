"""Small forms: lines to write into, checked before anything is asked or done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, Static

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import MUTED
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.widgets.command_line import CommandLine

Values = Mapping[str, str]


@dataclass(frozen=True)
class FormField:
    """One line to write into."""

    name: str
    label: Message
    value: str = ""


@dataclass(frozen=True)
class Form:
    """What is asked. `check` says what is wrong, or nothing; `command` does the same on a command line."""

    title: Message
    told: Message
    fields: Sequence[FormField]
    check: Callable[[Values], Message | None]
    command: Callable[[Values], str]


class CapacityForm(LocalisedDialog[Values | None]):
    """Shows a form; what was written where it is gone on with, None where it is left."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    AUTO_FOCUS = "Input"
    BINDINGS = [commands.SEND.binding(), commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel") as box:
            box.border_title = self._form.title.render(language)
            with VerticalScroll(classes="form"):
                yield Static(Content.styled(self._form.told.render(language), MUTED), classes="named")
                for field in self._form.fields:
                    yield Static(Content.styled(field.label.render(language), "bold"))
                    line = Input(field.value, id=f"field-{field.name}", compact=True, classes="written")
                    line.cursor_blink = False  # a terminal over ssh is not drawn anew for nothing
                    yield line
            yield Static(classes="missing")
            yield CommandLine()
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Show the command."""
        self._show_command()

    def _values(self) -> dict[str, str]:
        return {field.name: self.query_one(f"#field-{field.name}", Input).value.strip() for field in self._form.fields}

    def _show_command(self) -> None:
        self.query_one(CommandLine).show(self._form.command(self._values()))

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Show the command for what is written."""
        self._show_command()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter is as good as the key for it."""
        self.action_send()

    def action_send(self) -> None:
        """Go on, unless something is wrong."""
        values = self._values()
        wrong = self._form.check(values)
        if wrong is None:
            self.dismiss(values)
            return
        told = Content.styled(wrong.render(self.terminal.language), "$text-error")
        self.query_one(".missing", Static).update(told)

    def action_cancel(self) -> None:
        """Leave it."""
        self.dismiss(None)


def whole_number(text: str) -> int | None:
    """Return the number that is written, None for nothing. Raises `ValueError`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ValueError(text)
    return int(text)


def not_a_number(text: str) -> Message:
    """Say that a number is needed."""
    return _("{text} is not a whole number.", text=text[:40])
