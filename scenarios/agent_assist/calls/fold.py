"""A call's course: everything that depends on more than one turn, worked out from the turns in their order."""

import zlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..guidance import PlayMarks
from ..models import Analysis, Assist, Card, Direction, Flag, Language, Mood, Reply, Risk, Step, Turn
from ..reading.mood import mood_of
from ..reading.risk import RiskMarks
from ..rules import Judgement, Marks
from .books import Books


@dataclass(slots=True)
class Heard:
    """A turn as it stands, with what was read in it."""

    turn: Turn
    analysis: Analysis
    arrival: int
    """Which turn of the call it was to come, from 1; a corrected one keeps its own."""
    place_s: float
    """Where it stands: its start, or where its clock cannot be right the end of what was there when it came."""
    card: Card | None = None
    flags: tuple[Flag, ...] = ()
    number: int = 0
    """Of its event; 0 before it has one."""
    _packed: bytes = b""

    @property
    def assist(self) -> Assist:
        """What the seat was shown, kept packed: it is asked for again seldom, and is most of what a call holds."""
        return Assist.model_validate_json(zlib.decompress(self._packed))

    def show(self, assist: Assist) -> None:
        """Keep what the seat is shown."""
        self.number = assist.number
        self._packed = zlib.compress(assist.model_dump_json().encode(), 1)

    @property
    def place(self) -> tuple[float, int]:
        """What turns are ordered by."""
        return self.place_s, self.arrival


@dataclass(frozen=True, slots=True)
class _Marks:
    rules: Marks
    risk: RiskMarks
    play: PlayMarks


@dataclass(frozen=True)
class Standing:
    """How a call stands."""

    mood: Mood
    risk: Risk
    judgement: Judgement


class Fold:
    """The turns of one call in order. One that comes last costs its own marks alone; any other folds all again."""

    def __init__(self, books: Books, direction: Direction, language: str) -> None:
        """Take the language of what the seat is shown."""
        self.books = books
        self.characters = 0
        self._direction = direction
        self._language = language
        self._heard: list[Heard] = []
        self._by_id: dict[str, Heard] = {}
        self._marks: list[_Marks] = []
        self._course = books.rules.course(direction)

    def __len__(self) -> int:
        return len(self._heard)

    @property
    def heard(self) -> Sequence[Heard]:
        """The turns in their order."""
        return self._heard

    @property
    def pairs(self) -> list[tuple[Turn, Analysis]]:
        """The turns in their order, each with what was read in it."""
        return [(one.turn, one.analysis) for one in self._heard]

    @property
    def end_s(self) -> float:
        """When the last turn ended, without those whose clock cannot be right."""
        return max((one.turn.end_s for one in self._heard if "clock" not in one.flags), default=0.0)

    @property
    def last_s(self) -> float:
        """Where the last turn stands."""
        return self._heard[-1].place_s if self._heard else 0.0

    def get(self, turn_id: str) -> Heard | None:
        """Return a turn as it stands, or None."""
        return self._by_id.get(turn_id)

    def put(self, heard: Heard) -> None:
        """Take a turn, in place of the one with its id if there is one."""
        known = self._by_id.get(heard.turn.id)
        last = not self._heard or heard.place > self._heard[-1].place
        marks = _marks_of(heard, self.books)
        if known is None and last:
            self._insert(len(self._heard), heard, marks)
            self._course.add(heard.turn, heard.analysis, marks.rules)
            return
        if known is not None:
            index = self._heard.index(known)
            del self._heard[index], self._marks[index]
            self.characters -= len(known.turn.text)
        self._insert(bisect_left([one.place for one in self._heard], heard.place), heard, marks)
        self._again()

    def use(self, books: Books) -> None:
        """Go by other books from now on."""
        if books is not self.books:
            marks = [
                _marks_of(one, books, self.books, known) for one, known in zip(self._heard, self._marks, strict=True)
            ]
            self.books, self._marks = books, marks
            self._again()

    def standing(self, *, ended: bool, now_s: float) -> Standing:
        """Return how the call stands at `now_s`."""
        return Standing(
            mood=mood_of([one.analysis.emotion for one in self._heard if one.analysis.emotion is not None]),
            risk=self.books.risk.risk([marks.risk for marks in self._marks], self._language),
            judgement=self.books.rules.judge_course(self._course, ended=ended, now_s=now_s, language=self._language),
        )

    def steps(self) -> tuple[Step, ...]:
        """Return the next best actions."""
        marks = [one.play for one in self._marks]
        return self.books.playbooks.steps(self.pairs, self._language, direction=self._direction, marks=marks)

    def replies(self, heard: Heard) -> tuple[Reply, ...]:
        """Return what may be said to a turn that was taken."""
        behind = next(index for index, one in enumerate(self._heard) if one is heard) + 1
        return self.books.replies.replies(self.pairs[:behind], heard.card)

    def languages(self) -> tuple[Language, ...]:
        """Return the languages that were spoken, the most spoken first."""
        return tuple(language for language, _n in Counter(one.analysis.language for one in self._heard).most_common())

    def intent(self) -> str | None:
        """Return the name of the intent that the call is mainly about: the one with most confidence in all."""
        sums: defaultdict[str, float] = defaultdict(float)
        for one in self._heard:
            if one.analysis.intent is not None:
                sums[one.analysis.intent.name] += one.analysis.intent.confidence
        return max(sums, key=lambda name: sums[name], default=None)

    def product(self) -> str | None:
        """Return the product that was named most."""
        named = Counter(slot.value for one in self._heard for slot in one.analysis.slots if slot.name == "product")
        return named.most_common(1)[0][0] if named else None

    def _insert(self, index: int, heard: Heard, marks: _Marks) -> None:
        self._heard.insert(index, heard)
        self._marks.insert(index, marks)
        self._by_id[heard.turn.id] = heard
        self.characters += len(heard.turn.text)

    def _again(self) -> None:
        self._course = self.books.rules.course(self._direction)
        for one, marks in zip(self._heard, self._marks, strict=True):
            self._course.add(one.turn, one.analysis, marks.rules)


def _marks_of(heard: Heard, books: Books, before: Books | None = None, known: _Marks | None = None) -> _Marks:
    """Return the marks of a turn; of the `known` ones those whose book is the same as `before` stand."""
    turn, analysis = heard.turn, heard.analysis
    if before is None or known is None:
        return _Marks(
            books.rules.mark(turn, analysis), books.risk.mark(turn, analysis), books.playbooks.mark(turn, analysis)
        )
    return _Marks(
        known.rules if books.rules is before.rules else books.rules.mark(turn, analysis),
        known.risk if books.risk is before.risk else books.risk.mark(turn, analysis),
        known.play if books.playbooks is before.playbooks else books.playbooks.mark(turn, analysis),
    )
