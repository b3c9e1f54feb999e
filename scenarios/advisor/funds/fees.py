"""What a product costs."""

from statistics import median
from typing import Final

from ..figures.writing import shown
from .peers import members
from .shapes import Cost, Fees
from .subject import Subject

AMOUNT: Final = 10_000.0
YEARS: Final = (1, 3)
_DAYS: Final = 365


def fees(subject: Subject) -> Fees:
    """Return running fees beside those of the peers, and the cost of holding 10,000 for one year and for three."""
    product = subject.product
    total = product.management_fee + product.custody_fee
    of_peers = [
        subject.dataset.products[one].management_fee + subject.dataset.products[one].custody_fee
        for one in members(subject)
    ]
    maker = subject.maker()
    return Fees(
        amount=shown(AMOUNT, product.currency, subject.language),
        total=maker.make(
            "total_expense", total, {"management_fee": product.management_fee, "custody_fee": product.custody_fee},
            sources=subject.listed(),
        ),
        peers=maker.make("peer_expense", median(of_peers), {"count": len(of_peers)}, sources=subject.listed()),
        costs=tuple(_cost(subject, total, years) for years in YEARS),
    )  # fmt: skip


def exit_fee(tiers: tuple[tuple[int, float], ...], days: int) -> float:
    """Return the share that redeeming costs after `days`: tiers are (held less than days, share)."""
    return next((share for below, share in sorted(tiers) if days < below), 0.0)


def _cost(subject: Subject, total: float, years: int) -> Cost:
    product, maker = subject.product, subject.maker(f"cost.{years}y")
    amount = shown(AMOUNT, product.currency, subject.language)
    label = subject.texts.labels["invested_one" if years == 1 else "invested"].within(subject.language)
    about = label.format(amount=amount, years=years)
    leaving = exit_fee(product.back_fees, years * _DAYS)
    net = AMOUNT / (1.0 + product.front_fee)
    cost = AMOUNT - net + net * total * years + net * leaving
    inputs: dict[str, float | int | str] = {
        "a": AMOUNT, "f": product.front_fee, "total_expense": total, "y": years, "k": leaving,
    }  # fmt: skip
    listed = subject.listed()
    return Cost(
        years=years,
        entry=maker.make("entry_fee", product.front_fee, about=about, sources=listed),
        exit=maker.make("exit_fee", leaving, {"days": years * _DAYS}, about=about, sources=listed),
        cost=maker.make("holding_cost", cost, inputs, about=about, unit=product.currency, sources=listed),
    )
