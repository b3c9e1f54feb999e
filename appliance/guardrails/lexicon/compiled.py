"""The red-line lexicon, compiled: what it finds in a text, and the text with it masked."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, get_args

from appliance.core.messages import _
from appliance.guardrails.lexicon.entries import DEFAULT_FILE, Entry, Source, read_source, wrong_entry
from appliance.guardrails.lexicon.folding import Folded, letters_of
from appliance.guardrails.lexicon.gaps import may_join
from appliance.guardrails.lexicon.patterns import Patterns
from appliance.guardrails.verdict import Action, Finding, Ruling

MASK = "*"
_RANK: dict[Ruling, int] = {ruling: rank for rank, ruling in enumerate(get_args(Ruling))}


class Hit(NamedTuple):
    """A finding, and the letter of the folded text that it begins at."""

    letter: int
    finding: Finding


class Reading(NamedTuple):
    """What is known of a text so far.

    Letters before `settled` begin no other finding, whatever follows; those of `hits` are in the order of the text.
    """

    folded: Folded
    hits: list[Hit]
    settled: int


class Lexicon:
    """Words and the tiers they are in, ready to be looked for. Never changes; safe to use from many threads.

    Raises `ConfigError` for an entry that cannot be used.
    """

    name = "lexicon"

    def __init__(self, entries: Iterable[Entry], version: str = "0", allow: Sequence[str] = ()) -> None:
        self.entries = _named(entries)
        self.version = f"{version}-{_fingerprint(self.entries, allow)}"
        self._patterns = Patterns(self.entries, allow)

    @classmethod
    def from_source(cls, source: Source) -> "Lexicon":
        """Compile what lexicon files say."""
        return cls(source.entries, source.version, source.allow)

    @classmethod
    def load(cls, path: Path = DEFAULT_FILE) -> "Lexicon":
        """Read and compile a lexicon file; the shipped one by default."""
        return cls.from_source(read_source(path))

    @property
    def spellings(self) -> int:
        """How many different spellings are looked for."""
        return self._patterns.size

    @property
    def reach(self) -> int:
        """How many letters before a place may decide about it."""
        return self._patterns.reach

    def find(self, text: str) -> list[Finding]:
        """Return what stands in `text`, by start; of findings inside each other the outer one, unless it is milder."""
        return outermost([hit.finding for hit in self.read(text).hits])

    def mask(self, text: str) -> str:
        """Return `text` with each character of what is to be masked or blocked replaced by `MASK`."""
        spans = [(found.start, found.end) for found in self.find(text) if found.action != "warn"]
        return masked(text, spans)

    def read(self, text: str, before: str = "", *, offset: int = 0, final: bool = True) -> Reading:
        """Read a text, or the part of one that follows the folded context `before`.

        `offset` is added to the positions of findings; unless `final`, more text follows.
        """
        folded = Folded(text, before)
        if not self._patterns.any_pair(folded):
            return Reading(folded, [], self._settled_without_pair(folded, final))
        hits: list[Hit] = []
        waiting: list[int] = []
        for start, end, key in self._patterns.matches(folded):
            for pattern in self._patterns.of(key):
                counts = pattern.judge(folded, start, end, final)
                if counts is None:
                    waiting.append(start)
                elif counts:
                    span = (folded.origin(folded.places[start]), folded.origin(folded.places[end - 1]) + 1)
                    entry = pattern.entry
                    finding = Finding(pattern.rule, self.version, offset + span[0], offset + span[1], entry.tier)
                    hits.append(Hit(start, finding))
        hits.sort(key=lambda hit: _order(hit.finding))
        settled = len(folded.skeleton) if final else min([self._live(folded), *waiting])
        return Reading(folded, hits, settled)

    def _settled_without_pair(self, folded: Folded, final: bool) -> int:
        """Return what `Reading.settled` is where no two letters begin a word: only the last letter still may."""
        count = len(folded.skeleton)
        if final or not self._patterns.last_may_begin(folded):
            return count
        return count - 1 if folded.ends_with_letter or may_join(folded, count - 1) else count

    def _live(self, folded: Folded) -> int:
        """Return the first letter that may begin a word which the text does not yet hold in full."""
        for start in self._patterns.beginnings(folded):
            if may_join(folded, start):
                return start
        return len(folded.skeleton)


def outermost(findings: Iterable[Finding]) -> list[Finding]:
    """Return ordered findings without those inside another that is at least as severe."""
    kept: list[Finding] = []
    reaching: list[Finding] = []
    for finding in findings:
        reaching = [outer for outer in reaching if outer.end > finding.start]
        if not any(is_inside(finding, outer) for outer in reaching):
            kept.append(finding)
            reaching.append(finding)
    return kept


def is_inside(inner: Finding, outer: Finding) -> bool:
    """Tell whether `outer` covers `inner` and is at least as severe."""
    return outer.start <= inner.start and inner.end <= outer.end and _RANK[outer.action] >= _RANK[inner.action]


def masked(text: str, spans: Sequence[tuple[int, int]], offset: int = 0) -> str:
    """Return `text`, which begins at `offset`, with the characters of the spans replaced by `MASK`."""
    if not spans:
        return text
    made = list(text)
    for start, end in spans:
        for at in range(max(0, start - offset), min(len(text), end - offset)):
            made[at] = MASK
    return "".join(made)


def _order(finding: Finding) -> tuple[int, int, int, str]:
    return finding.start, -finding.end, -_RANK[finding.action], finding.rule


def _named(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Give each entry its name; of entries with the same word, category and tier the last counts."""
    named: dict[tuple[str, Action, str], Entry] = {}
    for entry in entries:
        letters = letters_of(entry.word)
        identity = entry.id or hashlib.sha256(f"{entry.tier} {letters}".encode()).hexdigest()[:10]
        named[entry.category, entry.tier, letters] = replace(entry, id=identity)
    ids: set[tuple[str, str | None]] = set()
    for entry in named.values():
        if (entry.category, entry.id) in ids:
            raise wrong_entry(entry, _("its id {id} is that of another entry", id=entry.id))
        ids.add((entry.category, entry.id))
    return tuple(named.values())


def _fingerprint(entries: Iterable[Entry], allow: Sequence[str]) -> str:
    return hashlib.sha256(repr((sorted(map(repr, entries)), sorted(allow))).encode()).hexdigest()[:8]
