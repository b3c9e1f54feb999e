"""Playbooks: the next best action, folded from the turns so far."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from appliance.core.messages import Message, _
from appliance.scenario.words import Words

from ..models import Analysis, Direction, Speaker, Step, Turn
from .playbook_files import DoneWhen, PlayForm, StepForm, read_plays
from .said import Ear, unknown_intents

Key = TypeVar("Key")

_MOST_STEPS = 3
_SURE = 0.5
"""Confidence that an intent needs to begin a playbook, and"""
_SURER = 0.7
"""to lead away from the one that is followed."""
_HAND_OVER = "hand_over"
_NUMBER = re.compile(
    r"\d|[零〇一二两三四五六七八九幺]{3}|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)\b"
    r"[\s,-]+(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b",
    re.IGNORECASE,
)
_LOCALES = {"en": "en", "zh": "zh_CN"}


@dataclass(frozen=True)
class PlayMarks:
    """Which of a book's phrases a turn has; made once a turn by `PlayBook.mark`, cheap to make again."""

    book: object = None
    phrases: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Done:
    """A step's condition with the numbers of its phrases."""

    said: tuple[tuple[Speaker, int], ...]
    number_asked: int | None
    slots: tuple[str, ...]


@dataclass(frozen=True)
class _Play:
    """A playbook with the numbers of its phrases."""

    form: PlayForm
    begins: int | None
    done: Mapping[str, _Done]
    hands_over: int | None


@dataclass
class _Course:
    """What was said so far: the last turn with each phrase and slot, and the one in which each playbook began."""

    said: dict[tuple[Speaker, int], int] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    """The customer's turns with a number."""
    seat_spoke: int = -1
    current: _Play | None = None

    def answered(self, phrases: int) -> int:
        """Return the seat's turn that went on after the customer had answered its question with a number, or -1."""
        asked = self.said.get(("seat", phrases))
        if asked is None:
            return -1
        answer = next((number for number in self.numbers if number > asked), None)
        return self.seat_spoke if answer is not None and self.seat_spoke > answer else -1


class PlayBook:
    """All playbooks, as the pack ships them and the bank changed them."""

    def __init__(self, plays: Sequence[_Play], asks: Mapping[str, Words], ear: Ear) -> None:
        self._ear = ear
        self._asks = asks
        self._plays = tuple(plays)
        self._by_phrase: dict[int, list[int]] = {}
        self._by_intent: dict[str, list[int]] = {}
        for place, play in enumerate(plays):
            if play.begins is not None:
                self._by_phrase.setdefault(play.begins, []).append(place)
            for intent in play.form.when.intents:
                self._by_intent.setdefault(intent, []).append(place)
        self.warnings: tuple[Message, ...] = tuple(
            warning for play in plays for warning in unknown_intents(play.form.name, play.form.when.intents)
        )

    @classmethod
    def load(cls, shipped: Path, own: Path | None = None) -> "PlayBook":
        """Read both files; `own` may be missing. Raises `ConfigError`, naming file, entry and fix."""
        read, ear = read_plays(shipped, own), Ear()
        plays = []
        for placed in read.books:
            form, entry = placed.form, f"playbooks.{placed.form.name}"
            done = {
                step.id: _done(step.done_when, ear, placed.file, f"{entry}.steps.{step.id}.done_when")
                for step in form.steps
            }
            hands_over = None
            if form.hand_over is not None:
                done[_HAND_OVER] = _done(form.hand_over.done_when, ear, placed.file, f"{entry}.hand_over.done_when")
                hands_over = ear.take(form.hand_over.customer_said, placed.file, f"{entry}.hand_over.customer_said")
            plays.append(_Play(form, ear.take(form.when.said, placed.file, f"{entry}.when.said"), done, hands_over))
        return cls(plays, read.asks, ear)

    @property
    def titles(self) -> dict[str, Words]:
        """The playbooks' titles by name."""
        return {play.form.name: play.form.title for play in self._plays}

    def mark(self, turn: Turn, analysis: Analysis) -> PlayMarks:
        """Return which phrases of this book the turn has."""
        return PlayMarks(self, self._ear.hear(turn.text))

    def steps(
        self,
        turns: Sequence[tuple[Turn, Analysis]],
        language: str,
        *,
        direction: Direction = "inbound",
        marks: Sequence[PlayMarks] | None = None,
    ) -> tuple[Step, ...]:
        """Return the next 1 to 3 open steps of the playbook that the customer began last; none where there is none.

        `turns` are all turns in order, `language` is the seat's (`en`, `zh_CN`). `marks` are those of the turns, made
        by this book; without them, or where they are another book's, they are made here.
        """
        known = marks if marks is not None and len(marks) == len(turns) else (PlayMarks(),) * len(turns)
        course = _Course()
        for number, ((turn, analysis), marked) in enumerate(zip(turns, known, strict=True)):
            phrases = marked.phrases if marked.book is self else self._ear.hear(turn.text)
            self._follow(course, number, turn, analysis, phrases, direction)
        return () if course.current is None else self._open(course, course.current, language)

    def _follow(
        self,
        course: _Course,
        number: int,
        turn: Turn,
        analysis: Analysis,
        phrases: frozenset[int],
        direction: Direction,
    ) -> None:
        """Take one more turn into account."""
        for phrase in phrases:
            course.said[turn.speaker, phrase] = number
        for slot in analysis.slots:
            if slot.valid:
                course.slots[slot.name] = number
        if turn.speaker != "customer":
            course.seat_spoke = number
            return
        if _NUMBER.search(turn.text):
            course.numbers.append(number)
        # Words are the surer sign: a bank writes them down because they must not be missed.
        begun = self._first(self._by_phrase, phrases, course, direction)
        sure = _SURE if course.current is None else _SURER
        if begun is None and analysis.intent is not None and analysis.intent.confidence >= sure:
            begun = self._first(self._by_intent, (analysis.intent.name,), course, direction)
        if begun is not None:
            course.current = begun
            course.begun.setdefault(begun.form.name, number)

    def _first(
        self, index: Mapping[Key, Sequence[int]], keys: Iterable[Key], course: _Course, direction: Direction
    ) -> _Play | None:
        """Return the first playbook in the file's order that one of the keys begins."""
        for place in sorted({place for key in keys for place in index.get(key, ())}):
            when = self._plays[place].form.when
            if when.direction in (None, direction) and course.slots.keys() >= set(when.slots):
                return self._plays[place]
        return None

    def _open(self, course: _Course, play: _Play, language: str) -> tuple[Step, ...]:
        form, since = play.form, course.begun[play.form.name]
        found: list[Step] = []
        over = form.hand_over
        if over is not None and not _is_done(play.done[_HAND_OVER], course, since):
            last = Step(playbook=form.name, step=_HAND_OVER, text=over.text.within(language))
            if play.hands_over is not None and course.said.get(("customer", play.hands_over), -1) >= since:
                return (last,)
        else:
            last = None
        for step in form.steps:
            if _is_done(play.done[step.id], course, 0 if step.once_a_call else since):
                continue
            found += self._asked_first(step, form.name, course, language, found)
            found.append(_shown(step, form.name, language))
            if len(found) >= _MOST_STEPS:
                break
        if not found and last is not None:
            found.append(last)
        return tuple(found[:_MOST_STEPS])

    def _asked_first(
        self, step: StepForm, playbook: str, course: _Course, language: str, before: Sequence[Step]
    ) -> list[Step]:
        """Return a step for each value that a step needs and that nobody has said."""
        asked = {one.step for one in before}
        missing = [slot for slot in step.needs if slot not in course.slots and f"ask-{slot}" not in asked]
        return [Step(playbook=playbook, step=f"ask-{slot}", text=self._ask(slot, language)) for slot in missing]

    def _ask(self, slot: str, language: str) -> str:
        if slot in self._asks:
            return self._asks[slot].within(language)
        locale = _LOCALES["zh" if language.startswith("zh") else "en"]
        return _("Ask for: {slot}.", slot=slot).render(locale)


def _done(condition: DoneWhen, ear: Ear, path: Path, entry: str) -> _Done:
    said: list[tuple[Speaker, int]] = []
    by: tuple[tuple[Speaker, str], ...] = (("seat", "seat_said"), ("customer", "customer_said"))
    for speaker, name in by:
        phrases = ear.take(getattr(condition, name), path, f"{entry}.{name}")
        if phrases is not None:
            said.append((speaker, phrases))
    number_asked = ear.take(condition.number_asked, path, f"{entry}.number_asked")
    return _Done(tuple(said), number_asked, condition.slots)


def _is_done(done: _Done, course: _Course, since: int) -> bool:
    """Tell whether a condition holds; a value counts wherever in the call it was said."""
    if any(course.said.get(one, -1) >= since for one in done.said):
        return True
    if done.number_asked is not None and course.answered(done.number_asked) >= since:
        return True
    return bool(done.slots) and all(slot in course.slots for slot in done.slots)


def _shown(step: StepForm, playbook: str, language: str) -> Step:
    return Step(
        playbook=playbook,
        step=step.id,
        text=step.text.within(language),
        documents=step.documents.within(language),
        forms=step.forms.within(language),
    )
