"""Which row of the one table is which row of the other: by code, by name, by day; what is only alike is asked."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from typing import Final, Literal

from .book import MatchingBook
from .tables import ValuationRow, ValuationTable

_YES: Final = frozenset({"same", "yes", "是", "同一产品", "true"})
_NO: Final = frozenset({"different", "no", "否", "不是同一产品", "false"})
_SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")
How = Literal["code", "name", "zeros", "answer", "shifted"]


@dataclass(frozen=True)
class Pair:
    """Two rows of one product; `shifted` ones are of days apart."""

    left: ValuationRow
    right: ValuationRow
    how: How


@dataclass(frozen=True)
class Duplicate:
    """Rows of one side with one product and day. `same`: all their values are alike, and the first is used."""

    side: Literal["left", "right"]
    rows: tuple[ValuationRow, ...]
    same: bool


@dataclass(frozen=True)
class Near:
    """Two rows that may be one product, and the id of the question about them."""

    id: str
    left: ValuationRow
    right: ValuationRow


@dataclass
class Pairing:
    """The outcome; what stands in no pair is unmatched."""

    pairs: list[Pair] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    near: list[Near] = field(default_factory=list)
    left: list[ValuationRow] = field(default_factory=list)
    right: list[ValuationRow] = field(default_factory=list)


def pair_rows(left: ValuationTable, right: ValuationTable, book: MatchingBook, answers: Mapping[str, str]) -> Pairing:
    """Match the rows of two tables; `answers` are a person's, by the ids of questions."""
    pairing = Pairing()
    pairing.left = _single("left", left, pairing)
    pairing.right = _single("right", right, pairing)
    _take(pairing, "code", lambda row: row.code)
    _take(pairing, "name", lambda row: row.plain_name, lambda a, b: not (a.code and b.code))
    _take(pairing, "zeros", lambda row: row.plain_name, lambda a, b: _bare(a.code) == _bare(b.code))
    _shifted(pairing, book)
    _ask(pairing, book, answers)
    _leave_out(pairing)
    order = {id(row): at for at, row in enumerate(left.rows)}
    pairing.pairs.sort(key=lambda pair: order.get(id(pair.left), 0))
    return pairing


def _bare(code: str) -> str:
    return code.lstrip("0")


def _single(side: Literal["left", "right"], table: ValuationTable, pairing: Pairing) -> list[ValuationRow]:
    """Return the rows, those that come twice once: or not at all, where their values are not alike."""
    groups: dict[tuple[str, str], list[ValuationRow]] = defaultdict(list)
    for row in table.rows:
        groups[(row.code or row.plain_name, row.day)].append(row)
    kept: list[ValuationRow] = []
    for rows in groups.values():
        if len(rows) > 1:
            values = [{name: amount.value for name, amount in row.values.items()} for row in rows]
            same = all(one == values[0] for one in values)
            pairing.duplicates.append(Duplicate(side, tuple(rows), same))
            if not same:
                continue
        kept.append(rows[0])
    return kept


def _leave_out(pairing: Pairing) -> None:
    """Take rows out whose product stands on the other side twice, with values that are not alike: not unmatched."""
    twice = {side: [one.rows[0] for one in pairing.duplicates if one.side == side and not one.same] for side in _SIDES}

    def kept(rows: list[ValuationRow], others: list[ValuationRow]) -> list[ValuationRow]:
        return [row for row in rows if not any(same_product(row, one) and row.day == one.day for one in others)]

    pairing.left, pairing.right = kept(pairing.left, twice["right"]), kept(pairing.right, twice["left"])


def _take(
    pairing: Pairing,
    how: How,
    product: Callable[[ValuationRow], str],
    may: Callable[[ValuationRow, ValuationRow], bool] = lambda _left, _right: True,
) -> None:
    """Move the rows of one product and day into pairs; a product that is several rows of a side stays."""
    by_key: dict[tuple[str, str], list[ValuationRow]] = defaultdict(list)
    dayless = any(not row.day for row in (*pairing.left, *pairing.right))

    def key(row: ValuationRow) -> tuple[str, str]:
        return product(row), "" if dayless else row.day

    for row in pairing.right:
        if product(row) and row.day != "?":
            by_key[key(row)].append(row)
    taken: set[int] = set()
    lefts: dict[tuple[str, str], int] = defaultdict(int)
    for row in pairing.left:
        lefts[key(row)] += 1
    for row in pairing.left:
        others = by_key.get(key(row), [])
        if len(others) == 1 and lefts[key(row)] == 1 and product(row) and row.day != "?" and may(row, others[0]):
            pairing.pairs.append(Pair(row, others[0], how))
            taken |= {id(row), id(others[0])}
    _drop(pairing, taken)


def _drop(pairing: Pairing, taken: set[int]) -> None:
    pairing.left = [row for row in pairing.left if id(row) not in taken]
    pairing.right = [row for row in pairing.right if id(row) not in taken]


def _shifted(pairing: Pairing, book: MatchingBook) -> None:
    """Pair rows of one product that stand on neighbouring days, the nearest first."""
    taken: set[int] = set()
    by_code, by_name = by_key(pairing.right, lambda row: row.code), by_key(pairing.right, lambda row: row.plain_name)
    near = [
        (days, at, left, right)
        for at, left in enumerate(pairing.left)
        for right in {id(one): one for one in (*by_code[left.code], *by_name[left.plain_name])}.values()
        if same_product(left, right) and (days := days_apart(left.day, right.day)) and days <= book.shift_days
    ]
    for _days, _at, left, right in sorted(near, key=lambda one: one[:2]):
        if id(left) not in taken and id(right) not in taken:
            pairing.pairs.append(Pair(left, right, "shifted"))
            taken |= {id(left), id(right)}
    _drop(pairing, taken)


def same_product(left: ValuationRow, right: ValuationRow) -> bool:
    """Whether two rows are of one product, by code, else by name."""
    if left.code and right.code:
        return left.code == right.code
    return bool(left.plain_name) and left.plain_name == right.plain_name


def days_apart(one: str, other: str) -> int:
    """Return how many days are between two days; 0 where one is not known."""
    try:
        return abs((date.fromisoformat(one) - date.fromisoformat(other)).days)
    except ValueError:
        return 0


def _ask(pairing: Pairing, book: MatchingBook, answers: Mapping[str, str]) -> None:
    """Pair what a person said is one, and note what is to be asked: each row with its nearest."""
    taken: set[int] = set()
    candidates = _Candidates(pairing.right)
    for left in list(pairing.left):
        alike = [(_likeness(left, right, book.near), right) for right in candidates.of(left)]
        for score, right in sorted(alike, key=lambda one: -one[0]):
            if score < book.near:
                break
            if id(right) in taken:
                continue
            question = question_id(left, right)
            answer = answers.get(question, "").strip().lower()
            if answer in _YES:
                pairing.pairs.append(Pair(left, right, "answer"))
                taken |= {id(left), id(right)}
                break
            if answer not in _NO:
                pairing.near.append(Near(question, left, right))
                break
    _drop(pairing, taken)


class _Candidates:
    """Rows that may be the same product as another: with the same numbers in their names, or the same bare code.

    示范1号 and 示范2号 are alike and are two products.
    """

    def __init__(self, rows: Iterable[ValuationRow]) -> None:
        self._by_number: dict[str, list[ValuationRow]] = defaultdict(list)
        self._by_code: dict[str, list[ValuationRow]] = defaultdict(list)
        for row in rows:
            self._by_number[_numbers(row)].append(row)
            self._by_code[_bare(row.code)].append(row)

    def of(self, row: ValuationRow) -> list[ValuationRow]:
        """Return the rows that are worth comparing, each once."""
        same_code = self._by_code[_bare(row.code)] if row.code else []
        found = {id(one): one for one in (*self._by_number[_numbers(row)], *same_code)}
        return list(found.values())


def _numbers(row: ValuationRow) -> str:
    return " ".join(re.findall(r"\d+|[一二三四五六七八九十百]+", row.plain_name))


def _likeness(left: ValuationRow, right: ValuationRow, least: float) -> float:
    """Return how alike two rows are, from 0 to 1; what cannot reach `least` is 0."""
    if left.day and right.day and left.day != right.day:
        return 0.0
    if left.code and right.code and _bare(left.code) == _bare(right.code):
        return 1.0
    if not left.plain_name or not right.plain_name:
        return 0.0
    matcher = SequenceMatcher(None, left.plain_name, right.plain_name, autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()


def question_id(left: ValuationRow, right: ValuationRow) -> str:
    """Return the same id for the same two products at every run."""
    text = "|".join((left.code, left.plain_name, right.code, right.plain_name, left.day))
    return f"q_{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def by_product(rows: Iterable[ValuationRow]) -> Mapping[str, Sequence[ValuationRow]]:
    """Return rows by code, or by plain name where they have none, for looking at other days of a product."""
    return by_key(rows, lambda row: row.code or row.plain_name)


def by_key(rows: Iterable[ValuationRow], key: Callable[[ValuationRow], str]) -> defaultdict[str, list[ValuationRow]]:
    """Return rows by what `key` gives; those for which it gives nothing are left out."""
    found: defaultdict[str, list[ValuationRow]] = defaultdict(list)
    for row in rows:
        if key(row):
            found[key(row)].append(row)
    return found
