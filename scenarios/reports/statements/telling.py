"""What the lines above a table, and the titles in it, say of the statement that comes."""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from ..models import Scope, Statement
from .headers import currency_in, folded, is_supplement, scope_in, statement_in, time_in, unit_in
from .models import UnitFrom

TITLE_CHARACTERS: Final = 60
SENTENCE: Final = re.compile(r"[。；;]")


@dataclass(frozen=True)
class Told:
    """What was said so far about the statement that comes."""

    statement: Statement | None = None
    title: str = ""
    scope: Scope = "unknown"
    unit: str | None = None
    unit_from: UnitFrom = ""
    currency: str | None = None
    day: str | None = None
    day_from: Literal["table", "file", "officer", ""] = ""
    months: int | None = None
    other: bool = False
    """Whether a table of another kind stands here, such as changes in equity."""

    def heard(self, text: str) -> "Told":
        """Return what is known after one more line."""
        plain = folded(text)
        day, year, months = time_in(plain)
        told = self
        if day or year:
            told = replace(told, day=day or f"{year}-12-31", day_from="table", months=months)
        unit = unit_in(text)
        if unit:
            told = replace(told, unit=unit, unit_from="table")
        scope = scope_in(plain)
        if scope != "unknown" and len(text) <= TITLE_CHARACTERS and "单位" not in text and statement_in(text):
            told = replace(told, scope=scope)
        return replace(told, currency=currency_in(text) or told.currency)


def titled(told: Told, text: str) -> Told:
    """Return what is known after a line that may be the title of a statement."""
    kind = statement_in(text)
    if kind is None:
        return replace(told, statement="cash_flow", title=text) if is_supplement(text) else told
    if kind == "equity":
        return replace(told, statement=None, title=text, other=True)
    scope = scope_in(folded(text))
    if scope == "unknown" and kind == told.statement and is_supplement(text):
        scope = told.scope
    return replace(told, statement=kind, title=text, scope=scope, other=False)
