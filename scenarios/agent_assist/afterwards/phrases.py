"""Phrases of YAML rules, found in what one side said; where they are denied they do not count."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import ConfigDict, Field, field_validator

from appliance.core.messages import _
from appliance.core.validation import Fault

from ..models import Part

Side = Literal["customer", "seat", "both"]
_DENIAL = re.compile(
    r"(?:不|没|没有|别|非|无|未|不是|不用|不要|不想|不能|并不|并没有|又不是)(?:要|想|是|去|再|打算|准备|会|过)?$"
    r"|\b(?:not|never|no|don't|didn't|isn't|wasn't|won't|doesn't|haven't|hasn't|without)(?: \w+){0,2}\W*$",
    re.IGNORECASE,
)


class Said(Part):
    """What one side says: words as they are said, or a regular expression."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    by: Side = "customer"
    words: tuple[str, ...] = Field(default=(), description="Any of these; English words only as whole words.")
    pattern: str | None = Field(default=None, description="A regular expression; (?P<value>…) is what it reads.")
    denied: bool = Field(default=False, description="Whether it counts where it is denied, too.")

    @field_validator("words")
    @classmethod
    def _not_empty(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if any(not word.strip() for word in words):
            raise Fault(_("a word is empty"))
        return words

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise Fault(_("the pattern is no regular expression: {reason}", reason=str(error))) from error
        return pattern

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The words and the pattern as one expression; one that matches nothing where there are none."""
        parts = [_word(word) for word in self.words]
        if self.pattern is not None:
            parts.append(self.pattern)
        return re.compile("|".join(f"(?:{part})" for part in parts) or r"(?!)", re.IGNORECASE)

    def hits(self, speaker: str, text: str) -> list["Hit"]:
        """Return where `speaker` says it in a text."""
        if self.by not in ("both", speaker):
            return []
        return [
            Hit(match.start(), match.end(), _value(match))
            for match in self.expression.finditer(text)
            if match.group().strip() and (self.denied or not is_denied(text, match.start()))
        ]


@dataclass(frozen=True)
class Hit:
    """Where a phrase stands in a text, and what it reads."""

    start: int
    end: int
    value: str


def is_denied(text: str, start: int) -> bool:
    """Tell whether the words just before a place of a text deny what stands there."""
    before = re.split(r"[，。！？；,.!?;\n]", text[max(0, start - 24) : start])[-1]
    return _DENIAL.search(before) is not None


def any_hit(said: Iterable[Said], speaker: str, text: str) -> bool:
    """Tell whether one of the phrases is said."""
    return any(one.hits(speaker, text) for one in said)


def _word(word: str) -> str:
    escaped = re.escape(word.strip()).replace(r"\ ", r"\s+").replace("'", "['’]")
    first = r"(?<![A-Za-z0-9])" if word.strip()[0].isascii() else ""
    last = r"(?![A-Za-z0-9])" if word.strip()[-1].isascii() else ""
    return f"{first}{escaped}{last}"


def _value(match: re.Match[str]) -> str:
    group = match.groupdict().get("value")
    return (group if group is not None else match.group()).strip()
