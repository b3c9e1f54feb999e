"""Calls as a table for a spreadsheet: CSV in UTF-8 with a byte order mark, its columns titled for the reader."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping

from appliance.core.messages import Message, _

from ..models import CallFacts

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What a cell must not begin with: a spreadsheet would compute it."""
_STATES = {"open": _("open"), "ended": _("ended"), "abandoned": _("abandoned")}
_DIRECTIONS = {"inbound": _("inbound"), "outbound": _("outbound")}
_LEVELS = {"low": _("low"), "medium": _("medium"), "high": _("high")}
_TRENDS = {"better": _("better"), "steady": _("steady"), "worse": _("worse")}
_OUTCOMES = {
    "resolved": _("resolved"),
    "pending": _("to be followed up"),
    "not_resolved": _("not resolved"),
    "unclear": _("unclear"),
}
_Cell = str | int | float | None
_COLUMNS: tuple[tuple[Message, Callable[[CallFacts], _Cell | Message]], ...] = (
    (_("Call"), lambda facts: facts.id),
    (_("Call centre's id"), lambda facts: facts.call_id),
    (_("State"), lambda facts: _STATES[facts.state]),
    (_("Direction"), lambda facts: _DIRECTIONS[facts.direction]),
    (_("Seat"), lambda facts: facts.seat),
    (_("Product"), lambda facts: facts.product),
    (_("Intent"), lambda facts: facts.intent),
    (_("Languages"), lambda facts: " ".join(facts.languages)),
    (_("Started (UTC)"), lambda facts: facts.started_at),
    (_("Ended (UTC)"), lambda facts: facts.ended_at),
    (_("Duration (s)"), lambda facts: round(facts.duration_s, 1)),
    (_("Turns"), lambda facts: facts.turns),
    (_("Mood (-1 to 1)"), lambda facts: round(facts.mood.score, 3)),
    (_("Trend"), lambda facts: _TRENDS[facts.mood.trend]),
    (_("Risk"), lambda facts: _LEVELS[facts.risk.level]),
    (_("Escalation (0 to 1)"), lambda facts: round(facts.risk.escalation, 3)),
    (_("Complaint (0 to 1)"), lambda facts: round(facts.risk.complaint, 3)),
    (_("Alerts"), lambda facts: facts.alerts),
    (_("Score (0 to 100)"), lambda facts: facts.score),
    (_("Outcome"), lambda facts: None if facts.outcome is None else _OUTCOMES[facts.outcome]),
    (_("Tags"), lambda facts: " ".join(facts.tags)),
)


def table_of(calls: Iterable[CallFacts], language: str, titles: Mapping[str, str]) -> bytes:
    """Return the calls as CSV with headings in `language`; states, levels and intents are words of that language."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([heading.render(language) for heading, _cell in _COLUMNS])
    for facts in calls:
        shown = facts.model_copy(update={"intent": titles.get(facts.intent or "", facts.intent)})
        writer.writerow([_cell(value(shown), language) for _heading, value in _COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: _Cell | Message, language: str) -> str:
    """Return a cell's text. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, Message):
        return value.render(language)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)
