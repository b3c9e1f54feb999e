"""Which records that do not match their hashes are merely in another place than they were written."""

from collections.abc import Iterable, Mapping
from typing import Final

from appliance.state.audit.records import Record, hash_of

MOST_MISFITS: Final = 200
MOST_PLACES: Final = 2000


def origins(misfits: Mapping[int, Record], missing: Iterable[int]) -> dict[int, int]:
    """Return the place that each moved record came from, by the place where it is now.

    A record moved as a whole still has its hash and matches it at its old number; where only the columns were
    exchanged between two places, they match the hash of the other place. `missing` are places that are empty now.
    """
    found: dict[int, int] = {}
    places = [*misfits, *list(missing)[:MOST_PLACES]]
    for seq, record in misfits.items():
        for place in places:
            if place != seq and _was_at(record, place, misfits.get(place)):
                found[seq] = place
                break
    return found


def _was_at(record: Record, place: int, there: Record | None) -> bool:
    if hash_of(record, seq=place) == record.hash:
        return True
    return there is not None and hash_of(record, seq=place, previous=there.previous) == there.hash
