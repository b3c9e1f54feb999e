"""A form in a box: fields below each other, one explained at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus, Key
from textual.widgets import Footer, Input, Static

from appliance.core.errors import ApplianceError
from appliance.core.messages import Message
from appliance.tui import governance_keys as keys
from appliance.tui.drawing import MUTED, fit, one_line
from appliance.tui.screens.localised import LocalisedDialog
from appliance.tui.widgets.command_line import CommandLine

_LABEL_CELLS = 18


@dataclass(frozen=True)
class FormField:
    """One field. With `options` (value, word) one of them is taken, else a line is written."""

    name: str
    label: Message
    hint: Message
    value: str = ""
    options: Sequence[tuple[str, Message]] = ()


@dataclass(frozen=True)
class Form:
    """Fields under a title. `command` shows the command for what is written; `check` raises for what cannot be."""

    title: Message
    fields: Sequence[FormField]
    command: Callable[[Mapping[str, str]], str]
    check: Callable[[Mapping[str, str]], None] = lambda _values: None


@dataclass(frozen=True)
class Filled:
    """What was written, and whether to go on with it."""

    values: Mapping[str, str]
    go_on: bool


class ChoiceLine(Static, can_focus=True):
    """One of several in one line: ← and → take another, a letter the next that begins with it."""

    BINDINGS: ClassVar[list[BindingType]] = [keys.CHOICE_NEXT.binding(), keys.CHOICE_PREVIOUS.binding()]

    def __init__(self, field: FormField, language: str) -> None:
        super().__init__(classes="choice-line")
        self._options, self._language = tuple(field.options), language
        values = [value for value, _word in self._options]
        self._at = values.index(field.value) if field.value in values else 0

    @property
    def value(self) -> str:
        """The value that is taken."""
        return self._options[self._at][0]

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def action_another(self, step: int) -> None:
        """Take the value that is so many further."""
        self._at = (self._at + step) % len(self._options)
        self._draw()

    def on_key(self, event: Key) -> None:
        """Take the next value that begins with a letter."""
        letter = event.character
        if not letter or not letter.isalnum():
            return
        event.stop()
        count = len(self._options)
        for at in (*range(self._at + 1, count), *range(self._at + 1)):
            if self._options[at][0].startswith(letter.lower()):
                self._at = at
                self._draw()
                return

    def _draw(self) -> None:
        value, word = self._options[self._at]
        explained = word.render(self._language)
        parts: list[tuple[str, str]] = [("‹ ", MUTED), (one_line(value), "bold"), (" ›", MUTED)]
        if explained and explained != value:
            parts.append((f"  {one_line(explained)}", MUTED))
        self.update(Content.assemble(*parts))
        screen = self.screen
        if isinstance(screen, FormDialog):
            screen.written()


class FormDialog(LocalisedDialog[Filled]):
    """Gives back what was written; what cannot be is said in the box, which stays."""

    AUTO_FOCUS = "FormLine Input, FormLine ChoiceLine"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    BINDINGS: ClassVar[list[BindingType]] = [
        command.binding() for command in (keys.TAKE, keys.LEAVE, keys.FIELD_NEXT, keys.FIELD_PREVIOUS)
    ]

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        language = self.terminal.language
        with Vertical(classes="dialog panel form") as box:
            box.border_title = self._form.title.render(language)
            with FieldList(classes="form-fields", can_focus=False):
                for field in self._form.fields:
                    yield FormLine(field, language)
            yield Static(classes="form-hint")
            yield Static(classes="missing")
            yield CommandLine()
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Show the command."""
        self.written()

    @property
    def values(self) -> dict[str, str]:
        """What is written in each field."""
        return {line.field.name: line.value for line in self.query(FormLine)}

    def written(self) -> None:
        """Show the command for what is written now."""
        if self.is_mounted and (lines := self.query(CommandLine)):
            lines.first().show(one_line(self._form.command(self.values)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Follow what is typed."""
        event.stop()
        self.written()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, on the last one it goes on."""
        event.stop()
        lines = list(self.query(FormLine))
        if lines and lines[-1].has_focus_within:
            self.action_send()
        else:
            self.app.action_focus_next()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Explain the field."""
        line = next((one for one in event.widget.ancestors_with_self if isinstance(one, FormLine)), None)
        if line is not None:
            hint = Content.styled(line.field.hint.render(self.terminal.language), MUTED)
            self.query_one(".form-hint", Static).update(hint)

    def action_send(self) -> None:
        """Go on, or say what cannot be."""
        values = self.values
        try:
            self._form.check(values)
        except ApplianceError as error:
            language = self.terminal.language
            told = " ".join(part.render(language) for part in (error.message, error.hint) if part is not None)
            self.query_one(".missing", Static).update(Content.styled(f"✖ {told}", "$text-error"))
            return
        self.dismiss(Filled(values, go_on=True))

    def action_cancel(self) -> None:
        """Go back; what was written is offered again."""
        self.dismiss(Filled(self.values, go_on=False))


class FieldList(VerticalScroll, inherit_bindings=False):
    """The fields; ↑ and ↓ go from field to field, and what has the focus is scrolled to."""


class FormLine(Horizontal):
    """A label and where to write."""

    def __init__(self, field: FormField, language: str) -> None:
        super().__init__(classes="form-line")
        self.field, self._language = field, language

    def compose(self) -> ComposeResult:
        """Lay out label and line."""
        yield Static(Content(fit(self.field.label.render(self._language), _LABEL_CELLS)), classes="form-label")
        if self.field.options:
            yield ChoiceLine(self.field, self._language)
            return
        line = Input(self.field.value, compact=True)
        line.cursor_blink = False  # a terminal over ssh is not drawn anew for nothing
        yield line

    @property
    def value(self) -> str:
        """What is written or taken."""
        if self.field.options:
            return self.query_one(ChoiceLine).value
        return self.query_one(Input).value.strip()
