"""Fields and choices of pages."""

from collections.abc import Sequence

from pydantic import SecretStr
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as Event
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from appliance.core.messages import Message
from appliance.tui import commands
from appliance.tui.drawing import MUTED


class Field(Vertical):
    """A label and a line to write into."""

    def __init__(
        self, name: str, label: Message, value: str, language: str, *, hint: Message | None = None, secret: bool = False
    ) -> None:
        super().__init__(id=f"field-{name}", classes="field")
        self.key, self.secret = name, secret
        self._label, self._hint, self._language = label, hint, language
        self._value = SecretStr(value)

    def compose(self) -> ComposeResult:
        """Lay out label, line and hint."""
        yield Static(Content.styled(self._label.render(self._language), "bold"))
        line = Input(self._value.get_secret_value(), password=self.secret, compact=True)
        line.cursor_blink = False  # a terminal over ssh is not drawn anew for nothing
        yield line
        if self._hint is not None:
            yield Static(Content.styled(self._hint.render(self._language), MUTED), classes="hint")

    @property
    def value(self) -> str:
        """What is written."""
        return self.query_one(Input).value.strip()


class Choice(OptionList):
    """One of several; the chosen one is the highlighted one, Enter goes on."""

    def __init__(
        self, name: str, options: Sequence[tuple[str, Message, Message | None]], chosen: str, language: str
    ) -> None:
        """Take (key, title, explanation) of each."""
        super().__init__(
            *(Option(_told(title, explained, language), id=key) for key, title, explained in options),
            id=f"choice-{name}",
            classes="choice",
        )
        self.key = name
        self._keys = [key for key, _title, _explained in options]
        self._first = self._keys.index(chosen)

    def on_mount(self) -> None:
        """Stand on the one that was chosen."""
        self.highlighted = self._first

    @property
    def chosen(self) -> str:
        """The key of the chosen one."""
        option = self.highlighted_option
        assert option is not None
        assert option.id is not None
        return option.id

    def choose(self, key: str) -> None:
        """Stand on another one."""
        self.highlighted = self._keys.index(key)


def _told(title: Message, explained: Message | None, language: str) -> Content:
    if explained is None:
        return Content(title.render(language))
    return Content.assemble((title.render(language), "bold"), "\n", (f"  {explained.render(language)}", MUTED))


class Picks(OptionList):
    """Several of many; the space bar or Enter takes one or leaves it. What is taken is a shape, not a colour alone."""

    BINDINGS = [commands.PICK.binding()]  # noqa: RUF012 - Textual reads the class attribute

    class Changed(Event):
        """One was taken, or left."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="picks")
        self._given: list[tuple[Content, bool]] = []
        self._picked: set[int] = set()

    @property
    def picked(self) -> tuple[int, ...]:
        """The places of those that are taken."""
        return tuple(sorted(self._picked))

    def fill(self, lines: Sequence[tuple[Content, bool]], picked: Sequence[int]) -> None:
        """Show lines, each with whether it can be taken."""
        self._given, self._picked = list(lines), {place for place in picked if lines[place][1]}
        self.clear_options()
        self.add_options([Option(self._prompt(place), id=str(place)) for place in range(len(lines))])
        if lines:
            self.highlighted = 0

    def toggle(self, place: int) -> None:
        """Take one, or leave it."""
        if self._given[place][1]:
            self._picked ^= {place}
            self.replace_option_prompt_at_index(place, self._prompt(place))
            self.post_message(self.Changed())

    def action_pick(self) -> None:
        """Take the one on which one stands, or leave it."""
        if self.highlighted is not None:
            self.toggle(self.highlighted)

    def _prompt(self, place: int) -> Content:
        line, can = self._given[place]
        mark = "[x] " if place in self._picked else "[ ] " if can else " ✖  "
        return Content.assemble((mark, "$primary bold" if place in self._picked else MUTED), line)
