"""What is asked about calls and what is answered: the requests and answers of this part's actions."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..afterwards.shapes import FilledForm, OutboundResult, Summary, Tag
from ..models import Alert, Assist, CallFacts, Direction, Part, Speaker
from ..rules import Judgement, ScoreSheet
from . import limits

DEFAULT_BASE = "seat-handbook"

CallId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The id that `POST calls` answered, or the call centre's own.",
    ),
]
TurnId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
        description="The caller's own id of the turn, the same in every revision.",
    ),
]
Named = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\p{C}]+$")]
# Control characters but line breaks and tabs, and halves of surrogate pairs, are in no transcript: they are binary.
Said = Annotated[
    str,
    Field(
        min_length=1,
        max_length=limits.MOST_CHARACTERS,
        pattern=r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]+$",
        description="What was said, as speech recognition has it.",
    ),
]
Language = Literal["en", "zh"]


class Request(BaseModel):
    """A request that takes no field it does not name."""

    model_config = ConfigDict(extra="forbid")


class BeginRequest(Request):
    """A call that begins. The same `call_id` again is the same call."""

    call_id: CallId | None = Field(default=None, description="The call centre's own id; unique within the tenant.")
    direction: Direction = Field(default="inbound", description="Who called whom: inbound is the customer.")
    seat: Named = Field(description="The seat's id in the call centre.")
    product: Named | None = Field(default=None, description="What the call is about, where that is known.")
    knowledge_base: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description=f"Where cards come from; {DEFAULT_BASE} by default, where it is there."
    )
    started_at: Annotated[str, Field(max_length=40)] | None = Field(
        default=None, description="When it began, RFC 3339; now by default."
    )
    language: Language | None = Field(
        default=None, description="Language of what the seat is shown; that of the request by default."
    )
    recording_consent: bool | None = Field(
        default=None, description="Whether the customer has agreed to be recorded; kept with the call."
    )


class GivenTurn(Request):
    """A turn as it is told, for the first time or corrected."""

    id: TurnId
    revision: int = Field(default=1, ge=1, le=1_000_000, description="Counts revisions; the highest one holds.")
    speaker: Speaker = Field(description="customer or seat.")
    text: Said
    start_s: float = Field(description="When it began, in seconds since the call began.")
    end_s: float | None = Field(
        default=None, description="When it ended; without it rules about how long somebody spoke do not judge the call."
    )


class TurnsRequest(Request):
    """Turns of one call, in any order."""

    call_id: CallId
    turns: list[GivenTurn] = Field(min_length=1, max_length=limits.MOST_AT_ONCE)


class OneCall(Request):
    """One call."""

    call_id: CallId


class EndRequest(OneCall):
    """A call that ends."""

    phrase: bool | None = Field(
        default=None,
        description="Let the chat model word the summary; by default where it has at least a billion parameters.",
    )


class StreamRequest(OneCall):
    """Which events of a call to send."""

    after: int = Field(default=0, ge=0, description="The last number that was seen; 0 begins at the first event.")


class Nothing(Request):
    """A request that asks nothing in particular."""


class Assists(Part):
    """One assist for each turn of the request, in its order."""

    data: list[Assist]


class AlertEvent(Part):
    """Data of the event `alert`: it is among those of the assist with the same number too, where a turn raised it."""

    number: int
    alert: Alert


class FollowingEvent(Part):
    """Data of the event `following`, the first of a stream: what comes behind `after` follows."""

    after: int = Field(description="The number behind which the stream begins.")


class LaggedEvent(Part):
    """Data of the event `lagged`: the stream was not read and ends; connect again with `after`."""

    after: int = Field(description="The number of the last event that was sent.")


class Followed(Part):
    """Data of the event `done`: the stream ends, since the call has ended, was deleted, or the stream lagged."""

    after: int = Field(description="The number of the last event that was sent.")


class AfterCall(Part):
    """What is written when a call ends."""

    call: CallFacts
    summary: Summary
    sheet: ScoreSheet | None = Field(description="The score sheet, 0 to 100; null where no rule concerns the call.")
    forms: tuple[FilledForm, ...] = Field(
        default=(), description="Forms that steps of the call name, as far as filled."
    )
    tags: tuple[Tag, ...] = ()
    outbound: OutboundResult | None = Field(default=None, description="What an outbound call came to.")


class EndedEvent(AfterCall):
    """Data of the event `ended`, the last one of a call."""

    number: int


class WholeCall(Part):
    """A call with everything that is known of it."""

    call: CallFacts
    language: str = Field(description="Language of what the seat is shown.")
    knowledge_base: str | None
    recording_consent: bool | None
    turns: list[Assist] = Field(description="In the order that they were spoken.")
    alerts: list[Alert] = Field(description="All that there were, in the order that they came.")
    judgement: Judgement | None = Field(
        default=None, description="What the rules say of it as it stands; its alerts are in `alerts`."
    )
    after: AfterCall | None = Field(default=None, description="Null while the call is going on.")


class Deleted(BaseModel):
    """What was deleted."""

    id: str = Field(description="Its id.")
    deleted: bool = Field(default=True, description="Always true.")


Json = dict[str, Any]
