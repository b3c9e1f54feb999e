"""Written rules: patterns over the folded text, read from a file of families."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from appliance.guardrails.classify.folding import Folded
from appliance.guardrails.verdict import STAGES, Stage

_SENTENCE_EDGE = re.compile(r"[。！？!?；;\n]|\.\s")
_PARTING = r"(?:[\s\x5f\-]{1,3})"
_NEAR = 80  # characters either side that `unless` may look at


@dataclass(frozen=True)
class Rule:
    """One pattern of a family. A `sign` is no finding by itself; the classifier counts it."""

    family: str
    name: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    """What in the sentence of a hit makes it harmless."""
    around: re.Pattern[str] | None
    """The same for the sentence without the hit itself."""
    stages: tuple[Stage, ...]
    sign: bool

    @property
    def path(self) -> str:
        """Family and name, `override/previous`."""
        return f"{self.family}/{self.name}"


@dataclass(frozen=True)
class Hit:
    """A rule and the span of the given text that it speaks about; `excused` where the sentence makes it harmless."""

    rule: Rule
    start: int
    end: int
    excused: bool = False


@dataclass(frozen=True)
class RuleSet:
    """The rules of one file; `version` changes with any byte of it."""

    rules: tuple[Rule, ...]
    version: str

    def find(self, folded: Folded, stage: Stage) -> Iterator[Hit]:
        """Yield every hit of the rules of `stage` that nothing excuses, in the order of the rules."""
        return (hit for hit in self.match(folded, stage) if not hit.excused)

    def match(self, folded: Folded, stage: Stage) -> Iterator[Hit]:
        """Yield every hit of the rules of `stage`, in the order of the rules."""
        for rule in self.rules:
            if stage in rule.stages:
                for match in rule.pattern.finditer(folded.text):
                    if match.end() > match.start():
                        yield Hit(rule, *folded.span(*match.span()), _excused(rule, folded.text, match))


def _excused(rule: Rule, text: str, match: re.Match[str]) -> bool:
    """Tell whether the sentence around the match says what makes it harmless."""
    if rule.unless is None and rule.around is None:
        return False
    before = text[max(0, match.start() - _NEAR) : match.start()]
    after = text[match.end() : match.end() + _NEAR]
    edges = [edge.end() for edge in _SENTENCE_EDGE.finditer(before)]
    before = before[edges[-1] if edges else 0 :]
    follows = _SENTENCE_EDGE.search(after)
    after = after[: follows.end() if follows else None]
    whole = rule.unless is not None and rule.unless.search(before + match.group() + after)
    return bool(whole or (rule.around is not None and rule.around.search(f"{before}\0{after}")))


@cache
def load_rules(name: str) -> RuleSet:
    """Return the rules of the data file `name` beside this module.

    The file maps families to rules: `name`, `pattern`, and where they are not the default `unless`, `around`, `stages`
    and `sign`. In patterns blanks stand for nothing, `_` for what parts two words, and `{word}` for the alternatives
    under `words`.
    """
    raw = (files(__package__) / name).read_bytes()
    data = yaml.safe_load(raw)
    words: dict[str, str] = {}
    for key, value in data["words"].items():
        words[key] = f"(?:{_filled(value, words)})"
    rules = tuple(_rule(family, entry, words) for family, entries in data["families"].items() for entry in entries)
    return RuleSet(rules, hashlib.sha256(raw).hexdigest()[:12])


def _rule(family: str, entry: dict[str, Any], words: dict[str, str]) -> Rule:
    pattern, unless, around = (
        re.compile(_filled(entry[key], words)) if key in entry else None for key in ("pattern", "unless", "around")
    )
    assert pattern is not None, entry
    stages = tuple(stage for stage in STAGES if stage in entry.get("stages", STAGES))
    return Rule(family, entry["name"], pattern, unless, around, stages, entry.get("sign", False))


def _filled(pattern: str, words: dict[str, str]) -> str:
    pattern = re.sub(r"\s+", "", pattern).replace("_", _PARTING)
    for key, value in words.items():
        pattern = pattern.replace("{" + key.replace("_", _PARTING) + "}", value)
    return pattern
