"""Figures of what is held: values, shares, classes against the target, concentration, overlap, levels and fees."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Final

from appliance.core.errors import RequestError

from ..asset_classes import CLASSES
from ..data.dataset import Dataset
from ..data.targets import Target
from ..models import Product
from ..suitability.loading import RuleBook
from .answer import ClassLine, OverlapLine, PositionLine
from .book import Book
from .levels import fit_of
from .positions import Account, Position

OVERLAP: Final = 0.2
"""Pairs of holdings above this overlap are named."""
_DAYS: Final = (7, 30, 365)


def add_totals(book: Book, account: Account) -> None:
    """Add the value, cost and gain of the whole account, and the number of products."""
    cost = math.fsum(one.cost for one in account.positions)
    inputs = {"positions": len(account.positions)}
    book.add("total_value", account.total, inputs)
    book.add("total_cost", cost, inputs)
    book.add("total_gain", account.total - cost, {"total_value": account.total, "total_cost": cost})
    book.add("positions", len(account.positions))


def position_lines(book: Book, dataset: Dataset, account: Account, rules: RuleBook) -> tuple[PositionLine, ...]:
    """Add the figures of each position; its product is judged by the rules."""
    lines = []
    for one in account.positions:
        product, name = one.product, one.product.name.within(book.language)
        inputs: dict[str, float | int | str] = {"u": one.units, "x": one.rate}
        if one.price is not None:
            inputs["p"] = one.price
        fit = fit_of(dataset, account, product, rules, book.language)
        made = [
            book.add("position_value", one.value if one.basis != "none" else None, inputs, key=product.id, about=name),
            book.add("position_cost", one.cost if one.basis != "none" else None, inputs, key=product.id, about=name),
            book.add(
                "position_gain", one.value - one.cost if one.basis == "value" else None, key=product.id, about=name
            ),
            book.add(
                "position_share",
                account.share(one),
                {"V": one.value, "sum_V": account.total},
                key=product.id,
                about=name,
            ),
            book.add("position_level", int(product.level[1]), key=product.id, about=name),
        ]
        lines.append(
            PositionLine(
                product=product.id, name=name, asset_class=product.asset_class, basis=one.basis,
                figures={figure.name: figure.id for figure in made}, suitable=fit.suitable, reasons=fit.reasons,
                note=None if one.note is None else one.note.render(_full(book.language)),
            )
        )  # fmt: skip
    return tuple(lines)


def class_lines(book: Book, account: Account, target: Target | None) -> tuple[ClassLine, ...]:
    """Add each class's value and share, with target and drift where a target is known."""
    no_target = None if target else book.note("no_target", target=account.client.target)
    lines, beyond = [], 0
    for name, title in CLASSES.items():
        value = math.fsum(one.value for one in account.positions if one.product.asset_class == name)
        wanted = target.weights.get(name, 0.0) if target else None
        if value == 0.0 and not wanted:
            continue
        about = title.within(book.language)
        share = value / account.total if account.total > 0.0 else None
        drift = share - wanted if share is not None and wanted is not None else None
        off = None if drift is None or target is None else abs(drift) > target.drift + 1e-12
        beyond += bool(off)
        inputs = {"V": value, "sum_V": account.total}
        made = [
            book.add("class_value", value, key=name, about=about),
            book.add("class_share", share, inputs, key=name, about=about),
            book.add("class_target", wanted, key=name, about=about, note=no_target),
            book.add("class_drift", drift, key=name, about=about, note=no_target),
        ]
        figures = {figure.name: figure.id for figure in made}
        lines.append(ClassLine(asset_class=name, title=about, figures=figures, off=off))
    if target:
        book.add("drift_tolerance", target.drift)
        book.add("classes_off", beyond)
    return tuple(lines)


def add_concentration(book: Book, account: Account) -> None:
    """Add the largest product and issuer, the five largest and the Herfindahl-Hirschman index."""
    shares = [share for one in account.positions if (share := account.share(one)) is not None]
    if not shares:
        for name in ("largest_product", "largest_issuer", "top_five", "hhi"):
            book.add(name, None, note=book.note("empty"))
        return
    issuers: dict[str, float] = {}
    for one, share in zip(account.positions, shares, strict=True):
        if one.product.issuer:
            issuers[one.product.issuer] = issuers.get(one.product.issuer, 0.0) + share
    first = account.positions[0].product.id
    book.add("largest_product", max(shares), {"product": first})
    if issuers:
        largest = max(issuers, key=lambda name: (issuers[name], name))
        book.add("largest_issuer", issuers[largest], {"issuer": largest})
    else:
        book.add("largest_issuer", None, note=book.note("no_issuer"))
    book.add("top_five", math.fsum(sorted(shares, reverse=True)[:5]))
    book.add("hhi", math.fsum(share**2 for share in shares))


def overlap_lines(book: Book, positions: Sequence[Position]) -> tuple[OverlapLine, ...]:
    """Add the overlap of each pair of holdings above `OVERLAP`, and the largest of all pairs; largest first."""
    told = [one.product for one in positions if one.product.constituents]
    pairs = [(overlap_of(first, second), first, second) for first, second in combinations(told, 2)]
    if not pairs:
        return ()
    pairs.sort(key=lambda pair: (-pair[0], pair[1].id, pair[2].id))
    book.add("largest_overlap", pairs[0][0], {"first": pairs[0][1].id, "second": pairs[0][2].id})
    lines = []
    for overlap, first, second in pairs:
        if overlap <= OVERLAP:
            break
        names = (first.name.within(book.language), second.name.within(book.language))
        figure = book.add("overlap", overlap, key=f"{first.id}.{second.id}", about=" / ".join(names))
        both = {
            name: min(share, second.constituents[name])
            for name, share in first.constituents.items()
            if name in second.constituents
        }
        securities = tuple(sorted(both, key=lambda name: (-both[name], name)))
        lines.append(
            OverlapLine(
                first=first.id, second=second.id, names=names, figures={figure.name: figure.id}, securities=securities
            )
        )
    return tuple(lines)


def overlap_of(first: Product, second: Product) -> float:
    """Return the sum over securities of the lower of both reported weights."""
    other = second.constituents
    return math.fsum(min(share, other[name]) for name, share in first.constituents.items() if name in other)


def add_cash(book: Book, dataset: Dataset, account: Account) -> None:
    """Add the need of cash in CNY and what is redeemable within a week, a month and a year."""
    client = account.client
    redeemable = {days: math.fsum(_free(one, account, days) for one in account.positions) for days in _DAYS}
    for days, value in redeemable.items():
        about = f"{days}天内" if book.language.startswith("zh") else f"within {days} days"
        book.add("redeemable", value, {"days": days}, key=f"d{days}", about=about)
    try:
        need = client.cash_need * dataset.cny_for(client.currency, account.as_of)
    except RequestError as error:
        for name in ("cash_need", "cash_coverage", "cash_gap"):
            book.add(name, None, note=error.message.render(_full(book.language)))
        return
    source = (dataset.source("clients", f"id={client.id}, cash_need"),)
    none = None if need > 0.0 else book.note("no_need")
    inputs = {"redeemable": redeemable[365], "need": need}
    book.add("cash_need", need, {"amount": client.cash_need, "currency": client.currency}, sources=source)
    book.add("cash_coverage", redeemable[365] / need if need > 0.0 else None, inputs, note=none)
    book.add("cash_gap", max(0.0, need - redeemable[365]), inputs)


def add_fees(book: Book, account: Account) -> None:
    """Add the running fees of a year."""
    fees = math.fsum(one.value * (one.product.management_fee + one.product.custody_fee) for one in account.positions)
    book.add("fees_a_year", fees)
    share = fees / account.total if account.total > 0.0 else None
    book.add("fee_share", share, {"fees": fees, "sum_V": account.total})


def add_unsuitable(book: Book, account: Account, lines: Sequence[PositionLine]) -> None:
    """Add what is held above the client's level."""
    if account.client.assessed_on is not None:
        book.add("assessed_on", account.client.assessed_on, {"client": account.client.id})
    note = book.note("not_assessed") if account.client.level is None else None
    value = None
    if note is None:
        above = {line.product for line in lines if line.suitable is False}
        value = math.fsum(one.value for one in account.positions if one.product.id in above)
    book.add("unsuitable_value", value, {"level": account.client.level or "none"}, note=note)
    share = value / account.total if value is not None and account.total > 0.0 else None
    book.add("unsuitable_share", share, note=note)


def _free(position: Position, account: Account, days: int) -> float:
    """Return the value of the lots whose money can be there within some days."""
    if position.units <= 0.0:
        return 0.0
    product = position.product
    free = 0.0
    for lot in position.lots:
        begins = max(account.as_of, lot.bought_on + timedelta(days=product.term_days))
        if begins + timedelta(days=product.redeem_days) <= account.as_of + timedelta(days=days):
            free += lot.units
    return position.value * free / position.units


def _full(language: str) -> str:
    return "zh_CN" if language.startswith("zh") else "en"
