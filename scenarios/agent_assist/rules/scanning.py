"""Searches a turn for all phrases of a book at once: only those are tried that can begin with the word at hand."""

from bisect import bisect_left
from collections.abc import Sequence

from .marks import Span
from .phrases import Literal, Phrase, Stem, first_pieces, reached
from .tokens import END, is_number, tokens_of

MAX_HITS = 8
"""Of one group in one turn: more of the same says nothing new."""
MAX_TRIES = 300
"""Of one phrase in one turn: words that begin it and do not go on so. It bounds the cost of a hostile turn."""
_STEM = 2
"""Letters of a stem that it is filed under."""


class Scanner:
    """Groups of phrases; a group is found where one of its phrases is, unless an exception overlaps it."""

    def __init__(self) -> None:
        self._words: dict[str, list[tuple[int, Phrase]]] = {}
        self._stems: dict[str, list[tuple[int, Phrase]]] = {}
        self._numbers: list[tuple[int, Phrase]] = []
        self._exceptions: dict[int, int] = {}
        self._excepted: set[int] = set()
        self._groups: dict[tuple[Sequence[Phrase], Sequence[Phrase]], int] = {}
        self._count = 0

    def add(self, phrases: Sequence[Phrase], exceptions: Sequence[Phrase]) -> int:
        """Take a group up and return its number; the same phrases have the same number."""
        known = (tuple(phrases), tuple(exceptions))
        if known not in self._groups:
            group = self._groups[known] = self._file(phrases)
            if exceptions:
                self._exceptions[group] = self._file(exceptions)
                self._excepted.add(self._exceptions[group])
        return self._groups[known]

    def _file(self, phrases: Sequence[Phrase]) -> int:
        group, self._count = self._count, self._count + 1
        for phrase in phrases:
            for place in {id(place): place for place in map(self._place, first_pieces(phrase))}.values():
                place.append((group, phrase))
        return group

    def _place(self, first: object) -> list[tuple[int, Phrase]]:
        if isinstance(first, Literal):
            return self._words.setdefault(first.words[0], [])
        if isinstance(first, Stem):
            return self._stems.setdefault(first.start[:_STEM], [])
        return self._numbers

    def scan(self, text: str) -> tuple[int, dict[int, tuple[Span, ...]]]:
        """Return how many words a text has, and where each group that it holds was said, in characters."""
        words, starts, ends = tokens_of(text)
        found: dict[int, list[Span]] = {}
        tries: dict[int, int] = {}
        for at, word in enumerate(words):
            exact = self._words.get(word, ())
            stems = self._stems.get(word[:_STEM], ())
            numbers = self._numbers if self._numbers and is_number(word) else ()
            for candidates in (exact, stems, numbers):
                for group, phrase in candidates:
                    first = phrase[0]
                    # Most phrases fail at their first words: no set is made for those.
                    if isinstance(first, Literal) and tuple(words[at : at + len(first.words)]) != first.words:
                        continue
                    tried = tries[id(phrase)] = tries.get(id(phrase), 0) + 1
                    if tried <= MAX_TRIES and (places := reached(phrase, words, {at})):
                        # Of what is looked for the nearest end, so that no later exception reaches into it.
                        end = max(places) if group in self._excepted else min(places)
                        found.setdefault(group, []).append((at, end))
        count = len(words) - words.count(END)
        return count, {
            group: tuple((starts[begin], ends[end - 1]) for begin, end in spans[:MAX_HITS])
            for group, spans in self._allowed(found).items()
        }

    def _allowed(self, found: dict[int, list[Span]]) -> dict[int, list[Span]]:
        """Return the groups without what an exception overlaps, and without the exceptions."""
        kept = {}
        for group, spans in found.items():
            if group in self._excepted:
                continue
            against = _apart(found.get(self._exceptions.get(group, -1), []))
            left = [span for span in spans if not _overlapped(span, against)] if against else spans
            if left:
                kept[group] = _apart(left)
        return kept


def _overlapped(span: Span, sorted_apart: list[Span]) -> bool:
    """Tell whether one of the spans, which are in order and apart, shares a word with `span`."""
    last = bisect_left(sorted_apart, (span[1],)) - 1
    return last >= 0 and sorted_apart[last][1] > span[0]


def _apart(spans: list[Span]) -> list[Span]:
    """Return spans that do not overlap, in order: two phrases at one place are said once."""
    kept: list[Span] = []
    for begin, end in sorted(spans):
        if kept and begin < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((begin, end))
    return kept
