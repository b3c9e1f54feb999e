"""Stable values of the API as words that a person reads; `--json` keeps the values."""

from enum import StrEnum

from appliance.core.messages import Message, _


class Role(StrEnum):
    """What a key or a user may do; the same as `core.principal.ROLES`."""

    CALLER = "caller"
    EDITOR = "editor"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


_WORDS: dict[str, Message] = {
    "active": _("active"),
    "expired": _("expired"),
    "revoked": _("revoked"),
    "used": _("used"),
    "disabled": _("disabled"),
    "alive": _("alive"),
    "dead": _("dead"),
    "running": _("running"),
    "asleep": _("asleep"),
    "cordoned": _("cordoned"),
    "draining": _("draining"),
    "starting": _("starting"),
    "unhealthy": _("unhealthy"),
    "failed": _("failed"),
    "stopped": _("stopped"),
    "pending": _("pending"),
    "indexed": _("indexed"),
    "paused": _("paused"),
    "model": _("chat model"),
    "chat": _("chat model"),
    "embedding": _("embedding model"),
    "scenario": _("scenario"),
    "knowledge": _("knowledge base"),
    "gateway": _("gateway"),
    "ledger": _("ledger"),
    "batch": _("batch runner"),
}


def in_words(value: object) -> object:
    """Return the word for a state or kind; a value that has none is returned as it is."""
    return _WORDS.get(value, value) if isinstance(value, str) else value


def minute_of(moment: str | None) -> str | None:
    """Return a time of the API (RFC 3339) to the minute, as tables show it; none stays none."""
    return None if moment is None else moment[:16].replace("T", " ")
