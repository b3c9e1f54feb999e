"""Which way money went and in which order the lines stand, by the balances where columns leave it open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

CENT: Final = 0.011
_MOST: Final = 0.6
"""Part of the balances that must run on so that they tell the direction."""
_LOOKED_AT: Final = 5000


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a statement."""

    grid: int
    row: int
    day: str
    time: str
    amount: float
    sure: str
    """What its sign rests on: columns, mark, sign or none."""
    balance: float | None
    counterparty: str
    purpose: str
    account: str
    currency: str
    quote: str


class _Fit(NamedTuple):
    share: float
    falling: bool
    turned: bool


def directed(lines: Sequence[Line]) -> tuple[list[Line], int]:
    """Return the lines of one statement in the order of time with signed amounts, and how many have no clear sign.

    A customer's own ledger has debit for what is received; where the balances say so, all signs are turned.
    """
    fit = _fit(lines)
    ordered = list(reversed(lines)) if fit.falling else list(lines)
    bare = any(line.sure == "none" for line in ordered) and not any(line.sure == "sign" for line in ordered)
    if bare:
        return _by_balances(ordered)
    if fit.turned:
        ordered = [replace(line, amount=-line.amount) for line in ordered]
    return ordered, 0


def _fit(lines: Sequence[Line]) -> _Fit:
    some = lines[:_LOOKED_AT]
    falling_days = bool(some) and some[0].day > some[-1].day
    fits = [
        _Fit(_share(some, falling, turned), falling, turned)
        for falling in (falling_days, not falling_days)
        for turned in (False, True)
    ]
    best = max(fits, key=lambda fit: fit.share)
    plain = fits[0]
    return best if best.share >= _MOST and best.share > plain.share + 0.2 else plain


def _share(lines: Sequence[Line], falling: bool, turned: bool) -> float:
    """Return the part of neighbouring balances that run on."""
    held = tried = 0
    sign = -1.0 if turned else 1.0
    for at in range(1, len(lines)):
        before, after = (lines[at], lines[at - 1]) if falling else (lines[at - 1], lines[at])
        if before.balance is not None and after.balance is not None:
            tried += 1
            held += abs(before.balance + sign * after.amount - after.balance) <= CENT
    return held / tried if tried else 0.0


def _by_balances(ordered: Sequence[Line]) -> tuple[list[Line], int]:
    """Give amounts without any sign that of the balance's change; what has none counts as received and is told."""
    signed: list[Line] = []
    unclear = 0
    before: float | None = None
    for line in ordered:
        amount = line.amount
        if line.sure == "none":
            if before is not None and line.balance is not None:
                amount = abs(amount) if line.balance >= before else -abs(amount)
            elif line.balance is not None and line.balance < abs(amount):
                amount = -abs(amount)  # what was received cannot be more than what is there
            else:
                unclear += 1
        signed.append(replace(line, amount=amount))
        before = line.balance
    return signed, unclear if unclear > 1 else 0
