"""What a call is made of, and what is found in it: the shapes that every part of this pack shares.

Times are seconds since the call began. Texts that people read are in the language of whoever asks, except what people
said, which stays as it was said.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

Speaker = Literal["customer", "seat"]
Language = Literal["en", "zh"]
Direction = Literal["inbound", "outbound"]
Level = Literal["low", "medium", "high"]
Severity = Literal["notice", "warning", "serious"]
Flag = Literal["clock", "card_late", "card_unavailable"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class Turn(Part):
    """What one side said without being followed by the other, as it is known now."""

    id: str = Field(description="The caller's own id of the turn, the same in every revision.")
    revision: int = Field(description="Counts the revisions of speech recognition, from 1; the highest one holds.")
    speaker: Speaker
    text: str
    start_s: float = Field(description="When it began.")
    end_s: float = Field(description="When it ended.")


class Intent(Part):
    """What the customer wants."""

    name: str = Field(description="Name of the intent, such as card_arrival.")
    title: str = Field(description="Its title that people read.")
    confidence: Share


class Slot(Part):
    """A value that was said, read and checked."""

    name: str = Field(description="amount, date, card, product, branch or a name of the bank's own.")
    value: str = Field(description="In a form for machines: 50000.00 CNY, 2026-03-01, the last 4 digits of a card.")
    text: str = Field(description="As it was said; of a card or an account only what may be shown.")
    start: int = Field(description="Where it begins in the turn's text, in characters.")
    end: int = Field(description="Where it ends.")
    valid: bool = Field(description="Whether it passed its check, such as the check digit of a card.")
    note: str | None = Field(default=None, description="What is wrong with it, or what was assumed.")


class Emotion(Part):
    """How a customer's turn sounds, by its words."""

    label: Literal["calm", "satisfied", "anxious", "confused", "disappointed", "angry"]
    score: float = Field(ge=-1.0, le=1.0, description="From -1, very upset, to 1, very pleased; 0 is calm.")
    evidence: tuple[str, ...] = Field(default=(), description="The words that it rests on.")


class Mood(Part):
    """How a call has gone so far for the customer."""

    score: float = Field(ge=-1.0, le=1.0, description="The turns so far, the latest weighing most.")
    trend: Literal["better", "steady", "worse"]


class Risk(Part):
    """How likely it is that the customer complains or wants somebody else, by rules; no probability."""

    escalation: Share
    complaint: Share
    level: Level
    reasons: tuple[str, ...] = ()


class Card(Part):
    """What to answer from: a quotation of the knowledge base with its place."""

    text: str = Field(description="The quoted sentences.")
    document: str
    document_id: str
    page: int | None = None
    section: str | None = None
    knowledge_base: str
    confidence: Share


class Step(Part):
    """The next best action, from a playbook."""

    playbook: str
    step: str
    text: str
    documents: tuple[str, ...] = Field(default=(), description="What the customer must bring or send.")
    forms: tuple[str, ...] = Field(default=(), description="Forms to be filled in.")


class Reply(Part):
    """What the seat may say, in the bank's wording."""

    template: str = Field(description="Name of the wording in the YAML file.")
    text: str


class Alert(Part):
    """A rule that was broken, or a duty that is due."""

    rule: str
    severity: Severity
    text: str = Field(description="What happened, or what must be said now.")
    turns: tuple[str, ...] = Field(default=(), description="Ids of the turns that it rests on.")
    at_s: float
    key: str = Field(default="", description="The same whenever the same thing is said of the call again.")
    hint: str | None = Field(default=None, description="What to say now.")


class Analysis(Part):
    """What is read out of one turn alone, whatever stands before it; kept with the turn."""

    language: Language
    intent: Intent | None = Field(default=None, description="Of a customer's turn; null where none is sure enough.")
    others: tuple[Intent, ...] = Field(default=(), description="The next likely intents.")
    slots: tuple[Slot, ...] = ()
    emotion: Emotion | None = None


class Assist(Part):
    """What the seat sees after a turn; cards, steps and replies only after a customer's turn, where one fits.

    `number` counts the events of the call, from 1: a stream goes on behind the last number that was seen.
    """

    number: int
    turn: Turn
    analysis: Analysis
    mood: Mood
    risk: Risk
    card: Card | None = None
    steps: tuple[Step, ...] = ()
    replies: tuple[Reply, ...] = ()
    alerts: tuple[Alert, ...] = Field(default=(), description="Those that are new with this turn.")
    flags: tuple[Flag, ...] = Field(
        default=(),
        description="clock: its times cannot be right, so rules about time do not judge this call; card_late, "
        "card_unavailable: the knowledge base did not answer in time, or at all.",
    )


class CallFacts(Part):
    """A call in a list. What is kept of it is kept under these names, at the top of the record's data."""

    id: str
    call_id: str | None = Field(
        default=None, description="The call centre's own id, where it gave one; the call is found by it too."
    )
    state: Literal["open", "ended", "abandoned"]
    direction: Direction
    seat: str = Field(description="The seat's id in the call centre.")
    product: str | None = Field(
        default=None, description="What the call is about, as the call centre names it or a slot does."
    )
    languages: tuple[Language, ...] = ()
    started_at: str = Field(description="RFC 3339, UTC.")
    ended_at: str | None = None
    duration_s: float = 0.0
    turns: int = 0
    intent: str | None = Field(default=None, description="Name of the intent that the call is mainly about.")
    mood: Mood = Mood(score=0.0, trend="steady")
    risk: Risk = Risk(escalation=0.0, complaint=0.0, level="low")
    alerts: int = Field(default=0, description="How many there were.")
    score: float | None = Field(default=None, description="Of the score sheet, 0 to 100; null before the end.")
    outcome: Literal["resolved", "pending", "not_resolved", "unclear"] | None = Field(
        default=None, description="Of the summary; null before the end."
    )
    tags: tuple[str, ...] = ()

    # What a record is counted and found by must stand at the top of its data.
    @computed_field(description="Of the risk.")  # type: ignore[prop-decorator]
    @property
    def level(self) -> Level:
        """The risk's level."""
        return self.risk.level

    @computed_field(description="Day on which it began, UTC.")  # type: ignore[prop-decorator]
    @property
    def day(self) -> str:
        """The day of `started_at`."""
        return self.started_at[:10]

    @computed_field(description="1 where there is a score, else 0.")  # type: ignore[prop-decorator]
    @property
    def scored(self) -> int:
        """How many scores it has."""
        return int(self.score is not None)
