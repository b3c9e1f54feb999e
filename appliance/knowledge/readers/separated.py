"""CSV: each record a row under the header's names; the separator is found by looking."""

import csv
import io
from collections.abc import Iterator

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import Strip, add_table, strip_of

_SEPARATORS = ",;\t|"
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 20
_MOST_COLUMNS = 2000
_FIELD_CHARACTERS = 1_000_000


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a csv. Raises `InvalidRequest`."""
    text = decode(content, name)
    collector = Collector(name, limits)
    csv.field_size_limit(_FIELD_CHARACTERS)
    try:
        add_table(
            collector, strips_of(csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text)), collector)
        )
    except csv.Error as error:
        raise unreadable(name, str(error)) from error
    return collector.finish()


def separator_of(text: str) -> str:
    """Return the separator that cuts the first lines into the most equal records; the comma where none does."""
    sample = text[:_SAMPLE]

    def fit(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        widths = [len(record) for _number, record in zip(range(_SAMPLE_ROWS), reader, strict=False) if record]
        wide = [width for width in widths if width > 1]
        usual = max(wide, key=wide.count, default=1)
        return widths.count(usual) if usual > 1 else 0, usual

    try:
        return max(_SEPARATORS, key=fit)  # the first of equals
    except csv.Error:
        return ","


def strips_of(records: Iterator[list[str]], collector: Collector) -> Iterator[tuple[int, Strip]]:
    """Yield number and cells of each record. Raises `InvalidRequest` past the limit of columns."""
    for number, record in enumerate(records, start=1):
        if len(record) > _MOST_COLUMNS:
            raise collector.too_large(f"{_MOST_COLUMNS:,} columns")
        if record:
            yield number, strip_of(record)
