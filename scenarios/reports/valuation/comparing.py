"""The values of each pair compared, in money and in per mille, and each difference explained or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .book import MatchingBook
from .cells import Amount
from .explaining import Context, Explanation, explain
from .pairing import Pair, by_product
from .tables import ValuationTable

State = Literal["equal", "within", "explained", "unexplained", "not_compared"]


@dataclass(frozen=True)
class Compared:
    """One value of one pair."""

    pair: Pair
    column: str
    left: Amount
    right: Amount
    state: State
    explanation: Explanation | None = None

    @property
    def difference(self) -> Decimal:
        """Left less right."""
        return self.left.value - self.right.value

    @property
    def per_mille(self) -> Decimal | None:
        """The difference in per mille of the left value; None where that is zero."""
        return self.difference * 1000 / abs(self.left.value) if self.left.value else None


def compare_pairs(
    pairs: Sequence[Pair], left: ValuationTable, right: ValuationTable, book: MatchingBook, language: str
) -> tuple[Compared, ...]:
    """Compare all values that both rows of a pair have."""
    context = Context(book, pairs, by_product(left.rows), by_product(right.rows), language)
    return tuple(one for pair in pairs for one in _compare(pair, context))


def _compare(pair: Pair, context: Context) -> Iterator[Compared]:
    book = context.book
    currencies = {row.currency for row in (pair.left, pair.right) if row.currency}
    for column in book.compared:
        left, right = pair.left.values.get(column), pair.right.values.get(column)
        if left is None or right is None:
            continue
        foreign = len(currencies) > 1 and book.columns[column].type != "units"
        difference = abs(left.value - right.value)
        tolerance = book.tolerances[column]
        relative = difference * 1000 <= tolerance.per_mille * abs(left.value)
        if not difference and not foreign:
            state: State = "equal"
        elif (difference <= tolerance.absolute or relative) and not foreign:
            state = "within"
        else:
            explanation = explain(pair, column, context)
            if foreign and (explanation is None or explanation.rule != "currency"):
                yield Compared(pair, column, left, right, "not_compared")
                continue
            state = "unexplained" if explanation is None else "explained"
            yield Compared(pair, column, left, right, state, explanation)
            continue
        yield Compared(pair, column, left, right, state)
