"""What an officer answered: units, days, scopes and values, as they are applied to what was read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..models import Question, Scope
from .amounts import amount_of
from .headers import UNITS, folded, scope_in, time_in, unit_in
from .models import Block

_UNIT_BEHIND = re.compile(r"\s*(千元|百万元|亿元|万元|元|千|百万|亿|万|million|thousand|mn|k)\s*$", re.IGNORECASE)
_MONEY_BEFORE = re.compile(r"^\s*(?:cny|rmb|usd|hkd|eur)\s+", re.IGNORECASE)
_WORDS: Final = {"million": 1e6, "mn": 1e6, "thousand": 1e3, "k": 1e3, "千": 1e3, "百万": 1e6, "亿": 1e8, "万": 1e4}


@dataclass
class Answered:
    """Answers by what they set; `values` by the `about` of a value, in currency units."""

    units: dict[str, str] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def understood(questions: tuple[Question, ...], answers: Mapping[str, str]) -> Answered:
    """Return the answers that say what was asked; others leave their question open."""
    found = Answered()
    by_id = {question.id: question.about for question in questions}
    for question_id, text in answers.items():
        kind, _sep, what = by_id.get(question_id, "").partition(":")
        if kind == "unit" and (unit := unit_of(text)):
            found.units[what] = unit
        elif kind == "period" and (day := day_of(text)):
            found.days[what] = day
        elif kind == "scope" and (scope := scope_of(text)) != "unknown":
            first, _sep, second = what.partition("/")
            found.scopes[first] = scope
            found.scopes[second] = "parent" if scope == "consolidated" else "consolidated"
        elif kind == "item" and (value := value_of(text)) is not None:
            found.values[what] = value
            found.texts[what] = text.strip()[:200]
    return found


def unit_of(text: str) -> str | None:
    """Return the unit that an answer names."""
    plain = text.strip().replace("人民币", "")
    return plain if plain in UNITS else unit_in(f"单位：{plain}") or unit_in(text)


def day_of(text: str) -> str | None:
    """Return the closing day that an answer names, the end of a year where it names only that."""
    day, year, _months = time_in(folded(text))
    return day or (f"{year}-12-31" if year else None)


def scope_of(text: str) -> Scope:
    """Return whose statement an answer says it is."""
    plain = folded(text).strip()
    return scope_in("母公司" if plain in ("母公司", "parent", "公司") else plain)


def value_of(text: str) -> float | None:
    """Return the amount that an answer gives, in currency units: 1,234.50万元, -3 million, (1,200)."""
    plain = _MONEY_BEFORE.sub("", text.strip())
    factor = 1.0
    match = _UNIT_BEHIND.search(plain)
    if match:
        word = match.group(1).lower()
        factor = UNITS.get(word) or _WORDS[word]
        plain = plain[: match.start()]
    amount = amount_of(plain)
    return None if amount is None else round(amount.value * factor, 4)


def applied(block: Block, answered: Answered) -> Block:
    """Return a block with what was answered for it or for its file."""
    changes: dict[str, object] = {}
    for name in (block.id, block.file):
        if name in answered.units and "unit" not in changes:
            changes |= {"unit": answered.units[name], "unit_from": "officer"}
            changes["columns"] = tuple(column.model_copy(update={"unit": None}) for column in block.columns)
        if name in answered.days and "day" not in changes:
            changes |= {"day": answered.days[name], "day_from": "officer"}
        if name in answered.scopes and "scope" not in changes:
            changes["scope"] = answered.scopes[name]
    if not changes:
        return block
    updated = block.model_copy(update=changes)
    if "day" in changes and not any(column.when or column.day or column.year for column in block.columns):
        updated = updated.model_copy(update={"columns": _by_year(updated)})
    return updated


def _by_year(block: Block) -> tuple[object, ...]:
    """Return columns that say nothing of their year as the report's and the ones before."""
    by_label: dict[int, int] = {}
    columns = []
    for column in block.columns:
        back = by_label.get(column.label, 0)
        by_label[column.label] = back + 1
        columns.append(column.model_copy(update={"year": int((block.day or "0000")[:4]) - back}))
    return tuple(columns)
