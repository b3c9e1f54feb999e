"""Files that give the same values a thousand or ten thousand times larger: a unit is wrong, and somebody is asked."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from .resolving import Entry

_POWERS: Final = (3, 4, 5, 6, 8)
_NEAR: Final = 0.01
_FEWEST: Final = 3
_SHARE: Final = 0.6
_LEAP: Final = 300.0
"""No company's assets, cash or revenue grow so many times within a year."""
_STEADY: Final = ("total_assets", "total_equity", "total_liabilities", "revenue", "total_current_assets", "cash")
_TRUST: Final = {"officer": 4, "table": 3, "file": 2, "size": 1, "": 0}


@dataclass(frozen=True)
class Misfit:
    """A block whose amounts are `times` those of another one, of about the same things."""

    block: str
    other: str
    times: float


def misfits(entries: Sequence[Entry]) -> list[Misfit]:
    """Return the blocks whose unit does not fit the others; both of a pair where nothing says which is wrong."""
    blocks = {entry.block.id: entry.block for entry in entries}
    values: dict[str, dict[tuple[str, str, int], Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.value:
            values[entry.block.id].setdefault((entry.draft.account, entry.period, entry.months), entry)
    pairs = []
    for one, other in combinations(values, 2):
        times = _times(values[one], values[other]) or _leap(values[one], values[other])
        if times is not None and not blocks[one].unit_from == blocks[other].unit_from == "officer":
            pairs.append((one, other, times))
    return _blamed(pairs, {name: _TRUST[block.unit_from] for name, block in blocks.items()})


def _times(one: dict[tuple[str, str, int], Entry], other: dict[tuple[str, str, int], Entry]) -> float | None:
    """Return how many times the values of one are those of the other, where that is a power of ten."""
    shared = [key for key in one if key in other and _same_scope(one[key], other[key])]
    if len(shared) < _FEWEST:
        return None
    powers: dict[int, int] = defaultdict(int)
    for key in shared:
        ratio = math.log10(abs(one[key].value / other[key].value))
        power = round(ratio)
        if abs(power) in _POWERS and abs(ratio - power) < _NEAR:
            powers[power] += 1
    best = max(powers, key=lambda power: powers[power], default=None)
    return 10.0**best if best is not None and powers[best] >= _SHARE * len(shared) else None


def _leap(one: dict[tuple[str, str, int], Entry], other: dict[tuple[str, str, int], Entry]) -> float | None:
    """Return how many times larger one year is than the next one, where no growth explains it."""
    ratios = []
    for (account, period, months), entry in one.items():
        if account not in _STEADY:
            continue
        for step in (1, -1):
            near = other.get((account, f"{int(period[:4]) + step}{period[4:]}", months))
            if near is not None and _same_scope(entry, near):
                ratios.append(abs(entry.value / near.value))
    if len(ratios) < 2:
        return None
    if all(ratio >= _LEAP for ratio in ratios) or all(ratio <= 1 / _LEAP for ratio in ratios):
        return 10.0 ** round(math.log10(sorted(ratios)[len(ratios) // 2]))
    return None


def _same_scope(one: Entry, other: Entry) -> bool:
    return one.scope == other.scope or "unknown" in (one.scope, other.scope)


def _blamed(pairs: Sequence[tuple[str, str, float]], trust: dict[str, int]) -> list[Misfit]:
    """Blame of each pair the one that states its unit less surely, or that fits fewer; else both."""
    against: dict[str, int] = defaultdict(int)
    for one, other, _times_of in pairs:
        against[one] += 1
        against[other] += 1
    found: dict[str, Misfit] = {}
    for one, other, times in pairs:
        rank_one, rank_other = (trust[one], -against[one]), (trust[other], -against[other])
        if rank_one <= rank_other:
            found.setdefault(one, Misfit(one, other, times))
        if rank_other <= rank_one:
            found.setdefault(other, Misfit(other, one, 1 / times))
    return list(found.values())
