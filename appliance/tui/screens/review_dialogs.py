"""The dialogs of a decision: another text, a reason, and the question whether it is meant."""

from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Footer, Input, Static, TextArea

from appliance.core.messages import Message, _
from appliance.tui import commands
from appliance.tui.drawing import MUTED, editable, one_line
from appliance.tui.reviews_source import Decision, Review, Verb
from appliance.tui.screens.localised import LocalisedDialog, _Result
from appliance.tui.widgets.command_line import CommandLine


@dataclass(frozen=True)
class Draft:
    """What was written, and whether it is to be sent."""

    text: str
    send: bool


class ReviewDialog(LocalisedDialog[_Result]):
    """A box that names the review, with its own keys below."""

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-short")]  # noqa: RUF012 - Textual reads the class attribute
    TITLE_TEXT: ClassVar[Message]
    VERB: ClassVar[Verb]

    def __init__(self, review: Review) -> None:
        super().__init__()
        self.review = review

    def compose(self) -> ComposeResult:
        """Lay out the box."""
        with Vertical(classes="dialog panel") as box:
            box.border_title = self.heading().render(self.language)
            yield Static(_named(self.review, self.language), classes="named")
            yield from self.body()
            line = CommandLine()
            yield line
            yield Footer(show_command_palette=False)
        line.show(command_of(self.verb(), self.review.id))

    def heading(self) -> Message:
        """Return what the box is for."""
        return self.TITLE_TEXT

    def verb(self) -> Verb:
        """Return the decision that it belongs to."""
        return self.VERB

    def body(self) -> ComposeResult:
        """Yield what is this dialog's own."""
        raise NotImplementedError

    @property
    def language(self) -> str:
        """The language of the screen below."""
        return self.terminal.language


class ConfirmScreen(ReviewDialog[bool]):
    """Asks whether a decision is meant: True for yes. Enter does nothing, so that a held key confirms nothing."""

    BINDINGS = [commands.CONFIRM.binding(), commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, review: Review, decision: Decision) -> None:
        super().__init__(review)
        self._decision = decision

    def heading(self) -> Message:
        """Return the name of the decision."""
        return {"approve": commands.APPROVE, "edit": commands.EDIT, "refuse": commands.REFUSE}[self.verb()].label

    def verb(self) -> Verb:
        """Return the decision."""
        return self._decision.verb

    def body(self) -> ComposeResult:
        """Yield the question, and the text that goes with the decision."""
        asked = _question(self.verb(), one_line(self.review.asked_by))
        yield Static(Content.styled(asked.render(self.language), "bold"), classes="asked")
        if self._decision.text:
            yield Static(Content(one_line(self._decision.text)), classes="quoted")

    def action_confirm(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(False)


class _WritingScreen(ReviewDialog[Draft]):
    """Takes a text that must not be empty, and asks for a confirmation before it gives it back."""

    AUTO_FOCUS = ".written"
    EMPTY: ClassVar[Message]
    BINDINGS = [commands.SEND.binding(), commands.CANCEL.binding()]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self, review: Review, text: str) -> None:
        super().__init__(review)
        self._text = text

    def written(self) -> str:
        """Return what stands in the dialog."""
        raise NotImplementedError

    @work(exclusive=True)
    async def action_send(self) -> None:
        """Ask for a confirmation; without a text say that one is needed."""
        text = self.written()
        if not text.strip():
            self.query_one(".missing", Static).update(Content.styled(self.EMPTY.render(self.language), "$text-error"))
            return
        if await self.app.push_screen_wait(ConfirmScreen(self.review, Decision(self.verb(), text.strip()))):
            self.dismiss(Draft(text.strip(), send=True))

    def action_cancel(self) -> None:
        """Send nothing."""
        self.dismiss(Draft(self.written(), send=False))


class EditScreen(_WritingScreen):
    """The answer, to be changed."""

    TITLE_TEXT = _("Edit the answer")
    VERB = "edit"
    EMPTY = _("Write the text that is to be sent.")

    def body(self) -> ComposeResult:
        """Yield the editor."""
        editor = TextArea(editable(self._text), soft_wrap=True, tab_behavior="focus", classes="written")
        editor.cursor_blink = False  # a terminal over ssh is not drawn anew for nothing
        yield editor
        yield Static(classes="missing")

    def written(self) -> str:
        """Return the whole text."""
        return self.query_one(TextArea).text


class RefuseScreen(_WritingScreen):
    """The reason, which the asker is told."""

    TITLE_TEXT = _("Refuse the answer")
    VERB = "refuse"
    EMPTY = _("Write the reason: the asker is told it.")

    def body(self) -> ComposeResult:
        """Yield the field."""
        yield Static(Content.styled(_("Reason, which the asker is told:").render(self.language), MUTED))
        field = Input(self._text, classes="written", compact=True)
        field.cursor_blink = False
        yield field
        yield Static(classes="missing")

    def written(self) -> str:
        """Return the reason."""
        return self.query_one(Input).value

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Enter is as good as the key for it."""
        self.action_send()


def command_of(verb: Verb, review_id: str) -> str:
    """Return the command that takes the same decision."""
    options = {"approve": "", "edit": " --file FILE", "refuse": " --reason TEXT"}
    return f"appliance review {verb} {one_line(review_id)}{options[verb]}"


def _named(review: Review, language: str) -> Content:
    """Return the lines that name the review."""
    parts = " · ".join(one_line(part) for part in (review.tenant, review.target))
    return Content.assemble((f"{_('Review').render(language)} ", MUTED), (one_line(review.id), "bold"), f"\n{parts}")


def _question(verb: Verb, who: str) -> Message:
    return {
        "approve": _("Send the answer to {who} as it is?", who=who),
        "edit": _("Send your text to {who} in place of the answer?", who=who),
        "refuse": _("Withhold the answer from {who} and give your reason?", who=who),
    }[verb]
