"""The items of a dossier by account and period: which one counts, which scope and currency a period is computed in."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ..models import SURE, Conflict, Dossier, Fact, Item, Payment, Scope
from .expressions import Name, NoValueError

_SCOPES: Final[tuple[Scope, ...]] = ("consolidated", "unknown", "parent")
"""The order in which a period takes them."""
_MAIN: Final = ("total_assets", "total_equity", "revenue", "net_profit", "operating_cash_flow")
_PRECISION: Final = {"元": 0, "千元": 1, "万元": 2, "百万元": 3, "亿元": 4}
_YEAR: Final = 12

_Key = tuple[str, str, int, Scope, str]


@dataclass(frozen=True)
class Frame:
    """What a period's figures are computed in: one scope, one currency."""

    period: str
    months: int
    """Of its flows; 0 where there are none."""
    opening: str
    """End of the period before, of balances: of an interim period the last year's end."""
    before: str
    """End of the same period a year before, of flows."""
    scope: Scope
    currency: str
    year: bool


class Ledger:
    """The items that count: sure ones, one for each account, period, length, scope and currency."""

    def __init__(self, items: Iterable[Item], conflicts: Sequence[Conflict] = ()) -> None:
        grouped: dict[_Key, list[Item]] = {}
        for one in items:
            if one.confidence >= SURE and one.months <= _YEAR:
                grouped.setdefault((one.account, one.period, one.months, one.scope, one.currency), []).append(one)
        said = {one.about: one for one in conflicts}
        self._items: dict[_Key, Item | None] = {
            key: _counting(group, said.get(f"item:{key[0]}@{key[1]}")) for key, group in grouped.items()
        }
        self._shown = {(one.statement, *key[1:]) for key, group in grouped.items() for one in group}
        self._periods = sorted({key[1] for key in self._items})
        self._main = {key[1] for key in self._items if key[0] in _MAIN}
        self._year_end = self._usual_year_end()
        self.frames = {period: self._frame(period) for period in self._periods}

    def item(self, account: str, statement: str, period: str, months: int, frame: Frame) -> Item:
        """Return an account's item in the scope and currency of a frame.

        Raises `NoValueError`: `missing`, `no_statement` (nothing of it in that period), `contradicted`.
        """
        rest = (period, 0 if statement == "balance" else months, frame.scope, frame.currency)
        key = (account, *rest)
        found = self._items.get(key)
        if found is not None:
            return found
        if key in self._items:
            raise NoValueError("contradicted", Name(account))
        raise NoValueError("missing" if (statement, *rest) in self._shown else "no_statement", Name(account))

    def years(self) -> tuple[str, ...]:
        """Return the ends of the years that have statements, oldest first.

        The oldest is none where it is only the opening balance of the next.
        """
        # A stray line under a misread day must not become the report's last year.
        ends = [frame for frame in self.frames.values() if frame.year and frame.period in self._main]
        if len(ends) > 1 and ends[0].months == 0 and ends[1].months:
            ends = ends[1:]
        return tuple(frame.period for frame in ends)

    def emitted(self) -> tuple[Frame, ...]:
        """Return the frames that have figures: years and interim periods, without a mere opening balance."""
        years = self.years()
        return tuple(
            frame for frame in self.frames.values()
            if frame.period in years or (not frame.year and frame.period in self._main)
        )  # fmt: skip

    def accounts(self, frame: Frame) -> set[str]:
        """Return the accounts that are stated in a frame."""
        return {
            account for account, period, months, scope, currency in self._items
            if (period, scope, currency) == (frame.period, frame.scope, frame.currency) and months in (0, frame.months)
        }  # fmt: skip

    def _usual_year_end(self) -> tuple[int, int]:
        whole = Counter(
            date.fromisoformat(period).timetuple()[1:3] for period, months in
            {(key[1], key[2]) for key in self._items} if months == _YEAR
        )  # fmt: skip
        return max(whole, key=lambda one: (whole[one], one)) if whole else (12, 31)

    def _frame(self, period: str) -> Frame:
        keys = [key for key in self._items if key[1] == period]
        # A stray line of another scope must not decide: the scope with one of the main lines does.
        scopes = {key[3] for key in keys if key[0] in _MAIN} or {key[3] for key in keys}
        scope = next(one for one in _SCOPES if one in scopes)
        keys = [key for key in keys if key[3] == scope]
        counted = Counter(key[4] for key in keys)
        currency = max(sorted(counted), key=lambda one: counted[one])
        months = max((key[2] for key in keys if key[4] == currency), default=0)
        day = date.fromisoformat(period)
        year = months == _YEAR or (months == 0 and (day.month, day.day) == self._year_end)
        opening = months_before(day, months) if 0 < months < _YEAR else months_before(day, _YEAR)
        return Frame(period, months, opening, months_before(day, _YEAR), scope, currency, year)


def months_before(day: date, months: int) -> str:
    """Return the same day some months earlier; the last of a month stays the last."""
    last = day.day == monthrange(day.year, day.month)[1]
    place = day.year * 12 + day.month - 1 - months
    year, month = place // 12, place % 12 + 1
    most = monthrange(year, month)[1]
    return date(year, month, most if last else min(day.day, most)).isoformat()


def days_of(period: str, months: int) -> int:
    """Return how many days the period has: 365 a year, else those of the calendar."""
    if months == _YEAR:
        return 365
    day = date.fromisoformat(period)
    return (day - date.fromisoformat(months_before(day, months))).days


def _counting(group: Sequence[Item], conflict: Conflict | None) -> Item | None:
    """Return which item counts: an officer's, what a conflict goes by, a restated one, the most exact; None: none."""
    ordered = sorted(group, key=lambda one: (not one.restated, _PRECISION.get(one.unit, 2), -one.confidence))
    officer = next((one for one in ordered if one.place.file == "officer"), None)
    if officer is not None:
        return officer
    if conflict is not None and {one.place for one in group} & set(conflict.places):
        if conflict.used is None:
            return None
        chosen = conflict.places[conflict.used]
        return next((one for one in ordered if one.place == chosen), ordered[0])
    return ordered[0]


def payments_of(dossier: Dossier, frame: Frame) -> tuple[Payment, ...]:
    """Return the payments of a frame's year in its currency, or those that follow it within a year."""
    ours = [one for one in dossier.payments if one.currency == frame.currency]
    later = months_before(date.fromisoformat(frame.period), -_YEAR)
    within = tuple(one for one in ours if frame.before < one.day <= frame.period)
    return within or tuple(one for one in ours if frame.period < one.day <= later)


def fact_of(dossier: Dossier, name: str, period: str) -> Fact:
    """Return the field of a name: of the period's year where it is listed by year. Raises `NoValueError`."""
    found = [one for one in dossier.facts if one.name == name and one.confidence >= SURE and one.number is not None]
    by_year = [one for one in found if one.group.endswith(f".{period[:4]}")]
    found = by_year or [one for one in found if not one.group]
    if not found:
        raise NoValueError("missing", Name(name))
    conflict = next((one for one in dossier.conflicts if one.about == f"field:{name}"), None)
    if conflict is not None and {one.place for one in found} & set(conflict.places):
        if conflict.used is None:
            raise NoValueError("contradicted", Name(name))
        chosen = conflict.places[conflict.used]
        found = [one for one in found if one.place == chosen] or found
    return next((one for one in found if one.place.file == "officer"), found[0])


def by_name(facts: Iterable[Fact]) -> Mapping[str, str]:
    """Return the values of fields by name, the first of each."""
    return {one.name: one.value for one in reversed(tuple(facts)) if one.confidence >= SURE}
