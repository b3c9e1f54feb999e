"""Words, shapes and short facts of governance."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.core.messages import Message, _, one_or_many
from appliance.tui import figures
from appliance.tui.drawing import MUTED, one_line
from appliance.tui.governance_source import ApprovalSeen, KeySeen, Scopes, UserSeen
from appliance.tui.words import REVIEW_STATES, StateMark

SOON = timedelta(days=30)

STATES: dict[str, StateMark] = {
    "active": StateMark("●", _("active"), "$text-success"),
    "expired": StateMark("○", _("expired"), MUTED),
    "revoked": StateMark("✖", _("revoked"), MUTED),
    "stopped": StateMark("▲", _("stopped"), "$text-warning"),
    "disabled": StateMark("✖", _("kept out"), "$text-error"),
    "locked": StateMark("▲", _("paused"), "$text-warning"),
}
APPROVALS: dict[str, StateMark] = {
    **{state: REVIEW_STATES[state] for state in ("pending", "approved", "refused", "expired")},
    "used": StateMark("◆", _("used"), "$text-success"),
}
CHANGES: dict[str, Message] = {
    "key.export": _("make a key"),
    "model.switch": _("change the models"),
    "policy.change": _("change a policy"),
    "retention.change": _("delete from the audit, or keep held answers for another time"),
}
ACTIONS: dict[str, StateMark] = {
    "block": StateMark("✖", _("blocked"), "$text-error"),
    "leave_out": StateMark("◇", _("left out"), "$text-warning"),
    "mask": StateMark("◆", _("masked"), "$text-warning"),
    "review": StateMark("◐", _("held"), "$text-warning"),
    "warn": StateMark("▲", _("noted"), MUTED),
}
ROLES: dict[str, Message] = {
    "caller": _("may ask models and scenarios"),
    "editor": _("caller, and changes documents"),
    "auditor": _("reads the audit and usage, changes nothing"),
    "operator": _("runs machines and models, reads no texts"),
    "admin": _("may do everything"),
}
SCOPES: dict[str, Message] = {"key": _("key"), "tenant": _("tenant"), "model": _("model")}
LIMITS: dict[str, Message] = {
    "tokens_per_day": _("Tokens a day"),
    "tokens_per_month": _("Tokens a month"),
    "requests_per_minute": _("Requests a minute"),
    "tokens_per_minute": _("Tokens a minute"),
    "concurrent_requests": _("At once"),
}
_FAMILIES: dict[str, Message] = {
    "personal": _("personal data"),
    "lexicon": _("word list"),
    "injection": _("smuggled instruction"),
    "topic": _("topic"),
}
_KINDS: dict[str, Message] = {
    "request.opened": _("request came"),
    "request.completed": _("request"),
    "request.aborted": _("request broken off"),
    "admin.request": _("over the API"),
    "admin.command": _("at the machine"),
    "admin.audit.content_read": _("text was read"),
    "admin.audit.exported": _("audit was exported"),
    "admin.approval.asked": _("approval asked for"),
    "admin.approval.approved": _("change approved"),
    "admin.approval.refused": _("change refused"),
    "admin.approval.used": _("approval used"),
    "admin.quota.set": _("quota set"),
    "admin.quota.removed": _("quota removed"),
    "system.retention": _("old records removed"),
    "system.content_erased": _("kept texts erased"),
    "system.recovered": _("log taken up again"),
    "system.socket.closed": _("connection closed"),
}
_OUTCOMES: dict[str, Message] = {
    "ok": _("ok"),
    "done": _("done"),
    "refused": _("refused"),
    "content_filter": _("blocked"),
    "held": _("held"),
    "aborted": _("broken off"),
    "cancelled": _("broken off"),
    "quota_exceeded": _("quota used up"),
}


def state(mark: StateMark, language: str) -> str:
    """Return shape and word."""
    return f"{mark.shape} {mark.word.render(language)}"


def rule(name: str, language: str) -> str:
    """Return a rule such as `personal:bank_card` with its family in words."""
    family, found, rest = name.partition(":")
    if not found or family not in _FAMILIES:
        return one_line(name)
    return f"{_FAMILIES[family].render(language)}: {one_line(rest)}"


def kind(name: str, language: str) -> str:
    """Return the kind of a record in words, or as it is written."""
    found = _KINDS.get(name)
    return one_line(name) if found is None else found.render(language)


def outcome(name: str | None, language: str) -> str:
    """Return an outcome in words, or as it is written."""
    found = _OUTCOMES.get(name or "")
    return one_line(name or figures.UNKNOWN) if found is None else found.render(language)


def day(moment: datetime | None, language: str) -> str:
    """Return a local day; where there is none, that it never comes."""
    return _("never").render(language) if moment is None else moment.astimezone().strftime("%Y-%m-%d")


def ends_soon(key: KeySeen, now: datetime) -> bool:
    """Tell whether a key that is good now ends within a month."""
    return key.state == "active" and key.expires_at is not None and key.expires_at <= now + SOON


def scopes(given: Scopes, language: str) -> str:
    """Return what a key may use, in one line."""
    named = [
        (_("models"), given.models),
        (_("scenarios"), given.scenarios),
        (_("knowledge"), given.knowledge_bases),
    ]
    parts = [
        f"{label.render(language)}: {one_line(', '.join(names)) or _('none').render(language)}"
        for label, names in named
        if names is not None
    ]
    return "; ".join(parts) or _("everything").render(language)


def tokens(number: int) -> str:
    """Return a number of tokens, shortened."""
    return figures.count(number)


def keys_in_short(found: Sequence[KeySeen], now: datetime) -> Message:
    """Say how many keys there are, and what is about to happen to them."""
    good = sum(one.state == "active" for one in found)
    ending = sum(ends_soon(one, now) for one in found)
    if ending:
        return _("{count} good, {ending} of them end within 30 days", count=good, ending=ending)
    return _("{count} good", count=good)


def users_in_short(found: Sequence[UserSeen]) -> Message:
    """Say how many people there are, and how many are kept out."""
    out = sum(one.state == "disabled" for one in found)
    people = one_or_many(len(found), _("1 person"), _("{count} people", count=len(found)))
    return _("{people}, {out} kept out", people=people, out=out) if out else people


def approvals_in_short(found: Sequence[ApprovalSeen]) -> Message:
    """Say how many changes wait."""
    return _("waiting for a second person: {count}", count=len(found)) if found else _("none waits")


def moment(at: str) -> str:
    """Return a time of a record (RFC 3339) as local day and time."""
    return figures.day_and_time(datetime.fromisoformat(at))


def exact_moment(at: str) -> str:
    """Return a time of a record to the second, local."""
    return figures.exact_time(datetime.fromisoformat(at))
