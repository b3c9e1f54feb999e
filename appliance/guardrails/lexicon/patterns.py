"""What is looked for: every spelling of every entry, compiled with all that decides whether a match counts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import ahocorasick

from appliance.core.messages import _
from appliance.guardrails.lexicon.entries import Entry, wrong_entry
from appliance.guardrails.lexicon.folding import Folded, is_wordlike, letters_of
from appliance.guardrails.lexicon.gaps import REACH, gaps_of, joined, stand_apart
from appliance.guardrails.lexicon.spellings import spellings

_LEAST_LETTERS = 2
_FEW = 24  # bytes of letters up to which runs are looked up: faster than the automaton, whose nodes lie far apart


@dataclass(frozen=True, slots=True)
class Context:
    """Folded phrases that decide about a match: `excuses` are (letters before, letters after) it."""

    only: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    near: int = 0
    excuses: tuple[tuple[str, str], ...] = ()

    @property
    def reach(self) -> int:
        """How many letters before a match it reads."""
        return max([self.near, *(len(before) for before, _after in self.excuses)])

    def judge(self, folded: Folded, start: int, end: int, final: bool) -> bool | None:
        """Tell whether the letters `start` to `end` count here; None where that depends on text still to come."""
        skeleton = folded.skeleton
        open_excuse = False
        for before, after in self.excuses:
            if skeleton.endswith(before, 0, start):
                following = skeleton[end : end + len(after)]
                if following == after:
                    return False
                open_excuse = open_excuse or (not final and after.startswith(following))
        beside = (skeleton[max(0, start - self.near) : start], skeleton[end : end + self.near])
        complete = final or len(beside[1]) == self.near
        if any(phrase in side for phrase in self.unless for side in beside):
            return False
        wanted = not self.only or any(phrase in side for phrase in self.only for side in beside)
        if not wanted and complete:
            return False
        undecided = open_excuse or not wanted or (bool(self.unless) and not complete)
        return None if undecided else True


@dataclass(frozen=True, slots=True)
class Pattern:
    """One spelling of one entry. `left` and `right`: that edge must be the edge of a word."""

    entry: Entry
    key: str
    breaks: frozenset[int]
    left: bool
    right: bool
    context: Context | None

    def excused(self, excuse: tuple[str, str]) -> "Pattern":
        """Return the pattern with one more excuse."""
        context = self.context or Context()
        return replace(self, context=replace(context, excuses=(*context.excuses, excuse)))

    @property
    def rule(self) -> str:
        """Its name in verdicts."""
        return f"lexicon:{self.entry.category}/{self.entry.id}"

    def judge(self, folded: Folded, start: int, end: int, final: bool) -> bool | None:
        """Tell whether the letters `start` to `end` are this word; None where that depends on text still to come."""
        places = folded.places
        verdicts: list[bool | None] = []
        if places[end - 1] - places[start] != end - 1 - start:
            whole = joined(self.key, self.breaks, gaps_of(folded.aligned, places[start:end]))
            if whole == "no":
                return False
            if whole == "apart":
                verdicts.append(stand_apart(folded, start, end, final))
        if self.left and is_wordlike(folded.neighbour(places[start], -1)):
            return False
        if self.right:
            following = folded.neighbour(places[end - 1], 1)
            verdicts.append(not is_wordlike(following) if following or final else None)
        if self.context is not None:
            verdicts.append(self.context.judge(folded, start, end, final))
        if False in verdicts:
            return False
        return None if None in verdicts else True


def as_code(letters: str) -> str:
    """Return letters as their UTF-8 bytes, one character each.

    pyahocorasick looks for a node's child in a list: with one node for each of the 7,000 characters that words begin
    with it reads 7 MB/s; over bytes 26.
    """
    return letters.encode().decode("latin-1")


class Patterns:
    """All patterns, and the automaton that finds their letters."""

    def __init__(self, entries: Iterable[Entry], allow: Iterable[str]) -> None:
        entries = tuple(entries)
        by_key = _by_key(entries)
        self._automaton = ahocorasick.Automaton()
        for key in by_key:
            self._automaton.add_word(as_code(key), key)
        if by_key:
            self._automaton.make_automaton()
        self._by_key = by_key
        self._first = frozenset(key[0] for key in by_key)
        self._pairs = frozenset(key[:2] for key in by_key)  # tells most texts apart faster than the automaton
        self.longest = max(map(len, by_key), default=0)
        """Letters of the longest spelling."""
        self._excuse(entries, allow)
        patterns = [pattern for group in self._by_key.values() for pattern in group]
        self._loose = frozenset(pattern.key[0] for pattern in patterns if not pattern.left)
        self.reach = max([REACH, *(pattern.context.reach for pattern in patterns if pattern.context)])
        """How many letters before a match any pattern reads."""
        self.size = len(by_key)

    def _excuse(self, entries: Iterable[Entry], allow: Iterable[str]) -> None:
        """Tell the patterns inside each allowed phrase about it: those of one entry, or of all."""
        phrases: list[tuple[Entry | None, str]] = [(None, phrase) for phrase in allow]
        phrases += [(entry, phrase) for entry in entries for phrase in entry.allow]
        for owner, phrase in phrases:
            folded = Folded(phrase)
            used = False
            for start, end, key in self.matches(folded):
                excuse = (folded.skeleton[:start], folded.skeleton[end:])
                meant = [owner is None or pattern.entry is owner for pattern in self._by_key[key]]
                used = used or any(meant)
                self._by_key[key] = tuple(
                    pattern.excused(excuse) if hit else pattern
                    for pattern, hit in zip(self._by_key[key], meant, strict=True)
                )
            if owner is not None and not used:
                raise wrong_entry(owner, _("its allowed phrase {phrase} does not hold the word", phrase=phrase))

    def matches(self, folded: Folded) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, key) of every spelling whose letters follow each other after the context, by their end."""
        if not self._by_key:
            return
        if len(folded.data) - folded.own_data <= _FEW:
            yield from self._looked_up(folded)
            return
        data = folded.data
        seen, end = folded.own_data, folded.own_letters
        for last, key in self._automaton.iter(data.decode("latin-1"), seen):
            end += len(data[seen : last + 1].decode())
            seen = last + 1
            yield end - len(key), end, key

    def _looked_up(self, folded: Folded) -> list[tuple[int, int, str]]:
        """Return what `matches` does for few letters: each run of them looked up, where its first two begin a word."""
        skeleton, pairs, by_key = folded.skeleton, self._pairs, self._by_key
        count = len(skeleton)
        found = []
        for start in range(folded.own_letters, count - 1):
            if skeleton[start : start + 2] in pairs:
                for end in range(start + _LEAST_LETTERS, min(count, start + self.longest) + 1):
                    key = skeleton[start:end]
                    if key in by_key:
                        found.append((end, start, key))
        return [(start, end, key) for end, start, key in sorted(found)]

    def of(self, key: str) -> tuple[Pattern, ...]:
        """Return the patterns with these letters."""
        return self._by_key[key]

    def any_pair(self, folded: Folded) -> bool:
        """Tell whether two letters after the context follow each other as some word begins, or letters are many."""
        if len(folded.data) - folded.own_data > _FEW:
            return True
        skeleton, pairs = folded.skeleton, self._pairs
        for start in range(folded.own_letters, len(skeleton) - 1):  # noqa: SIM110 - a generator takes twice as long
            if skeleton[start : start + 2] in pairs:
                return True
        return False

    def last_may_begin(self, folded: Folded) -> bool:
        """Tell whether the last letter, if it is not one of the context, is the beginning of some word."""
        skeleton = folded.skeleton
        if len(skeleton) <= folded.own_letters or skeleton[-1] not in self._first:
            return False
        return self._is_free(folded, len(skeleton) - 1)

    def _is_free(self, folded: Folded, letter: int) -> bool:
        """Tell whether no edge of a word is missing before a letter: a spelling that needs none begins with it too."""
        char = folded.skeleton[letter]
        inside = is_wordlike(char) and is_wordlike(folded.neighbour(folded.place(letter), -1))
        return not inside or char in self._loose

    def beginnings(self, folded: Folded) -> Iterator[int]:
        """Yield the letters from which on the text, to its end, is the beginning of some word; none of the context."""
        skeleton = folded.skeleton
        count = len(skeleton)
        first, pairs, match = self._first, self._pairs, self._automaton.match
        for start in range(max(folded.own_letters, count - self.longest), count):
            if start < count - 1:
                if skeleton[start : start + 2] not in pairs or not match(as_code(skeleton[start:])):
                    continue
            elif skeleton[start] not in first:
                continue
            if self._is_free(folded, start):
                yield start


def _by_key(entries: Iterable[Entry]) -> dict[str, tuple[Pattern, ...]]:
    collected: defaultdict[str, tuple[Pattern, ...]] = defaultdict(tuple)
    for entry in entries:
        context = _context(entry)
        for spelling in spellings(entry):
            key = spelling.key
            if len(key) < _LEAST_LETTERS:
                raise wrong_entry(entry, _("it has fewer than two letters"))
            left = entry.whole_word and is_wordlike(key[0])
            right = entry.whole_word and is_wordlike(key[-1])
            collected[key] += (Pattern(entry, key, spelling.breaks, left, right, context),)
    return dict(collected)


def _context(entry: Entry) -> Context | None:
    if not entry.only_near and not entry.unless_near:
        return None
    only, unless = (tuple(map(letters_of, phrases)) for phrases in (entry.only_near, entry.unless_near))
    for phrase, letters in zip((*entry.only_near, *entry.unless_near), (*only, *unless), strict=True):
        if not 0 < len(letters) <= entry.near:
            raise wrong_entry(entry, _("{phrase} does not fit into {near} letters", phrase=phrase, near=entry.near))
    return Context(only, unless, entry.near)
