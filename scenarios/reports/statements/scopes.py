"""Two statements of one kind in a file, of which nothing says whose they are."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from .models import Block
from .resolving import Entry

_FEWEST: Final = 3
_SHARE: Final = 0.5


def unnamed(entries: Sequence[Entry]) -> list[tuple[Block, Block]]:
    """Return the pairs of blocks that give other values for the same accounts and days of the same file."""
    groups: dict[tuple[str, str, str, int], dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.scope == "unknown" and entry.value and not entry.column.restated:
            key = (entry.block.file, entry.draft.account, entry.period, entry.months)
            groups[key].setdefault(entry.block.id, entry)
    shared: Counter[tuple[str, str]] = Counter()
    differing: Counter[tuple[str, str]] = Counter()
    blocks = {entry.block.id: entry.block for entry in entries}
    for found in groups.values():
        names = list(found)
        for at, one in enumerate(names):
            for other in names[at + 1 :]:
                shared[one, other] += 1
                differing[one, other] += (
                    abs(found[one].value - found[other].value) > found[one].half + found[other].half
                )
    return [
        (blocks[one], blocks[other])
        for (one, other), count in differing.items()
        if count >= _FEWEST and count > _SHARE * shared[one, other]
    ]
