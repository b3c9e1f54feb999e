"""Stable values of the API as words that a person reads; `--json` keeps the values."""

from appliance.core.messages import Message, _

_WORDS: dict[str, Message] = {
    "active": _("active"),
    "expired": _("expired"),
    "revoked": _("revoked"),
    "alive": _("alive"),
    "dead": _("dead"),
    "running": _("running"),
    "starting": _("starting"),
    "unhealthy": _("unhealthy"),
    "failed": _("failed"),
    "stopped": _("stopped"),
    "pending": _("pending"),
    "indexed": _("indexed"),
    "model": _("chat model"),
    "chat": _("chat model"),
    "embedding": _("embedding model"),
    "scenario": _("scenario"),
    "knowledge": _("knowledge base"),
    "gateway": _("gateway"),
}


def in_words(value: object) -> object:
    """Return the word for a state or kind; a value that has none is returned as it is."""
    return _WORDS.get(value, value) if isinstance(value, str) else value
