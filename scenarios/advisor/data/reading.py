"""One file into one checked table, through DuckDB: encodings, separators, and every cell by its column.

A file is CSV in UTF-8 (with or without a byte order mark), UTF-16 with its mark, GBK or GB18030, or Parquet.
"""
# ruff: noqa: S608 - the names in queries are those of `tables`, never a caller's

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from appliance.core.messages import Message, _

from .cells import parse_cells
from .faults import Fault
from .tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_BYTES: Final = 512 * 1024 * 1024
_SEPARATORS: Final = ",;\t|"


@dataclass(frozen=True)
class Loaded:
    """A table that was read: it is in the connection under its name, with `row_` from 2 as the file counts."""

    table: Table
    file: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class _Supplied:
    """A file's cells before they are parsed: a relation's name, all its heads, and the SQL type of each known one."""

    relation: str
    heads: Sequence[str]
    kinds: dict[str, str]


def load_table(
    connection: "DuckDBPyConnection", table: Table, path: Path, *, name: str | None = None
) -> tuple[Loaded | None, list[Fault]]:
    """Read a file into the table `table.name`; return what was read and its faults. None: it cannot be read at all."""
    file = name or path.name

    def whole(what: Message) -> tuple[None, list[Fault]]:
        return None, [Fault(table.name, file, None, None, what)]

    if path.stat().st_size > MOST_BYTES:
        return whole(_("the file is larger than {limit} MiB", limit=MOST_BYTES >> 20))
    content = path.read_bytes()
    parquet = path.suffix.lower() == ".parquet"
    read = _read_parquet(connection, table, path) if parquet else _read_csv(connection, table, content)
    if isinstance(read, Message):
        return whole(read)
    missing = [column.name for column in table.columns if column.required and column.name not in read.kinds]
    if missing:
        return whole(_("the columns {names} are missing", names=", ".join(missing)))
    faults = [
        Fault(table.name, file, 1, head, _("the column is not known and was left out"), "warning")
        for head in read.heads
        if head not in read.kinds
    ]
    rows, found = parse_cells(connection, table, read.relation, read.kinds, file)
    if read.relation == "given":
        connection.unregister("given")
    if not rows:
        found.append(Fault(table.name, file, None, None, _("it has no rows")))
    return Loaded(table, file, hashlib.sha256(content).hexdigest(), rows), faults + found


def _read_parquet(connection: "DuckDBPyConnection", table: Table, path: Path) -> _Supplied | Message:
    import duckdb

    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        heads = [str(row[0]) for row in described]
        known = {column.name for column in table.columns}
        kinds = {str(row[0]): str(row[1]) for row in described if row[0] in known}
        columns = "".join(f', "{head}"' for head in kinds)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE parquet AS SELECT row_number() OVER () + 1 AS row_{columns} "
            "FROM read_parquet(?)", [str(path)],
        )  # fmt: skip
    except duckdb.Error as error:
        return _("it is no Parquet file that can be read: {reason}", reason=_first_line(error))
    return _Supplied("parquet", heads, kinds)


def _read_csv(connection: "DuckDBPyConnection", table: Table, content: bytes) -> _Supplied | Message:
    """Read a CSV file as texts. Its own reader tells the row where the number of cells is wrong."""
    text = decoded(content)
    if text is None:
        return _("it is neither UTF-8 nor GBK text")
    if "\0" in text:
        return _("it holds binary data")
    first, _rest, _others = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count), strict=True)
    number = 0
    try:
        heads = [head.strip() for head in next(rows, [])]
        number = 1
        if not any(heads):
            return _("it is empty")
        if len(set(heads)) != len(heads):
            return _("row 1 names a column twice")
        body = []
        for number, row in enumerate(rows, 2):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(heads):
                return _(
                    "row {row} has {actual} cells, the header has {expected}",
                    row=number, actual=len(row), expected=len(heads),
                )  # fmt: skip
            body.append((number, *row))
    except csv.Error as error:
        return _("row {row} cannot be read: {reason}", row=number + 1, reason=str(error))
    return _Supplied("given", heads, _give(connection, table, heads, body))


def _give(
    connection: "DuckDBPyConnection", table: Table, heads: Sequence[str], body: Sequence[tuple[Any, ...]]
) -> dict[str, str]:
    """Make the known columns of rows of texts the relation `given`; return their types."""
    import pyarrow

    columns = list(zip(*body, strict=True)) if body else [()] * (len(heads) + 1)
    known = [column.name for column in table.columns if column.name in heads]
    arrays = [pyarrow.array(columns[0], pyarrow.int64())]
    arrays += [pyarrow.array(columns[heads.index(head) + 1], pyarrow.string()) for head in known]
    connection.register("given", pyarrow.table(arrays, names=["row_", *known]))
    return dict.fromkeys(known, "VARCHAR")


def decoded(content: bytes) -> str | None:
    """Return text from UTF-8 with or without its mark, UTF-16 with its mark, or GB18030; None: it is none of them."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for codec in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
