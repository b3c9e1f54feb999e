"""Everything that is known of one row, as labels and values."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from appliance.core.messages import Message
from appliance.tui import commands
from appliance.tui.drawing import FAINT, MUTED, fit, visible
from appliance.tui.screens.governance_part import GovernanceBase
from appliance.tui.view import Connection, Notice, View
from appliance.tui.widgets.command_line import CommandLine
from appliance.tui.widgets.fault_banner import FaultBanner
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.notice_line import NoticeLine
from appliance.tui.widgets.text_panel import TextPanel

Fact = tuple[Message, str]
_LABEL_CELLS = 18


def laid_out(facts: Sequence[Fact], language: str) -> Content:
    """Return facts as lines: a label and what is known; longer texts go on below each other."""
    labels = [label.render(language) for label, _value in facts]
    width = min(_LABEL_CELLS, max(map(cell_len, labels), default=0))
    lines = []
    for label, (_label, value) in zip(labels, facts, strict=True):
        first, *rest = visible(value).split("\n")
        lines.append(Content.assemble((fit(label, width) + "  ", MUTED), first))
        lines += [Content(" " * (width + 2) + line) for line in rest]
    return Content("\n").join(lines)


class FactsScreen(GovernanceBase):
    """Everything that is known of one row."""

    AUTO_FOCUS = "TextPanel"
    COMPACT_BELOW = 90
    BINDINGS: ClassVar[list[BindingType]] = [commands.BACK.binding()]

    def __init__(self, title: Message, command: str) -> None:
        super().__init__()
        self._title, self._command = title, command
        self.notice: Notice | None = None

    def facts(self, language: str) -> Sequence[Fact]:
        """Return what is shown."""
        raise NotImplementedError

    def below(self, _language: str) -> Content | None:
        """Return what stands below the facts."""
        return None

    def body(self) -> ComposeResult:
        """Yield one text."""
        yield NoticeLine()
        yield TextPanel(id="governance-facts", classes="panel")
        yield CommandLine()

    def show(self, view: View) -> None:
        """Draw the facts."""
        super().show(view)
        language = view.language
        self.query_one(FaultBanner).display = False
        self.query_one(NoticeLine).show(self.notice, language)
        panel = self.query_one(TextPanel)
        panel.border_title = self._title.render(language)
        text, more = laid_out(self.facts(language), language), self.below(language)
        panel.query_one(Lines).say(text if more is None else Content("\n\n").join([text, more]))
        self.query_one(CommandLine).show(self._command)

    def connection(self, _view: View) -> Connection:
        """What is shown was read before."""
        return "connected"


class GivenFacts(FactsScreen):
    """Facts that are known already."""

    def __init__(self, title: Message, command: str, facts: Sequence[tuple[Message, str | Message]]) -> None:
        super().__init__(title, command)
        self._facts = facts

    def facts(self, language: str) -> Sequence[Fact]:
        """Return them."""
        return [(label, one.render(language) if isinstance(one, Message) else one) for label, one in self._facts]


def heading(text: str) -> Content:
    """Return a heading between facts."""
    return Content.styled(text, FAINT)
