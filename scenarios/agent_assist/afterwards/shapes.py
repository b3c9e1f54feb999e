"""What is written after a call. Every line, field, tag and finding names the turns that it rests on."""

from typing import Annotated, Literal

from pydantic import Field

from ..models import Analysis, Part, Turn

Heard = tuple[Turn, Analysis]
"""A turn with what was read out of it; a call is a sequence of these, in the order that they were spoken."""

SectionName = Literal["reason", "facts", "promised", "follow_up", "outcome"]
Outcome = Literal["resolved", "pending", "not_resolved", "unclear"]
Interest = Literal["none", "low", "medium", "high"]
ObjectionKind = Literal["price", "trust", "no_need", "time", "risk", "already_has"]
DayPart = Literal["morning", "noon", "afternoon", "evening"]

TurnIds = Annotated[tuple[str, ...], Field(min_length=1, description="Ids of the turns that it rests on.")]


class When(Part):
    """A time that was said, and what it comes to on the calendar."""

    said: str = Field(description="The words.")
    date: str | None = Field(default=None, description="YYYY-MM-DD; null where the words name no day.")
    time: str | None = Field(default=None, description="HH:MM, 24 hours.")
    part: DayPart | None = Field(default=None, description="Part of the day, where no hour was said.")


class Line(Part):
    """One line of a summary."""

    text: str = Field(min_length=1)
    turns: TurnIds
    kind: Literal["quoted", "computed", "phrased"] = Field(
        description="quoted: words of the turns; computed: worked out of them; phrased: written by the chat model and "
        "found to say nothing that the turns do not."
    )
    note: str | None = Field(default=None, description="Why the chat model's wording was not taken, where it was not.")
    by: str | None = Field(default=None, description="Of a promise, who is to keep it: seat, or whoever was named.")
    due: When | None = Field(default=None, description="Of a promise or a next contact, by when.")


class Section(Part):
    """Lines under one title."""

    name: SectionName
    title: str = Field(description="In the language that was asked for.")
    lines: tuple[Line, ...] = ()


class Summary(Part):
    """What a call came to, in sections; quoted words stay in the language that they were said in."""

    sections: tuple[Section, ...]
    outcome: Outcome = Field(description="By what was said; unclear where nothing was.")
    generated: bool = Field(default=False, description="Whether the chat model wrote a line of it.")


class FilledField(Part):
    """A field of a form with the turns that it came from."""

    name: str
    title: str
    value: str | None = Field(default=None, description="For machines; null where the call does not say it.")
    text: str | None = Field(default=None, description="As it was said, or the choice's title.")
    turns: tuple[str, ...] = Field(default=(), description="Ids of the turns that it came from; none without a value.")
    required: bool = False
    valid: bool = Field(default=True, description="Whether the value passes the field's check.")
    note: str | None = Field(default=None, description="What is wrong with the value, or what was assumed.")
    confirmed: bool = Field(default=False, description="Whether the other side has said it again or agreed to it.")
    others: tuple["OtherValue", ...] = Field(default=(), description="Values said before that differ, in order.")


class OtherValue(Part):
    """A value that was said for a field and does not hold."""

    value: str
    turns: TurnIds


class FilledForm(Part):
    """A form as far as the call fills it."""

    form: str
    title: str
    fields: tuple[FilledField, ...]
    missing: tuple[str, ...] = Field(default=(), description="Names of required fields without a valid value.")
    complete: bool = Field(description="Whether every required field has a valid value.")


class Tag(Part):
    """A label of the call."""

    name: str
    title: str
    group: str = Field(description="product, intent, quality or a group of the bank's own.")
    turns: TurnIds


class Objection(Part):
    """Why the customer holds back."""

    kind: ObjectionKind
    text: str = Field(description="The customer's words.")
    turns: TurnIds


class Product(Part):
    """A product that was talked about."""

    name: str
    turns: TurnIds


class Consent(Part):
    """Whether the customer may be called again."""

    do_not_call: bool = Field(description="The customer has asked not to be called, and has not taken it back.")
    contact: bool | None = Field(default=None, description="Whether they agreed to be contacted; null where not said.")
    turns: tuple[str, ...] = ()
    to_review: tuple[str, ...] = Field(
        default=(),
        description="Turns that speak against calls in words that no rule is sure of: a person reads them before the "
        "customer is called again.",
    )


class Interested(Part):
    """How interested the customer sounded, and why."""

    level: Interest
    reasons: tuple[str, ...] = Field(default=(), description="The words that it rests on.")
    turns: tuple[str, ...] = ()


class NextContact(Part):
    """When to get in touch again, as agreed; never set where the customer does not want to be called."""

    when: When
    channel: Literal["call", "message", "email", "branch"] = "call"
    turns: TurnIds


class OutboundResult(Part):
    """What an outbound call came to. `schema_of_result()` gives its JSON schema."""

    reached: bool = Field(description="Whether the customer themselves was spoken to.")
    interest: Interested
    objections: tuple[Objection, ...] = ()
    consent: Consent
    next_contact: NextContact | None = None
    products: tuple[Product, ...] = ()
