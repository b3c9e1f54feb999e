"""What records of retention say was removed lawfully."""

import json
from collections.abc import Iterable
from typing import Any

from appliance.state.audit.faults import Retired
from appliance.state.audit.records import CONTENT_ERASED, RETENTION, Record, hash_of


class Notices:
    """The notices of a log; one that does not match its own hash counts for nothing."""

    def __init__(self, records: Iterable[Record]) -> None:
        sound = [(record, _data(record)) for record in records if hash_of(record) == record.hash]
        self._retired = [(record, data) for record, data in sound if record.kind == RETENTION and "checkpoint" in data]
        self._erased = [data for record, data in sound if record.kind == CONTENT_ERASED and data]

    def retired(self, first: int, last: int) -> Retired | None:
        """Return what was removed lawfully of the records from `first` to `last`, up to the newest that was."""
        ends = [(data["last"], record) for record, data in self._retired if first <= data["last"] <= last]
        if not ends:
            return None
        newest, record = max(ends, key=lambda one: one[0])
        return Retired(first, newest, record.at, record.actor)

    def anchor(self, seq: int) -> str | None:
        """Return the hash of the record `seq`, the last that was removed."""
        return next((str(data["hash"]) for _record, data in self._retired if data["last"] == seq), None)

    def first_checkpoint(self) -> int:
        """Return the number of the oldest checkpoint that has to be there."""
        return max((data["checkpoint"] for _record, data in self._retired), default=1)

    def erased(self, record: Record) -> bool:
        """Tell whether the content of `record` was erased lawfully."""
        return any(
            data["first"] <= record.seq <= data["last"] and data.get("tenant") in (None, record.tenant)
            for data in self._erased
        )


def _data(record: Record) -> dict[str, Any]:
    """Return the data, or nothing where they are not those of a notice."""
    try:
        data = json.loads(record.data)
        numbers = [data[name] for name in ("first", "last")]
    except (ValueError, KeyError, TypeError):
        return {}
    return data if all(isinstance(number, int) for number in numbers) else {}
