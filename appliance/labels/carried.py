"""What a format module finds in a file, and the errors that they share."""

from dataclasses import dataclass

from appliance.core.errors import InvalidRequest, Unsupported
from appliance.core.messages import Message, _

_LONGEST_REASON = 200


@dataclass(frozen=True)
class Carried:
    """The places of a file that may hold labels."""

    values: tuple[object, ...]
    """Each label as it stands there: JSON text or plain data."""
    explicit: bool | None
    """Whether the notice can be seen; None where a program cannot tell, or the front end must show it."""
    text: str | None = None
    """What the integrity code covers; None where the format has no such text."""
    problems: tuple[Message, ...] = ()


def damaged(kind: str, reason: object) -> InvalidRequest:
    """Return the error for content that breaks its own format."""
    said = reason if isinstance(reason, Message) else " ".join(str(reason).split())[:_LONGEST_REASON].rstrip(". ")
    return InvalidRequest(
        _("The file is not a whole {kind} file: {reason}.", kind=kind, reason=said),
        _("It is damaged or cut off: fetch or export it again."),
        param="file",
        code="unreadable_document",
    )


def too_large(kind: str, limit: str) -> InvalidRequest:
    """Return the error for content that unpacks to more than a label needs."""
    return InvalidRequest(
        _("The {kind} file holds a part that is larger than {limit}.", kind=kind, limit=limit),
        _("Such files are made to exhaust a machine; ask where it comes from."),
        param="file",
        code="too_large",
    )


def no_place(kind: str, hint: Message) -> Unsupported:
    """Return the error for a file that has no place for a label."""
    return Unsupported(_("This {kind} file has no place for a label.", kind=kind), hint, param="file")
