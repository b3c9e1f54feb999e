"""The diagnosis of one product over a window, and of several side by side."""

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Final, cast

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..models import Figure
from .results import Result
from .speaking import Speaker
from .tools import Arguments, CompareArguments, FundArguments

if TYPE_CHECKING:
    from ..funds import FundDiagnosis
    from .running import Desk

_KEY: Final = ("total_return", "annualised_return", "volatility", "max_drawdown", "sharpe", "excess_return")
_COMPARED: Final = ("total_return", "volatility", "max_drawdown", "sharpe")
_USUAL: Final = "1y"
_MOST_SENTENCES: Final = 6


def fund(desk: "Desk", arguments: Arguments, speaker: Speaker) -> Result:
    """Return the diagnosis of a product; with a window its figures come first."""
    from ..funds import CHARTS, diagnose

    own = cast("FundArguments", arguments)
    found = diagnose(desk.dataset, own.product, None, speaker.language, charts=CHARTS if desk.charts else ())
    title, figures, note = windowed(desk, found, own.window or _USUAL, speaker)
    if not figures and own.window is None:
        title, figures, note = windowed(desk, found, "all", speaker)
    known = [figures[name] for name in _KEY if name in figures and figures[name].value is not None]
    pairs = speaker.joined([speaker.say("pair", title=_plain(one), shown=one.shown) for one in known[:4]])
    opening = speaker.say("window", product=found.name, span=title)
    lead = [f"{opening}{pairs}{_stop(speaker)}" if pairs else f"{opening}{note}"]
    lead += [one.text for one in found.sentences[:_MOST_SENTENCES]]
    every = {**found.figures(), **{one.id: one for one in figures.values()}}
    return Result(
        tool="fund_diagnosis", lead=tuple(lead), figures=tuple(every.values()), shown=(*known, found.risk_level),
        charts=found.charts, notes=found.notes, disclosures=(found.disclosure,),
        facts=(found.name, own.product, title, note, *_indices(desk)),
        suggestions=(
            speaker.say("suggest_compare", product=own.product), speaker.say("suggest_buy", product=own.product),
        ),
    )  # fmt: skip


def compare(desk: "Desk", arguments: Arguments, speaker: Speaker) -> Result:
    """Return the same figures of several products, in the order asked for."""
    from ..funds import diagnose

    own = cast("CompareArguments", arguments)
    lead: list[str] = []
    shown: list[Figure] = []
    every: dict[str, Figure] = {}
    facts: list[str] = []
    disclosures: list[str] = []
    for product in own.products:
        found = diagnose(desk.dataset, product, None, speaker.language, charts=())
        title, figures, _note = windowed(desk, found, own.window or _USUAL, speaker)
        known = [figures[name] for name in _COMPARED if name in figures and figures[name].value is not None]
        pairs = speaker.joined([speaker.say("pair", title=_plain(one), shown=one.shown) for one in known])
        name = "compared" if known else "compared_none"
        lead.append(speaker.say(name, product=f"{product} {found.name}", level=found.risk_level.shown, span=title,
                                **({"figures": pairs} if known else {})))  # fmt: skip
        shown += known
        every |= {**found.figures(), **{one.id: one for one in figures.values()}}
        facts += [product, found.name, title]
        disclosures.append(found.disclosure)
    return Result(
        tool="compare_funds", lead=tuple(lead), figures=tuple(every.values()), shown=tuple(shown),
        disclosures=tuple(dict.fromkeys(disclosures)), facts=tuple(facts),
        suggestions=tuple(speaker.say("suggest_fund", product=one) for one in own.products[:2]),
    )  # fmt: skip


def windowed(desk: "Desk", found: "FundDiagnosis", window: str, speaker: Speaker) -> tuple[str, dict[str, Figure], str]:
    """Return title, figures and note of a window: of the diagnosis where it has it, else computed.

    Raises `InvalidRequest` for a day after the data.
    """
    known = found.window(window)
    if known is not None:
        return known.title, known.figures, known.note or ""
    from ..figures import PERIODS, performance
    from ..funds.subject import last_of, since, subject
    from ..funds.texts import fund_texts

    on, _notes = subject(desk.dataset, found.product, None, speaker.language, fund_texts(), PERIODS)
    start, title = _start(window, last_of(on.series), speaker)
    if start >= last_of(on.series):
        raise InvalidRequest(
            _("The window begins on {day}, and the data end on {last}.", day=start, last=last_of(on.series)),
            _("Ask for an earlier day."), param="window", code="window_not_valid",
        )  # fmt: skip
    part = since(on.series, start)
    if part is None:
        return title, {}, on.note("short_span")
    prefix = f"{on.prefix}.{window.replace(':', '_')}"
    return title, performance(part, on.benchmark, on.risk_free, PERIODS, speaker.language, prefix, title), ""


def _start(window: str, last: date, speaker: Speaker) -> tuple[date, str]:
    if window.startswith("since:"):
        try:
            day = date.fromisoformat(window.removeprefix("since:"))
        except ValueError as error:
            raise InvalidRequest(
                _("There is no such day: {day}.", day=window.removeprefix("since:")), _("Correct the day."),
                param="window", code="window_not_valid",
            ) from error  # fmt: skip
        return day, speaker.say("since", day=day.isoformat())
    count = int(window[:-1])
    months = count * (12 if window.endswith("y") else 1)
    year, month = divmod(last.year * 12 + last.month - 1 - months, 12)
    day = date(year, month + 1, min(last.day, monthrange(year, month + 1)[1])) if year > 0 else date(1, 1, 1)
    return day, speaker.say("years" if window.endswith("y") else "months", count=count)


def _plain(figure: Figure) -> str:
    """Return a title without its span, which the sentence has said."""
    return figure.title.partition(" (")[0].partition("（")[0]


def _stop(speaker: Speaker) -> str:
    return "。" if speaker.chinese else "."


def _indices(desk: "Desk") -> list[str]:
    return [key for table in ("benchmarks", "factors") for key in desk.dataset.series.get(table, {})]
