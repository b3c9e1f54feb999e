"""States as a shape, a word and a colour."""

from typing import NamedTuple

from appliance.core.messages import Message, _
from appliance.tui.drawing import MUTED


class StateMark(NamedTuple):
    """How one state is shown."""

    shape: str
    word: Message
    style: str


STATES: dict[str, StateMark] = {
    "running": StateMark("●", _("running"), "$text-success"),
    "alive": StateMark("●", _("alive"), "$text-success"),
    "asleep": StateMark("◌", _("asleep"), MUTED),
    "starting": StateMark("◐", _("starting"), "$text-warning"),
    "unhealthy": StateMark("▲", _("unhealthy"), "$text-warning"),
    "failed": StateMark("✖", _("failed"), "$text-error"),
    "dead": StateMark("✖", _("dead"), "$text-error"),
    "stopped": StateMark("○", _("stopped"), MUTED),
}

KINDS: dict[str, Message] = {
    "model": _("chat model"),
    "embedding": _("embedding model"),
    "scenario": _("scenario"),
    "knowledge": _("knowledge base"),
    "gateway": _("gateway"),
    "ledger": _("ledger"),
    "batch": _("batch runner"),
}

REVIEW_STATES: dict[str, StateMark] = {
    "pending": StateMark("◐", _("pending"), "$text-warning"),
    "approved": StateMark("●", _("approved"), "$text-success"),
    "edited": StateMark("◆", _("edited"), "$text-success"),
    "refused": StateMark("✖", _("refused"), "$text-error"),
    "expired": StateMark("○", _("expired"), MUTED),
}

STANDINGS: dict[str | None, Message] = {"cordoned": _("cordoned"), "draining": _("draining")}
"""What the head has decided of a node, where it is not the rule."""
