"""Usage by day, tenant or model: a graph of the days, and a table with bars."""

from dataclasses import dataclass
from datetime import UTC

from textual.app import ComposeResult
from textual.content import Content

from appliance.core.messages import Message, _, one_or_many
from appliance.operations.usage_sums import USAGE_BY, UsageBy, UsageSum, add_up, tokens_each_day, whole
from appliance.state.usage import UsageTotal
from appliance.tui import figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.drawing import MUTED, bar, history, one_line
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.view import View
from appliance.tui.widgets.lines import Lines
from appliance.tui.widgets.listing import Column, Listing

PERIODS = (7, 30, 90)
_BAR_CELLS = 12
_CHART_LINES = 3
_TITLES: dict[UsageBy, tuple[Message, Message]] = {
    "day": (_("Day (UTC)"), _("Usage by day")),
    "tenant": (_("Tenant"), _("Usage by tenant")),
    "model": (_("Model"), _("Usage by model")),
}


@dataclass(frozen=True)
class Shown:
    """One line of the table, with its part of the largest."""

    name: str
    sum: UsageSum
    share: float


_FIGURES = (
    Column[Shown](_("Tokens"), 7, lambda s, _l: figures.count(s.sum.tokens), align="right", style=lambda _s: "bold"),
    Column[Shown](Message(""), _BAR_CELLS, lambda s, _l: bar(s.share, _BAR_CELLS).plain, style=lambda _s: "$primary"),
    Column[Shown](_("Count"), 8, lambda s, _l: figures.count(s.sum.requests), align="right", rank=1),
    Column[Shown](
        _("Failed"), 7, lambda s, _l: figures.count(s.sum.errors), align="right",
        style=lambda s: "$text-warning" if s.sum.errors else MUTED, rank=1,
    ),
    Column[Shown](_("Prompt"), 8, lambda s, _l: figures.count(s.sum.prompt_tokens), align="right", rank=2),
    Column[Shown](_("Answer"), 8, lambda s, _l: figures.count(s.sum.completion_tokens), align="right", rank=2),
)  # fmt: skip


class UsageScreen(PartScreen[tuple[UsageTotal, ...]]):
    """What was used in the last days, all from the totals that the ledger keeps."""

    BINDINGS = [command.binding() for command in (keys.GROUP, keys.PERIOD)]  # noqa: RUF012 - Textual reads the class attribute

    def __init__(self) -> None:
        super().__init__()
        self._by: UsageBy = "day"
        self._days = PERIODS[0]

    def asked(self) -> object:
        """Return the number of days: another grouping needs no other reading."""
        return self._days

    async def fetch(self) -> tuple[UsageTotal, ...]:
        """Read the totals."""
        return await self.records.usage(f"{self._days - 1}d", self.tenant)

    def contents(self) -> ComposeResult:
        """Yield graph and table."""
        chart = Lines(id="usage-chart", classes="panel")
        yield chart
        yield Listing[Shown](id="usage")

    def draw(self, view: View) -> None:
        """Draw both."""
        totals, language = self.reading.value or (), view.language
        last = self.terminal.clock().astimezone(UTC).date()
        each = tokens_each_day(totals, last, self._days)
        chart = self.query_one("#usage-chart", Lines)
        chart.border_title = _("Tokens each day, the last {days} days", days=self._days).render(language)
        peak = figures.count(max(each, default=0))
        chart.border_subtitle = _("most {tokens}", tokens=peak).render(language) if totals else ""
        width = max(1, self.size.width - 4)
        cells = max(1, min(6, width // self._days))
        columns = [float(value) for value in each for _cell in range(cells)]
        lines = history(columns, len(columns), _CHART_LINES)
        chart.say(Content("\n").join(lines))
        self._table(totals, language)

    def _table(self, totals: tuple[UsageTotal, ...], language: str) -> None:
        heading, title = _TITLES[self._by]
        sums = add_up(totals, self._by)
        most = max((one.tokens for one in sums), default=0)
        listing = self.query_one(Listing)
        listing.border_title = title.render(language)
        rows = {
            f"sum-{at}": Shown(_called(one, language), one, one.tokens / most if most else 0.0)
            for at, one in enumerate(sums)
        }
        if rows:
            rows = {"all": Shown(_("all").render(language), whole(sums), 0.0)} | rows
        name = Column[Shown](heading, 16, lambda s, _l: s.name, grows=True)
        listing.show(rows, (name, *_FIGURES), self.nothing(_("Nothing was used in this time.")), language)

    def command(self) -> str:
        """Return the command that lists the same totals."""
        tenant = f" --tenant {self.tenant}" if self.tenant else ""
        return f"appliance usage --since {self._days - 1}d{tenant}"

    def action_group(self) -> None:
        """Add up by the next value."""
        self._by = USAGE_BY[(USAGE_BY.index(self._by) + 1) % len(USAGE_BY)]
        self.show(self.terminal.view)

    def action_period(self) -> None:
        """Look at the next number of days."""
        self._days = PERIODS[(PERIODS.index(self._days) + 1) % len(PERIODS)]
        self.ask_anew()


def _called(one: UsageSum, language: str) -> str:
    return one_line(one.name) if one.name else _("without a model").render(language)


def in_short(totals: tuple[UsageTotal, ...]) -> Message:
    """Say what was used."""
    added = whole(add_up(totals, "day"))
    tokens, count = words.tokens(added.tokens), figures.count(added.requests)
    many = _("{tokens} tokens in {count} requests today", tokens=tokens, count=count)
    return one_or_many(added.requests, _("{tokens} tokens in 1 request today", tokens=tokens), many)
