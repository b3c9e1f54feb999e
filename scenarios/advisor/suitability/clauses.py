"""A text in clauses, each with the products that it names and with what its words as a whole say."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from .wording import wording


@dataclass(frozen=True)
class Mention:
    """A place where a product is named."""

    start: int
    end: int
    refused: bool


@dataclass(frozen=True)
class Clause:
    """A clause from `start` to `end` of a text, in a sentence from `first` to `until`."""

    plain: str = field(repr=False)
    start: int
    end: int
    first: int
    until: int
    last: bool
    """It ends its sentence, with a question mark where `asked`."""
    asked: bool
    here: tuple[Mention, ...]
    earlier: Mention | None
    """The last product named before the clause."""
    later: tuple[Mention, ...]
    """The products named after the clause in its sentence."""

    @property
    def words(self) -> str:
        """The clause itself."""
        return self.plain[self.start : self.end]

    @cached_property
    def length(self) -> int:
        """Letters without the blanks around them."""
        return len(self.words.strip())

    @cached_property
    def open(self) -> bool:
        """Whether it asks, is about others, or is put off until a new assessment: then it allows nothing."""
        said, words, sentence = wording(), self.words, self.plain[self.first : self.until]
        if said.question.search(words):
            return True
        asked = self.asked or (self.last and said.asking.search(words) is not None)
        if asked and not said.rhetorical.search(words):
            return True
        if said.only_others.search(words) and not said.mine.search(words):
            return True
        later = said.later.search(sentence) and said.condition.search(sentence)
        return bool(later) and not said.skipped.search(sentence)

    @cached_property
    def of_other_things(self) -> bool:
        """Whether it speaks of other products without their names."""
        return wording().other_things.search(self.words) is not None

    @cached_property
    def pointing(self) -> bool:
        """Whether it says `it` or `this fund`."""
        return wording().pointing.search(self.words) is not None


def clauses_of(plain: str, mentions: Sequence[Mention]) -> list[Clause]:
    """Return the clauses of a folded text; `mentions` are in its order. No border lies within a name."""
    parts: list[tuple[int, int, int, bool, bool]] = []
    begin, sentence = 0, 0
    starts, ends = [one.start for one in mentions], [one.end for one in mentions]
    borders = [(one.start(), one.end()) for one in wording().border.finditer(plain)]
    for start, end in [*borders, (len(plain), len(plain))]:
        if bisect_left(starts, end) > bisect_right(ends, start):
            continue
        mark = plain[start:end]
        last = bool(wording().end.search(mark)) or end == len(plain)
        if plain[begin:start].strip():
            parts.append((begin, start, sentence, last, "?" in mark))
        begin, sentence = end, sentence + last
    spans: dict[int, tuple[int, int]] = {}
    for start, end, number, _last, _asked in parts:
        spans[number] = (spans.get(number, (start, end))[0], end)
    found = []
    for start, end, number, last, asked in parts:
        inside = slice(bisect_left(starts, start), bisect_left(starts, end))
        first, until = spans[number]
        later = mentions[inside.stop : bisect_left(starts, until)]
        earlier = mentions[inside.start - 1] if inside.start else None
        here = tuple(mentions[inside])
        found.append(Clause(plain, start, end, first, until, last, asked, here, earlier, tuple(later)))
    return found
