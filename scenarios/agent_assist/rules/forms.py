"""What a file of rules may hold: one form for each kind of rule, strict, with every field explained.

`say`, `first`, `then` and `after` are phrases (`phrases.py`); times are seconds.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from appliance.core.messages import _
from appliance.scenario.words import Words

from ..models import Direction, Language, Severity, Speaker
from .shapes import Area

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=64)]
Texts = Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=200)]
Emotions = Literal["calm", "satisfied", "anxious", "confused", "disappointed", "angry"]


class Section(BaseModel):
    """A part of the file: unknown fields and wrong types are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Phrases(Section):
    """Phrases by the language that they are written in; each is looked for in every turn, as calls mix languages."""

    zh: Texts = Field(default_factory=list)
    en: Texts = Field(default_factory=list)

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.zh and not self.en:
            raise ValueError(_("give phrases under zh, en or both"))
        return self


class Said(Phrases):
    """Phrases and their exceptions: what an exception overlaps is not counted."""

    but_not: Phrases | None = None


class Condition(Section):
    """All that is given must hold; of a list one is enough. It holds from the turn on that fulfils it."""

    direction: Direction | None = None
    language: Language | None = None
    """Some turn of the customer is in it."""
    intent: list[str] = Field(default_factory=list)
    slot: list[str] = Field(default_factory=list)
    """Names of slots, said by either side."""
    product: list[str] = Field(default_factory=list)
    """Values of the slot `product`."""
    emotion: list[Emotions] = Field(default_factory=list)
    customer_said: Said | None = None
    seat_said: Said | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(_("give at least one condition, or leave the field out"))
        return self


class Within(Section):
    """How soon; where both are given both must hold."""

    seconds: float | None = Field(default=None, gt=0, le=86_400)
    turns: int | None = Field(default=None, ge=1, le=1000)
    """Turns of the side that has the duty: 1 is its next one."""

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.seconds is None and self.turns is None:
            raise ValueError(_("give seconds, turns or both"))
        return self


class RuleForm(Section):
    """What every rule has."""

    name: Name
    title: Words
    area: Area = "compliance"
    severity: Severity
    points: float = Field(default=0, ge=0, le=100)
    """In the score sheet; 0 keeps the rule out of it."""
    critical: bool = False
    """Where it is broken the score is at most the book's `critical_cap`."""
    when: Condition | None = None
    unless: Condition | None = None
    alert: Words
    """What happened."""
    hint: Words | None = None
    """What to say now."""
    source: Words
    """The law, the standard or the bank's own rule that asks for it."""
    enabled: bool = True


class MustSay(RuleForm):
    """Something is said once, in time from the moment when `when` came to hold, else from the beginning."""

    kind: Literal["must_say"]
    say: Said
    by: Speaker = "seat"
    within: Within | None = None
    """Without it: before the end."""
    last_turns: int | None = Field(default=None, ge=1, le=100)
    """Among the last turns of the side, judged at the end."""
    anew: bool = False
    """What was said before it was due does not count."""
    remind_when: Said | None = None
    """With `last_turns`: the customer's words that show that the end is near."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if self.within is not None and self.last_turns is not None:
            raise ValueError(_("give within or last_turns, not both"))
        if self.remind_when is not None and self.last_turns is None:
            raise ValueError(_("remind_when belongs to last_turns"))
        return self


class MustNotSay(RuleForm):
    """Something is never said."""

    kind: Literal["must_not_say"]
    say: Said
    by: Speaker = "seat"


class Order(RuleForm):
    """`then` is said only after `first`."""

    kind: Literal["order"]
    first: Said
    then: Said
    by: Speaker = "seat"
    answered: bool = False
    """The other side must have spoken in between."""


class Answer(RuleForm):
    """Each time that `after` was said, a side speaks, or says `say`, in time."""

    kind: Literal["within"]
    after: Said
    after_by: Speaker = "seat"
    say: Said | None = None
    by: Speaker = "seat"
    within: Within


class Silence(RuleForm):
    """Nobody speaks for longer than this between two turns."""

    kind: Literal["silence"]
    longer_than_s: float = Field(gt=0, le=3600)
    not_after: Said | None = None
    """Where the seat's last turn said so, the silence was announced."""


class Interruption(RuleForm):
    """A side begins to speak while the other has not finished, more often than allowed."""

    kind: Literal["interruption"]
    by: Speaker = "seat"
    at_most: int = Field(default=0, ge=0, le=1000)
    overlap_s: float = Field(default=0.5, gt=0, le=60)
    """Shorter overlaps are none."""
    ignore_words: int = Field(default=3, ge=0, le=100)
    """Turns of so few words only show that somebody listens."""


class TalkRatio(RuleForm):
    """The seat's share of the time in which somebody speaks."""

    kind: Literal["talk_ratio"]
    lowest: float = Field(default=0.0, ge=0, le=1)
    highest: float = Field(default=1.0, ge=0, le=1)
    after_s: float = Field(default=60, ge=0, le=3600)
    """Calls with less speech are not judged by it."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(_("lowest must be below highest"))
        return self


class Repeat(RuleForm):
    """Something is said more often than allowed."""

    kind: Literal["repeat"]
    say: Said
    by: Speaker = "seat"
    at_most: int = Field(ge=1, le=100)


KINDS: dict[str, type[RuleForm]] = {
    "must_say": MustSay,
    "must_not_say": MustNotSay,
    "order": Order,
    "within": Answer,
    "silence": Silence,
    "interruption": Interruption,
    "talk_ratio": TalkRatio,
    "repeat": Repeat,
}


class RuleFile(Section):
    """The file without its rules, which are read one by one so that a fault names its rule."""

    critical_cap: float | None = Field(default=None, ge=0, le=100)
    lists: dict[Name, Phrases] = Field(default_factory=dict)
    disabled: list[Name] = Field(default_factory=list)
    """Names of shipped rules that are switched off."""
