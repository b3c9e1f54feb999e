"""What the forms of models and packages share: fields, the command for what they say, and how one goes on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, OptionList, Static

from appliance.core.messages import Message
from appliance.tui import commands
from appliance.tui.drawing import MUTED
from appliance.tui.screens.localised import LocalisedDialog, _Result
from appliance.tui.widgets.command_line import CommandLine


class ModelsForm(LocalisedDialog[_Result]):
    """A box with fields. Ctrl+S goes on to the question, Esc back; nothing is changed here."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    AUTO_FOCUS = ".choice, .field Input"
    TITLE_TEXT: ClassVar[Message]
    BINDINGS = [commands.SEND.binding(), commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with Vertical(classes="dialog panel") as box:
            box.border_title = self.TITLE_TEXT.render(self.language)
            with VerticalScroll(classes="form"):
                yield from self.body()
            yield Static(classes="missing")
            yield CommandLine()
            yield Footer(show_command_palette=False)

    def body(self) -> ComposeResult:
        """Yield what is this form's own."""
        raise NotImplementedError

    def collect(self) -> _Result | Message:
        """Return what is asked for, or what is wrong with it."""
        raise NotImplementedError

    def command(self) -> str:
        """Return the command for what the form says now."""
        raise NotImplementedError

    @property
    def language(self) -> str:
        """The language of the screen below."""
        return self.terminal.language

    def on_mount(self) -> None:
        """Show the command."""
        self.redraw()

    def redraw(self) -> None:
        """Show the command for what is chosen now."""
        self.query_one(CommandLine).show(self.command())

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Another one is chosen."""
        self.redraw()

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter goes to the next field; in the last one it goes on."""
        self._next()

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Something is written."""
        self.redraw()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter goes to the next field; in the last one it goes on."""
        self._next()

    def _next(self) -> None:
        fields = [one for one in self.query(".choice, .field Input") if one.focusable]
        if self.focused is fields[-1]:
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """Go on, unless something is wrong."""
        found = self.collect()
        if isinstance(found, Message):
            self.query_one(".missing", Static).update(Content.styled(f"✖ {found.render(self.language)}", "$text-error"))
        else:
            self.dismiss(found)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def heading(self, text: Message) -> Static:
        """Return a line above a choice."""
        return Static(Content.styled(text.render(self.language), "bold"))

    def explained(self, text: Message) -> Static:
        """Return a muted line."""
        return Static(Content.styled(text.render(self.language), MUTED), classes="explained")
