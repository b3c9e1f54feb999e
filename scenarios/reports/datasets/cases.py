"""What a customer receives a month, against the turnover that was expected and the repayment that is asked for."""

from collections import Counter
from collections.abc import Sequence

from ..models import Fact, Figure, Input, Payment
from ..showing import shown
from .making import Maker, of_figure


def main_currency(payments: Sequence[Payment]) -> str:
    """Return the currency of most payments; CNY where there is none."""
    counts = Counter(one.currency for one in payments)
    return counts.most_common(1)[0][0] if counts else "CNY"


def case_figures(
    payments: Sequence[Payment], facts: Sequence[Fact], maker: Maker, lenders: Sequence[str] = ()
) -> list[Figure]:
    """Return the figures of what was received up to the maker's day in its currency; none without such payments.

    `lenders` are words of lenders' names: what they pay is a loan and no turnover.
    """
    received = [
        one for one in payments if one.amount > 0.0 and one.day <= maker.period and one.currency == maker.currency
    ]
    if not received:
        return []
    words = [word.lower() for word in lenders]
    earned = [one for one in received if not any(word in one.counterparty.lower() for word in words)]
    average = maker.make("monthly_average_inflow", _total(earned) / _months(received), _inputs(earned, maker))
    return [average, *_against_facts(average, facts, maker)]


def _against_facts(average: Figure, facts: Sequence[Fact], maker: Maker) -> list[Figure]:
    """Return the average against the turnover that was expected, and the repayment asked for against the average."""
    known = {one.name: one for one in facts if one.number is not None and one.number > 0.0}
    received, figures = of_figure("received", average), []
    if "expected_turnover" in known:
        expected = known["expected_turnover"]
        value = (average.value or 0.0) / (expected.number or 1.0)
        figures.append(maker.make("turnover_to_expected", value, [received, _of_fact("expected", expected)]))
    if "requested_amount" in known and "requested_term_months" in known:
        amount, term = known["requested_amount"], known["requested_term_months"]
        inputs = [_of_fact("amount", amount), _of_fact("months", term)]
        instalment = maker.make("monthly_instalment", (amount.number or 0.0) / (term.number or 1.0), inputs)
        figures.append(instalment)
        if average.value:
            inputs = [of_figure("repayment", instalment), received]
            figures.append(maker.make("instalment_to_inflow", (instalment.value or 0.0) / average.value, inputs))
    return figures


def _of_fact(symbol: str, fact: Fact) -> Input:
    return Input(symbol=symbol, value=fact.number or 0.0, shown=fact.shown, place=fact.place)


def _total(payments: Sequence[Payment]) -> float:
    return sum(one.amount for one in payments)


def _months(payments: Sequence[Payment]) -> int:
    """Return how many months the payments span, the first and the last counted whole."""
    first, last = (pick(one.day for one in payments) for pick in (min, max))
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7]) + 1


def _inputs(payments: Sequence[Payment], maker: Maker) -> list[Input]:
    return [
        Input(symbol=one.day, value=one.amount, shown=shown(one.amount, one.currency, maker.language), place=one.place)
        for one in payments
    ]
