"""The check that nothing which leaves promises returns, in Chinese and English; denials of a promise may leave."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.rules import load_rules
from appliance.guardrails.classify.topics import RULES
from appliance.guardrails.verdict import Finding, Ruling
from appliance.knowledge.language.text import sentences
from appliance.scenario.checks import OutputCheck
from appliance.scenario.yaml_files import read_as

from .names import plain

NAME: Final = "no_promise"
VERSION: Final = "1"
_FILE: Final = Path(__file__).with_name("promises.yaml")
_FAMILY: Final = "investment_promise"
_CLAUSE: Final = re.compile(r"[，,；;：:]|\bbut\b|但是?|不过")
_BETWEEN_HAN: Final = re.compile(r"(?<=[\u4e00-\u9fff])[\s*_~·\u200b-\u200d\ufeff]+(?=[\u4e00-\u9fff])")
_QUOTES: Final = re.compile(r"[“”\"「」『』‘]")
_RATE: Final = re.compile(r"无风险(?:利率|收益率)|\brisk-free rates?\b|固定收益(?=类|\+|型|产品|部|资产)")
"""Names of things in the words of promises."""
_DENIED: Final = "不没无未非"


class _Lists(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: dict[str, str]
    promises: tuple[str, ...]
    forecasts: tuple[str, ...]
    excused: tuple[str, ...]
    behind: tuple[str, ...]
    possible: tuple[str, ...]


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    lists = read_as(_FILE, _Lists)

    def joined(patterns: tuple[str, ...]) -> re.Pattern[str]:
        whole = "|".join(f"(?:{one})" for one in patterns)
        for name, part in lists.parts.items():
            whole = whole.replace(f"<{name}>", part)
        return re.compile(whole)

    return {name: joined(getattr(lists, name)) for name in _Lists.model_fields if name != "parts"}


def no_promise(action: Ruling = "block") -> OutputCheck[None]:
    """Return the check; a sentence that promises a return, or foretells a gain, is `no_promise:promise`.

    Its facts are None. What is denied, asked, reported or forbidden is no promise. Findings span the sentence.
    """

    def find(text: str, facts: None) -> list[Finding]:
        del facts
        return [Finding(f"{NAME}:promise", VERSION, start, end, action) for start, end in promises_in(text)]

    return OutputCheck(NAME, VERSION, find, reviews=action == "review")


def promises_in(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence that promises."""
    return [(start, end) for start, end in sentences(text) if _promises(text[start:end])]


def _promises(sentence: str) -> bool:
    folded = _RATE.sub("", _QUOTES.sub("", _BETWEEN_HAN.sub("", plain(sentence))))
    if any(_is_meant(folded, *span) for span in _found("promises", folded)):
        return True
    possible = _patterns()["possible"].search(folded)
    if possible is None and any(_is_meant(folded, *span) for span in _found("forecasts", folded)):
        return True
    return any(
        hit.rule.family == _FAMILY and _is_meant(folded, hit.start, hit.end)
        for hit in load_rules(RULES).find(fold(folded), "output")
    )


def _found(name: str, folded: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _patterns()[name].finditer(folded))


def _is_meant(folded: str, start: int, end: int) -> bool:
    """Tell whether no word before a match in its clause, and none directly behind it, makes it harmless."""
    patterns = _patterns()
    before = _CLAUSE.split(folded[:start])[-1]
    if start and folded[start - 1] in _DENIED and before.endswith(folded[start - 1]):
        return False
    return not (patterns["excused"].search(before) or patterns["behind"].search(folded[end:]))
