"""What is said of calls as a shape, a word and a colour."""

from collections.abc import Mapping

from appliance.core.messages import Message, _
from appliance.tui.drawing import MUTED
from appliance.tui.words import StateMark

LEVELS: Mapping[str, StateMark] = {
    "high": StateMark("▲", _("high"), "$text-error"),
    "medium": StateMark("◆", _("medium"), "$text-warning"),
    "low": StateMark("●", _("low"), "$text-success"),
}
TRENDS: Mapping[str, str] = {"better": "↗", "steady": "→", "worse": "↘"}
STATES: Mapping[str, Message] = {"open": _("open"), "ended": _("ended"), "abandoned": _("abandoned")}
DIRECTIONS: Mapping[str, Message] = {"inbound": _("inbound"), "outbound": _("outbound")}
SPEAKERS: Mapping[str, Message] = {"customer": _("customer"), "seat": _("seat")}
EMOTIONS: Mapping[str, Message] = {
    "calm": _("calm"),
    "satisfied": _("satisfied"),
    "anxious": _("anxious"),
    "confused": _("confused"),
    "disappointed": _("disappointed"),
    "angry": _("angry"),
}
SEVERITIES: Mapping[str, StateMark] = {
    "serious": StateMark("✖", _("serious"), "$text-error"),
    "warning": StateMark("▲", _("warning"), "$text-warning"),
    "notice": StateMark("●", _("notice"), MUTED),
}


def clock(seconds: float) -> str:
    """Return seconds since the call began as `m:ss`, or `h:mm:ss`."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
