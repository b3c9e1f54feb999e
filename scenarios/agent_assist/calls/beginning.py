"""What a call begins with."""

from datetime import UTC, datetime

from appliance.core.clock import iso
from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.scenario.pack import KnowledgeSearch

from ..models import CallFacts
from .keeping import is_ours
from .live import at
from .shapes import DEFAULT_BASE, BeginRequest, Language

_YEARS = range(2000, 2100)


def check_begin(request: BeginRequest) -> None:
    """Raise `InvalidRequest` for an id of the call centre's own that looks like one of ours."""
    if request.call_id is not None and is_ours(request.call_id):
        raise InvalidRequest(
            _("The field {param} is not valid: {reason}.", param="call_id", reason=_("it has the form of our own ids")),
            _("Give the call centre's own id, or leave it out."),
            param="call_id",
            code="invalid_value",
        )


def first_facts(request: BeginRequest, record_id: str, now: float) -> CallFacts:
    """Return the facts of a call that begins at `now`, in seconds of the epoch. Raises `InvalidRequest`."""
    return CallFacts(
        id=record_id,
        call_id=request.call_id,
        state="open",
        direction=request.direction,
        seat=request.seat,
        product=request.product,
        started_at=at(now) if request.started_at is None else _moment(request.started_at),
    )


def shown_in(language: Language | None, asked_in: str) -> str:
    """Return the language of what the seat is shown, `en` or `zh_CN`."""
    return asked_in if language is None else {"zh": "zh_CN", "en": "en"}[language]


async def base_of(knowledge: KnowledgeSearch, who: Principal, wanted: str | None) -> str | None:
    """Return the knowledge base that cards come from; None where the default one is not there.

    Raises `NotFound` for one that was asked for and that `who` may not read.
    """
    try:
        await knowledge.readable(who, wanted or DEFAULT_BASE, [])
    except NotFound:
        if wanted is not None:
            raise
        return None
    return wanted or DEFAULT_BASE


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or moment.year not in _YEARS:
            raise ValueError("without a zone, or in no year of a call")
        return iso(moment.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            _(
                "The field {param} is not valid: {reason}.",
                param="started_at",
                reason=_("it must be a moment such as {example}", example="2026-03-01T09:30:00+08:00"),
            ),
            param="started_at",
            code="invalid_value",
        ) from error
