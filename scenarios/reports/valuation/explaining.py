"""Why two values differ: each rule proves what it says by arithmetic on printed values, or says nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import combinations
from typing import Final

from .book import MatchingBook, Rule
from .cells import Amount, written
from .pairing import Pair, days_apart
from .tables import ValuationRow

_CENT: Final = Decimal("0.01")
_MOST_ITEMS: Final = 3
_LEAST_OF_PRICES: Final = 2
_LEAST_OF_SUMS: Final = -8


@dataclass(frozen=True)
class Explanation:
    """A rule that fits; `proof` is the arithmetic in digits, `inputs` what went into it, by symbol."""

    rule: Rule
    proof: str
    formula: str
    inputs: tuple[tuple[str, Amount], ...]


@dataclass(frozen=True)
class Context:
    """What rules may look at beside the pair: the other pairs of the day, and all rows of both sides by product."""

    book: MatchingBook
    pairs: Sequence[Pair]
    left: Mapping[str, Sequence[ValuationRow]]
    right: Mapping[str, Sequence[ValuationRow]]
    language: str = "en"

    @cached_property
    def by_values(self) -> Mapping[tuple[str, str, Decimal, Decimal], Pair]:
        """The pairs by day, column and the values of both sides; of several with the same, the first."""
        found: dict[tuple[str, str, Decimal, Decimal], Pair] = {}
        for pair in self.pairs:
            for column, left in pair.left.values.items():
                right = pair.right.values.get(column)
                if right is not None:
                    found.setdefault((pair.left.day, column, left.value, right.value), pair)
        return found


def explain(pair: Pair, column: str, context: Context) -> Explanation | None:
    """Return the first rule of matching.yaml that proves why a value differs; None: unexplained."""
    left, right = pair.left.values[column], pair.right.values[column]
    for rule in context.book.explanations:
        found = _RULES[rule](pair, column, left, right, context)
        if found is not None:
            return found
    return None


def _currency(pair: Pair, _column: str, left: Amount, right: Amount, _context: Context) -> Explanation | None:
    if not pair.left.currency or not pair.right.currency or pair.left.currency == pair.right.currency:
        return None
    for row in (pair.left, pair.right):
        rate = row.values.get("rate")
        if rate is None or rate.value <= 0:
            continue
        for one, other, names in ((left, right, ("left", "right")), (right, left, ("right", "left"))):
            if _rounds_to(one.value * rate.value, other):
                proof = f"{written(one.value)} × {written(rate.value)} = {written(one.value * rate.value)}"
                inputs = ((names[0], one), ("rate", rate), (names[1], other))
                return Explanation(
                    "currency", f"{proof} ≈ {written(other.value)}", f"{names[0]} × rate = {names[1]}", inputs
                )
    return None


def _unit(_pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    if context.book.columns[column].type == "price" or not left.value or not right.value:
        return None
    for factor in context.book.factors:
        for small, large, names in ((left, right, ("left", "right")), (right, left, ("right", "left"))):
            if _rounds_to(large.value / factor, small):
                proof = (
                    f"{written(large.value)} ÷ {factor:,} = {written(large.value / factor)} ≈ {written(small.value)}"
                )
                formula = f"{names[1]} ÷ {factor} = {names[0]}"
                return Explanation("unit", proof, formula, ((names[0], small), (names[1], large)))
    return None


def _rounding(_pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    """One side shows fewer decimals; unit values are not rounded to less than cents."""
    least = _LEAST_OF_PRICES if context.book.columns[column].type == "price" else _LEAST_OF_SUMS
    if left.decimals == right.decimals or min(left.decimals, right.decimals) < least:
        return None
    fine, coarse, names = (
        (left, right, ("left", "right")) if left.decimals > right.decimals else (right, left, ("right", "left"))
    )
    if not _rounds_to(fine.value, coarse):
        return None
    proof = f"round({written(fine.value)}; {coarse.decimals}) = {written(coarse.value)}"
    return Explanation(
        "rounding", proof, f"round({names[0]}; {coarse.decimals}) = {names[1]}", ((names[0], fine), (names[1], coarse))
    )


def _shifted(pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    """One side's value is the other's of a neighbouring day."""
    for own, other_value, others, names in (
        (pair.left, left, context.right.get(pair.right.code or pair.right.plain_name, ()), ("left", "right")),
        (pair.right, right, context.left.get(pair.left.code or pair.left.plain_name, ()), ("right", "left")),
    ):
        for row in others:
            amount = row.values.get(column)
            apart = days_apart(row.day, own.day)
            if amount is not None and 0 < apart <= context.book.shift_days and amount.value == other_value.value:
                proof = f"{own.day}: {written(other_value.value)} = {row.day}: {written(amount.value)}"
                formula = f"{names[0]}({own.day}) = {names[1]}({row.day})"
                return Explanation("shifted", proof, formula, ((names[0], other_value), (names[1], amount)))
    return None


def _swapped(pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    """Two products have each other's values on one side."""
    other = context.by_values.get((pair.left.day, column, right.value, left.value))
    if other is None or other is pair or left.value == right.value:
        return None
    one, two = other.left.values[column], other.right.values[column]
    proof = (
        f"{written(left.value)} = {written(two.value)} ({other.right.label}); "
        f"{written(right.value)} = {written(one.value)} ({other.left.label})"
    )
    inputs = (("left", left), ("right", right), ("other_left", one), ("other_right", two))
    return Explanation("swapped", proof, "left = other_right; right = other_left", inputs)


def _dividend(pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    """One side has taken a dividend off: unit values differ by it, and accumulated ones do not."""
    both = [(row.values.get("unit_value"), row.values.get("accumulated")) for row in (pair.left, pair.right)]
    (unit_l, accumulated_l), (unit_r, accumulated_r) = both
    if unit_l is None or unit_r is None or accumulated_l is None or accumulated_r is None:
        return None
    paid = unit_l.value - unit_r.value
    if not paid or accumulated_l.value != accumulated_r.value:
        return None
    stated = [row.values["dividend"] for row in (pair.left, pair.right) if "dividend" in row.values]
    if any(one.value != abs(paid) for one in stated if one.value):
        return None
    named = tuple(("dividend", one) for one in stated if one.value)[:1]
    if column == "unit_value":
        taken = [
            f"({written(b.value)} - {written(a.value)})" for a, b in ((unit_r, accumulated_r), (unit_l, accumulated_l))
        ]
        proof = f"{written(unit_l.value)} - {written(unit_r.value)} = {' - '.join(taken)} = {written(paid)}"
        inputs = (
            ("left", left),
            ("right", right),
            ("accumulated_left", accumulated_l),
            ("accumulated_right", accumulated_r),
            *named,
        )
        return Explanation("dividend", proof, "left - right = dividend; accumulated_left = accumulated_right", inputs)
    units = pair.left.values.get("units")
    if column != "net_asset_value" or units is None:
        return None
    if _close(paid * units.value, left.value - right.value, units.value * _half(unit_l)):
        product, difference = written(paid * units.value), written(left.value - right.value)
        proof = f"{written(paid)} × {written(units.value)} = {product} ≈ {difference}"
        inputs = (("left", left), ("right", right), ("unit_left", unit_l), ("unit_right", unit_r), ("units", units))
        return Explanation("dividend", proof, "(unit_left - unit_right) × units = left - right", inputs)
    return None


def _accrued(pair: Pair, column: str, left: Amount, right: Amount, context: Context) -> Explanation | None:
    """Items that one side has accrued and the other has not, or otherwise, sum to the difference."""
    if column != "net_asset_value":
        return None
    difference = left.value - right.value
    items: list[tuple[str, Decimal, tuple[tuple[str, Amount], ...]]] = []
    for name in context.book.items:
        one, two = pair.left.values.get(name), pair.right.values.get(name)
        change = (abs(one.value) if one else Decimal(0)) - (abs(two.value) if two else Decimal(0))
        if change:
            given = tuple((f"{name}_{side}", amount) for side, amount in (("left", one), ("right", two)) if amount)
            items.append((name, change * context.book.columns[name].effect, given))
    for count in range(1, min(_MOST_ITEMS, len(items)) + 1):
        for chosen in combinations(items, count):
            total = sum((effect for _name, effect, _given in chosen), Decimal(0))
            if not _close(total, difference, _CENT):
                continue
            terms = " ".join(_term(name, effect, context) for name, effect, _given in chosen)
            proof = (
                f"{written(left.value)} - {written(right.value)} = {written(difference)}; {terms} = {written(total)}"
            )
            inputs = (("left", left), ("right", right), *(one for _n, _e, given in chosen for one in given))
            return Explanation("accrued", proof, "left - right = sum of what is accrued on one side only", inputs)
    return None


def _term(name: str, effect: Decimal, context: Context) -> str:
    sign = "-" if effect < 0 else "+"
    return f"{sign} {context.book.title(name, context.language)} {written(abs(effect))}"


def _units_difference(pair: Pair, column: str, left: Amount, right: Amount, _context: Context) -> Explanation | None:
    """The units differ, and the net asset value by just as much."""
    one, two = pair.left.values.get("units"), pair.right.values.get("units")
    price = pair.left.values.get("unit_value")
    if column != "net_asset_value" or one is None or two is None or price is None or one.value == two.value:
        return None
    product = (one.value - two.value) * price.value
    if not _close(product, left.value - right.value, abs(one.value - two.value) * _half(price) + _CENT):
        return None
    units, difference = f"({written(one.value)} - {written(two.value)})", written(left.value - right.value)
    proof = f"{units} × {written(price.value)} = {written(product)} ≈ {difference}"
    inputs = (("left", left), ("right", right), ("units_left", one), ("units_right", two), ("unit_value", price))
    return Explanation("units_difference", proof, "(units_left - units_right) × unit_value = left - right", inputs)


def _follows(pair: Pair, column: str, left: Amount, right: Amount, _context: Context) -> Explanation | None:
    """Each side's unit value is its net asset value by its units: the difference is that of those."""
    if column == "accumulated":
        return _as_unit_value(pair, left, right)
    if column != "unit_value":
        return None
    inputs: list[tuple[str, Amount]] = []
    proofs = []
    for side, row, price in (("left", pair.left, left), ("right", pair.right, right)):
        value, units = row.values.get("net_asset_value"), row.values.get("units")
        if value is None or units is None or not units.value or not _rounds_to(value.value / units.value, price):
            return None
        inputs += [(side, price), (f"value_{side}", value), (f"units_{side}", units)]
        proofs.append(f"{written(value.value)} ÷ {written(units.value)} ≈ {written(price.value)}")
    return Explanation("follows", "; ".join(proofs), "value ÷ units = unit value, on both sides", tuple(inputs))


def _as_unit_value(pair: Pair, left: Amount, right: Amount) -> Explanation | None:
    """Accumulated values differ by as much as unit values."""
    one, two = pair.left.values.get("unit_value"), pair.right.values.get("unit_value")
    if one is None or two is None or left.value - right.value != one.value - two.value:
        return None
    sides = (f"{written(a.value)} - {written(b.value)}" for a, b in ((left, right), (one, two)))
    proof = f"{' = '.join(sides)} = {written(left.value - right.value)}"
    inputs = (("left", left), ("right", right), ("unit_left", one), ("unit_right", two))
    return Explanation("follows", proof, "left - right = unit_left - unit_right", inputs)


def _rounds_to(value: Decimal, printed: Amount) -> bool:
    """Whether a value, rounded or cut to the decimals that are printed, is the printed one."""
    step = Decimal(1).scaleb(-printed.decimals)
    return any((value / step).quantize(Decimal(1), how) * step == printed.value for how in (ROUND_HALF_UP, ROUND_DOWN))


def _half(printed: Amount) -> Decimal:
    return Decimal(1).scaleb(-printed.decimals)


def _close(one: Decimal, other: Decimal, within: Decimal) -> bool:
    return abs(one - other) <= within


_Find = Callable[[Pair, str, Amount, Amount, Context], Explanation | None]
_RULES: Final[Mapping[Rule, _Find]] = {
    "currency": _currency,
    "unit": _unit,
    "rounding": _rounding,
    "shifted": _shifted,
    "swapped": _swapped,
    "dividend": _dividend,
    "accrued": _accrued,
    "units_difference": _units_difference,
    "follows": _follows,
}
