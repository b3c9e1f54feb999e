"""Values of the calls API as words that a person reads."""

from typing import Any

from appliance.core.messages import Message, _

_WORDS: dict[str, dict[str, Message]] = {
    "state": {"open": _("open"), "ended": _("ended"), "abandoned": _("abandoned")},
    "direction": {"inbound": _("inbound"), "outbound": _("outbound")},
    "level": {"low": _("low"), "medium": _("medium"), "high": _("high")},
    "trend": {"better": _("better"), "steady": _("steady"), "worse": _("worse")},
    "speaker": {"customer": _("customer"), "seat": _("seat")},
    "emotion": {
        "calm": _("calm"),
        "satisfied": _("satisfied"),
        "anxious": _("anxious"),
        "confused": _("confused"),
        "disappointed": _("disappointed"),
        "angry": _("angry"),
    },
    "outcome": {
        "resolved": _("resolved"),
        "pending": _("to be followed up"),
        "not_resolved": _("not resolved"),
        "unclear": _("unclear"),
    },
    "rule": {
        "met": _("met"),
        "broken": _("broken"),
        "open": _("not decided yet"),
        "not_applicable": _("does not apply"),
        "not_judged": _("not judged"),
    },
}
LEVEL_STYLES = {"high": "bold red", "medium": "yellow", "low": "green"}


def word(kind: str, value: object) -> str | None:
    """Return the word for a value of that kind; one that has none as it is, None as None."""
    if value is None:
        return None
    known = _WORDS[kind].get(str(value))
    return str(value) if known is None else str(known)


def clock(seconds: Any) -> str:  # noqa: ANN401 - a number of the API
    """Return seconds since the call began as `m:ss`, or `h:mm:ss`."""
    whole = max(0, int(seconds or 0))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
