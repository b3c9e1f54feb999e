"""Words that exclude each other within their class: card levels, channels, currencies, kinds of leave."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from appliance.knowledge.language.terms import fold

_FILE = Path(__file__).with_name("siblings.yaml")


@dataclass(frozen=True)
class Member:
    """A word of a class found in a text. `meaning` is alike for spellings of one meaning, in both languages."""

    group: int
    meaning: int
    start: int
    end: int


@cache
def _spellings() -> tuple[tuple[re.Pattern[str], dict[str, tuple[int, int]]], ...]:
    """Return for each class its pattern, longest spelling first, and the meanings of its spellings."""
    classes = []
    for group, line in enumerate(yaml.safe_load(_FILE.read_text(encoding="utf-8"))):
        known: dict[str, tuple[int, int]] = {}
        for meaning, spellings in enumerate(line.split(",")):
            for spelling in spellings.split("="):
                known |= dict.fromkeys((spelling.strip().lower(), fold(spelling.strip())), (group, meaning))
        longest = sorted(known, key=len, reverse=True)
        pattern = "|".join(
            rf"\b{re.escape(word)}(?:s|es)?\b" if word.isascii() else re.escape(word) for word in longest
        )
        classes.append((re.compile(pattern), known))
    return tuple(classes)


def members_in(text: str) -> list[Member]:
    """Return the class members that a text names, class by class; offsets count its lower-case form."""
    return list(_members(text.lower()))


def _members(text: str) -> Iterator[Member]:
    for pattern, known in _spellings():
        for match in pattern.finditer(text):
            word = match.group()
            found = next(
                known[form] for form in (word, word.removesuffix("s"), word.removesuffix("es")) if form in known
            )
            yield Member(*found, match.start(), match.end())


def meanings(text: str) -> dict[int, frozenset[int]]:
    """Return for each class that a text names the meanings it names."""
    found: dict[int, frozenset[int]] = {}
    for member in members_in(fold(text)):
        found[member.group] = found.get(member.group, frozenset()) | {member.meaning}
    return found
