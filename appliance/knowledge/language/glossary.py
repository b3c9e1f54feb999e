"""Banking terms in both languages, so that a question finds documents written in the other one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from appliance.knowledge.language.terms import fold, words

_FILE = Path(__file__).with_name("glossary.yaml")


@dataclass(frozen=True)
class Entry:
    """One meaning: folded Chinese spellings, and English ones as stems."""

    chinese: tuple[str, ...]
    english: tuple[tuple[str, ...], ...]


def stems(text: str) -> tuple[str, ...]:
    """Return the terms of an English phrase."""
    return tuple(term for _kind, term in words(text))


def read_entries(lines: Iterable[str]) -> tuple[Entry, ...]:
    """Return entries written as `Chinese,variant | English,variant`, one a line; blank lines count nothing."""
    found = []
    for line in lines:
        chinese, _bar, english = line.partition("|")
        spellings = tuple(fold(word.strip()) for word in chinese.split(",") if word.strip())
        phrases = tuple(phrase for phrase in map(stems, english.split(",")) if phrase)
        if spellings and phrases:
            found.append(Entry(spellings, phrases))
    return tuple(found)


class Terms:
    """A glossary made ready for looking up."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_chinese: dict[str, tuple[Entry, ...]] = {}
        self._by_english: dict[tuple[str, ...], tuple[Entry, ...]] = {}
        for entry in entries:
            for word in entry.chinese:
                self._by_chinese[word] = (*self._by_chinese.get(word, ()), entry)
            for phrase in entry.english:
                self._by_english[phrase] = (*self._by_english.get(phrase, ()), entry)
        self._longest_chinese = max(map(len, self._by_chinese), default=0)
        self._longest_english = max(map(len, self._by_english), default=0)

    def in_chinese(self, run: str) -> list[tuple[int, int, tuple[Entry, ...]]]:
        """Return (start, end, entries) for the terms in a folded Chinese text, the longest at each place."""
        found = []
        at = 0
        while at < len(run):
            for end in range(min(len(run), at + self._longest_chinese), at, -1):
                if run[at:end] in self._by_chinese:
                    found.append((at, end, self._by_chinese[run[at:end]]))
                    at = end
                    break
            else:
                at += 1
        return found

    def in_english(self, terms: Sequence[str]) -> list[tuple[int, int, tuple[Entry, ...]]]:
        """Return (start, end, entries) for the terms in a list of stems, the longest at each place."""
        found = []
        at = 0
        while at < len(terms):
            for end in range(min(len(terms), at + self._longest_english), at, -1):
                phrase = tuple(terms[at:end])
                if phrase in self._by_english:
                    found.append((at, end, self._by_english[phrase]))
                    at = end
                    break
            else:
                at += 1
        return found


@lru_cache(maxsize=64)
def terms_with(own: str = "") -> Terms:
    """Return the appliance's glossary with a bank's own terms added, one entry a line."""
    shipped = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Terms((*read_entries(own.splitlines()), *read_entries(shipped)))


def chinese_terms_in(run: str) -> list[tuple[int, int, tuple[Entry, ...]]]:
    """Return `Terms.in_chinese` of the appliance's own glossary."""
    return terms_with().in_chinese(run)


def english_terms_in(terms: Sequence[str]) -> list[tuple[int, int, tuple[Entry, ...]]]:
    """Return `Terms.in_english` of the appliance's own glossary."""
    return terms_with().in_english(terms)
