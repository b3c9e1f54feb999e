"""The figures of a reconciliation: counts, differences, arithmetic and totals, each with its inputs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..composing import Texts
from ..models import Figure, Input
from .book import MatchingBook
from .cells import Amount, written
from .comparing import Compared
from .pairing import Pairing
from .tables import ValuationRow

_PRICE_DECIMALS = 4
_LEAST_DECIMALS = 2


@dataclass(frozen=True)
class Totals:
    """The sums of one column over the matched products, and their difference."""

    column: str
    left: Figure
    right: Figure
    difference: Figure


def decimals_of(compared: Compared, book: MatchingBook) -> int:
    """Return how many decimals a difference needs so that nothing of it is lost."""
    least = _PRICE_DECIMALS if book.columns[compared.column].type == "price" else _LEAST_DECIMALS
    return max(least, compared.left.decimals, compared.right.decimals)


def _input(symbol: str, amount: Amount) -> Input:
    return Input(symbol=symbol, value=float(amount.value), shown=amount.printed, place=amount.place)


class FigureMaker:
    """Makes figures with ids that are unique in a report."""

    def __init__(self, say: Texts, period: str) -> None:
        self._say = say
        self._period = period

    def _make(
        self,
        key: str,
        title: str,
        value: float | None,
        shown: str,
        formula: str,
        inputs: Iterable[Input],
        unit: str = "count",
    ) -> Figure:
        return Figure(
            id=f"valuation_{key}@{self._period}",
            name=f"valuation_{key.partition('.')[0]}",
            title=self._say(f"figure.{title}"),
            period=self._period,
            value=value,
            unit=unit,
            shown=shown,
            formula=formula,
            inputs=tuple(inputs),
        )

    def difference(self, number: int, one: Compared, book: MatchingBook) -> Figure:
        """Return a difference, left less right."""
        shown = written(one.difference, decimals_of(one, book))
        inputs = (_input("left", one.left), _input("right", one.right))
        unit = _unit(one, book)
        return self._make(
            f"difference.{number}", "difference", float(one.difference), shown, "left - right", inputs, unit
        )

    def per_mille(self, number: int, one: Compared) -> Figure | None:
        """Return a difference as a share, shown in per mille; None where the left value is zero."""
        if one.per_mille is None:
            return None
        inputs = (_input("left", one.left), _input("right", one.right))
        shown = f"{written(one.per_mille, 2 if abs(one.per_mille) >= 1 else 4)}‰"
        value = float(one.per_mille / 1000)
        formula = "(left - right) / |left|"
        return self._make(f"per_mille.{number}", "per_mille", value, shown, formula, inputs, "share")

    def proof(self, number: int, one: Compared) -> Figure | None:
        """Return the arithmetic of an explanation as a figure of text."""
        if one.explanation is None:
            return None
        inputs = tuple(_input(symbol, amount) for symbol, amount in one.explanation.inputs)
        formula = one.explanation.formula
        return self._make(f"proof.{number}", "proof", None, one.explanation.proof, formula, inputs, "text")

    def counts(self, pairing: Pairing, compared: Sequence[Compared]) -> Mapping[str, Figure]:
        """Return how many products and values there are of each kind, by name."""
        rows: dict[str, Iterable[ValuationRow]] = {
            "pairs": (pair.left for pair in pairing.pairs),
            "left": pairing.left,
            "right": pairing.right,
        }
        made: dict[str, Figure] = {}
        for name, of in rows.items():
            inputs = [Input(symbol="product", value=1.0, shown=row.label, place=row.place) for row in of]
            made[name] = self._make(name, name, float(len(inputs)), str(len(inputs)), "count(products)", inputs)
        inputs = [_input(one.column, one.left) for one in compared]
        made["compared"] = self._make(
            "compared", "compared", float(len(inputs)), str(len(inputs)), "count(values)", inputs
        )
        for state in ("equal", "within", "explained", "unexplained"):
            inputs = [_input(one.column, one.left) for one in compared if one.state == state]
            count = len(inputs)
            made[state] = self._make(state, state, float(count), str(count), f"count({state} values)", inputs)
        return made

    def totals(self, pairing: Pairing, book: MatchingBook) -> tuple[Totals, ...]:
        """Return the sums of money and units over matched products that have the value on both sides."""
        made: list[Totals] = []
        for column in book.compared:
            if book.columns[column].type == "price":
                continue
            both = [
                (pair.left.values[column], pair.right.values[column])
                for pair in pairing.pairs
                if column in pair.left.values and column in pair.right.values
            ]
            currencies = {row.currency for pair in pairing.pairs for row in (pair.left, pair.right) if row.currency}
            if not both or (len(currencies) > 1 and column != "units"):
                continue  # sums over several currencies mean nothing
            sides = [[amounts[side] for amounts in both] for side in (0, 1)]
            left, right = (self._total(column, name, of) for name, of in zip(("left", "right"), sides, strict=True))
            value = sum((one.value for one in sides[0]), Decimal(0)) - sum((one.value for one in sides[1]), Decimal(0))
            inputs = (
                Input(symbol="left", value=left.value or 0.0, shown=left.shown, figure=left.id),
                Input(symbol="right", value=right.value or 0.0, shown=right.shown, figure=right.id),
            )
            shown = written(value, _LEAST_DECIMALS)
            unit = "count" if column == "units" else "CNY"
            key = f"total.{column}_difference"
            made.append(
                Totals(column, left, right, self._make(key, "total", float(value), shown, "left - right", inputs, unit))
            )
        return tuple(made)

    def _total(self, column: str, side: str, amounts: Sequence[Amount]) -> Figure:
        return self.sum_of(f"total.{column}_{side}", amounts, "count" if column == "units" else "CNY")

    def sum_of(self, key: str, amounts: Sequence[Amount], unit: str = "CNY") -> Figure:
        """Return the sum of amounts."""
        value = sum((one.value for one in amounts), Decimal(0))
        inputs = (_input("value", one) for one in amounts)
        return self._make(key, "total", float(value), written(value, _LEAST_DECIMALS), "sum(values)", inputs, unit)


def _unit(one: Compared, book: MatchingBook) -> str:
    kind = book.columns[one.column].type
    if kind == "money":
        return one.pair.left.currency or "CNY"
    return "count" if kind == "units" else "ratio"
