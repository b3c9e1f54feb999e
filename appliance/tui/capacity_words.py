"""A forecast as short texts for columns and panels."""

from appliance.core.messages import Message, _
from appliance.operations.forecast import FEWEST_DAYS, Forecast, Trend
from appliance.tui import figures

_ORDER = ("below_level", "reached", "on", "later", "few_days", "no_trend", "not_growing", "unknown_limit", "no_use")


def amount(number: float) -> str:
    """Return a number of requests, tokens or users a day: small ones with a decimal."""
    return f"{number:.1f}" if 0 < number < 10 else figures.count(round(number))


def trend(found: Trend | None) -> str:
    """Return e.g. `↗ +4.1 %`; `→` where there is no clear trend, `–` where there are too few days."""
    if found is None or found.share_a_week is None:
        return figures.UNKNOWN
    if not found.clear:
        return "→"
    return f"{'↗' if found.a_week > 0 else '↘'} {found.share_a_week * 100:+.1f} %"


def when(found: Forecast) -> Message:
    """Return when the planned users are there, in few words."""
    if found.reached is not None:
        return _("about {day}", day=found.reached.isoformat())
    told = {
        "reached": _("now"),
        "later": _("not within a year"),
        "few_days": _("too few days: {count} of {needed}", count=len(found.days), needed=FEWEST_DAYS),
        "no_trend": _("no clear trend"),
        "not_growing": _("not growing"),
        "unknown_limit": _("not known"),
        "below_level": _("below the level"),
        "no_use": _("no use yet"),
    }
    return told[found.outlook]


def tightest(found: dict[str, Forecast]) -> str | None:
    """Return the name of the model that first has as many users as the plan carries; None without models."""
    far = "9999"
    return min(
        found,
        key=lambda name: (_ORDER.index(found[name].outlook), str(found[name].reached or far)),
        default=None,
    )
