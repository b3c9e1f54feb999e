"""What the guardrails found: counts by rule and action, and the newest requests."""

from textual.app import ComposeResult
from textual.widgets import OptionList

from appliance.core.messages import Message, _, one_or_many
from appliance.operations.audit_filters import day_start, search_command
from appliance.operations.guardrail_hits import HIT_ACTIONS, Hit, Hits, RuleCount
from appliance.state.audit.search import Filters
from appliance.tui import commands, figures
from appliance.tui import governance_keys as keys
from appliance.tui import governance_words as words
from appliance.tui.drawing import MUTED, bar, one_line
from appliance.tui.screens.governance_part import PartScreen
from appliance.tui.screens.governance_record import RecordScreen
from appliance.tui.view import View
from appliance.tui.widgets.listing import Column, Listing

PERIODS = (2, 7, 30)
_BAR_CELLS = 10


def _mark(action: str, language: str) -> str:
    return words.state(words.ACTIONS[action], language) if action in words.ACTIONS else one_line(action)


def _style(action: str) -> str:
    return words.ACTIONS[action].style if action in words.ACTIONS else ""


HIT_COLUMNS = (
    Column[Hit](_("When"), 11, lambda h, _l: when(h), style=lambda _h: MUTED, rank=1),
    Column[Hit](_("Handled"), 12, lambda h, language: _mark(h.action, language), style=lambda h: _style(h.action)),
    Column[Hit](
        _("Rule"), 22, lambda h, language: ", ".join(words.rule(one, language) for one in h.rules),
        style=lambda _h: "bold", grows=True,
    ),
    Column[Hit](_("Tenant"), 12, lambda h, _l: one_line(h.record.tenant or figures.UNKNOWN), rank=1),
    Column[Hit](_("Target"), 12, lambda h, _l: one_line(h.record.target or figures.UNKNOWN), rank=2, grows=True),
    Column[Hit](_("Asked by"), 16, lambda h, _l: one_line(h.record.actor or figures.UNKNOWN), rank=3),
)  # fmt: skip


def when(hit: Hit) -> str:
    """Return the local time of a hit."""
    return words.moment(hit.record.at)


class GuardrailsScreen(PartScreen[Hits]):
    """From the records of requests: rules and places, never the texts."""

    INTERVAL_S = 60.0
    AUTO_FOCUS = "#hits RowList"
    BINDINGS = [  # noqa: RUF012 - Textual reads the class attribute
        command.binding() for command in (keys.ACTION, keys.PERIOD, commands.NEXT_PANEL)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._only: str | None = None
        self._days = PERIODS[0]

    def asked(self) -> object:
        """Return the number of days."""
        return self._days

    def _since(self) -> str:
        return day_start(self.terminal.clock(), self._days - 1)

    async def fetch(self) -> Hits:
        """Read what was found."""
        return await self.records.hits(self._since(), self.tenant)

    def contents(self) -> ComposeResult:
        """Yield counts and hits."""
        yield Listing[RuleCount](id="governance-rules")
        yield Listing[Hit](id="hits")

    def draw(self, view: View) -> None:
        """Draw both."""
        hits, language = self.reading.value, view.language
        rules = self.query_one("#governance-rules", Listing)
        rules.border_title = _title(self._days).render(language)
        rules.border_subtitle = in_short(hits).render(language) if hits else ""
        counts = [one for one in (hits.counts if hits else ()) if self._only in (None, one.action)]
        most = max((one.count for one in counts), default=0)
        columns = (
            Column[RuleCount](
                _("Rule"), 24, lambda c, said: words.rule(c.rule, said), style=lambda _c: "bold", grows=True
            ),
            Column[RuleCount](
                _("Handled"), 16, lambda c, said: _mark(c.action, said), style=lambda c: _style(c.action)
            ),
            Column[RuleCount](_("Times"), 7, lambda c, _l: figures.count(c.count), align="right", rank=1),
            Column[RuleCount](Message(""), _BAR_CELLS, lambda c, _l: bar(c.count / most, _BAR_CELLS).plain, rank=1),
        )
        nothing = self.nothing(_("Nothing was found in this time."))
        rules.show({f"rule-{at}": one for at, one in enumerate(counts)}, columns, nothing, language)
        listing = self.query_one("#hits", Listing)
        listing.border_title = _("The newest requests").render(language)
        partly = _("the oldest are left out").render(language)
        listing.border_subtitle = partly if hits is not None and not hits.complete else ""
        newest = [one for one in (hits.newest if hits else ()) if self._only in (None, one.action)]
        listing.show({f"hit-{one.record.seq}": one for one in newest}, HIT_COLUMNS, nothing, language)

    def command(self) -> str:
        """Return the command that finds the same records."""
        wanted = f'"action":"{"block" if self._only == "leave_out" else self._only}"' if self._only else '"verdicts":[{'
        return search_command(Filters(tenant=self.tenant, since=self._since(), text=wanted))

    def action_only(self) -> None:
        """Show only what had the next action; then all again."""
        choices: list[str | None] = [None, *HIT_ACTIONS]
        self._only = choices[(choices.index(self._only) + 1) % len(choices)]
        self.show(self.terminal.view)

    def action_period(self) -> None:
        """Look at the next number of days."""
        self._days = PERIODS[(PERIODS.index(self._days) + 1) % len(PERIODS)]
        self.ask_anew()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a hit, or show the hits of a rule's action."""
        hits = self.reading.value
        hit = next((one for one in (hits.newest if hits else ()) if f"hit-{one.record.seq}" == event.option_id), None)
        if hit is not None:
            self.app.push_screen(RecordScreen(hit.record))


def _title(days: int) -> Message:
    if days == PERIODS[0]:
        return _("Guardrails: found since yesterday")
    return _("Guardrails: found in the last {days} days", days=days)


def in_short(hits: Hits) -> Message:
    """Say how many requests were blocked and masked."""
    counts = {action: hits.requests.get(action, 0) for action in HIT_ACTIONS}
    if not any(counts.values()):
        return _("nothing found since yesterday")
    other = counts["review"] + counts["leave_out"] + counts["warn"]
    said = {"blocked": counts["block"], "masked": counts["mask"], "other": other}
    many = _("{blocked} requests blocked, {masked} masked, {other} other", **said)
    return one_or_many(counts["block"], _("1 request blocked, {masked} masked, {other} other", **said), many)
