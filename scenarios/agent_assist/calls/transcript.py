"""The turns of a call that ended, as its records hold them."""

from dataclasses import dataclass

from ..models import Alert, Assist
from .keeping import Kept


@dataclass(frozen=True)
class Transcript:
    """Turns with their assists in the order that they were spoken, and all alerts in the order that they came."""

    assists: list[Assist]
    alerts: list[Alert]


def transcript_of(kept: Kept) -> Transcript:
    """Return what the records of a call hold."""
    spoken = sorted(kept.turns, key=lambda turn: (turn.place_s, turn.arrival))
    told = sorted(kept.turns, key=lambda turn: turn.assist.number)
    raised = [alert for turn in told for alert in turn.assist.alerts]
    between = [Alert.model_validate(one) for one in kept.record.data.get("between", ())]
    alerts = sorted([*raised, *between], key=lambda alert: alert.at_s)
    return Transcript([turn.assist for turn in spoken], alerts)
