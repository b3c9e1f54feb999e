"""Banking terms in both languages, so that a question finds documents written in the other one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from appliance.knowledge.terms import fold, words

_FILE = Path(__file__).with_name("glossary.yaml")
_LONGEST = 6  # words in an English term


@dataclass(frozen=True)
class Entry:
    """One meaning: folded Chinese spellings, and English ones as stems."""

    chinese: tuple[str, ...]
    english: tuple[tuple[str, ...], ...]


def stems(text: str) -> tuple[str, ...]:
    """Return the terms of an English phrase."""
    return tuple(term for _kind, term in words(text))


@cache
def entries() -> tuple[Entry, ...]:
    """Return the glossary that comes with the appliance."""
    lines = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    found = []
    for line in lines:
        chinese, _bar, english = line.partition("|")
        found.append(
            Entry(
                tuple(fold(word.strip()) for word in chinese.split(",")),
                tuple(stems(phrase) for phrase in english.split(",")),
            )
        )
    return tuple(found)


@cache
def _by_chinese() -> dict[str, tuple[Entry, ...]]:
    table: dict[str, tuple[Entry, ...]] = {}
    for entry in entries():
        for word in entry.chinese:
            table[word] = (*table.get(word, ()), entry)
    return table


@cache
def _by_english() -> dict[tuple[str, ...], tuple[Entry, ...]]:
    table: dict[tuple[str, ...], tuple[Entry, ...]] = {}
    for entry in entries():
        for phrase in entry.english:
            table[phrase] = (*table.get(phrase, ()), entry)
    return table


def chinese_terms_in(run: str) -> list[tuple[int, int, tuple[Entry, ...]]]:
    """Return (start, end, entries) for the terms in a folded Chinese text, the longest at each place."""
    table = _by_chinese()
    longest = max(map(len, table))
    found = []
    at = 0
    while at < len(run):
        for end in range(min(len(run), at + longest), at, -1):
            if run[at:end] in table:
                found.append((at, end, table[run[at:end]]))
                at = end
                break
        else:
            at += 1
    return found


def english_terms_in(terms: Sequence[str]) -> list[tuple[int, int, tuple[Entry, ...]]]:
    """Return (start, end, entries) for the terms in a list of stems, the longest at each place."""
    table = _by_english()
    found = []
    at = 0
    while at < len(terms):
        for end in range(min(len(terms), at + _LONGEST), at, -1):
            phrase = tuple(terms[at:end])
            if phrase in table:
                found.append((at, end, table[phrase]))
                at = end
                break
        else:
            at += 1
    return found
