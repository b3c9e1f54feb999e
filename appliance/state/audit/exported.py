"""Check an export in JSON lines, without the database."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.state.audit.records import COLUMNS, Record
from appliance.state.audit.source import NOTICES, End, Unreadable
from appliance.state.audit.statements import Statement


class ExportedSource:
    """The lines of an export: read once for its signatures, then again record by record. Raises `ConfigError`."""

    carries_content = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bad_lines: list[int] = []
        self._checkpoints: list[Statement] = []
        self._notices: list[Record] = []
        self._end: Statement | None = None
        self._first = self._last = 0
        for number, line in self._lines():
            self._take(number, line)

    def damages(self) -> list[str]:
        """Return none: a file of lines has no pages."""
        return []

    def bad_lines(self) -> list[int]:
        """Return the numbers of lines that are not what an export writes."""
        return self._bad_lines

    def first(self) -> int:
        """Return what the signature at the end names as the first record; without one, the first that is there."""
        return self._first if self._end is None else self._end.number

    def end(self) -> End:
        """Return the signature at the end, if it is there."""
        return End(self._end, self._last)

    def checkpoints(self) -> list[Statement]:
        """Return the checkpoints in the file."""
        return self._checkpoints

    def notices(self) -> list[Record]:
        """Return the notices in the file."""
        return self._notices

    def records(self, first: int, last: int) -> Iterator[Record | Unreadable]:
        """Give the records as they lie in the file, whatever their order."""
        for _number, line in self._lines():
            record = _record(_parsed(line))
            if record is not None and first <= record.seq <= last:
                yield record

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        yield number, line
        except OSError as error:
            raise ConfigError(
                _("The export {path} cannot be read: {reason}.", path=self._path, reason=error.strerror),
                _("Give a file that `appliance audit export` wrote."),
            ) from error

    def _take(self, number: int, line: bytes) -> None:
        value = _parsed(line)
        record = _record(value)
        if record is not None:
            self._first = min(self._first or record.seq, record.seq)
            self._last = max(self._last, record.seq)
            if record.kind in NOTICES:
                self._notices.append(record)
            return
        statement = _statement(value)
        if statement is None:
            self._bad_lines.append(number)
        elif statement.purpose == "export":
            self._end = statement
        else:
            self._checkpoints.append(statement)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _record(value: dict[str, Any]) -> Record | None:
    if value.get("type") != "record" or not all(name in value for name in COLUMNS):
        return None
    texts = (value[name] for name in COLUMNS if name != "seq")
    if type(value["seq"]) is not int or not all(isinstance(text, str | None) for text in texts):
        return None
    return Record(**{name: value[name] for name in COLUMNS})


def _statement(value: dict[str, Any]) -> Statement | None:
    try:
        statement = Statement.from_dict(value)
    except ValueError:
        return None
    return statement if statement.purpose in ("checkpoint", "export") else None
