"""Every cell by its column, in SQL: what it means, and each one that does not fit with its row.

All cells of a file are parsed and tested in one pass; only where the pass counts faults are their rows looked up.
"""
# ruff: noqa: S608 - the names in queries are those of `tables`, never a caller's

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from appliance.core.messages import Message, _

from .faults import Fault
from .tables import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EACH: Final = 20
"""Faults named for each column and kind; their number is told, and each key of a series has at least one."""
_NUMBER: Final = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?([eE][+-]?\d+)?$|^[+-]?\.\d+$"
_TIME: Final = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
_DAY_FORMATS: Final = "['%Y-%m-%d', '%Y/%m/%d', '%Y%m%d', '%Y年%m月%d日']"
_FLAGS: Final = (("true", ("true", "1", "yes", "是")), ("false", ("false", "0", "no", "否")))
_SQL: Final = {
    "text": "VARCHAR",
    "choice": "VARCHAR",
    "day": "DATE",
    "number": "DOUBLE",
    "whole": "BIGINT",
    "flag": "BOOLEAN",
}
_NUMERIC: Final = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "U")


def parse_cells(
    connection: "DuckDBPyConnection", table: Table, supplied: str, kinds: Mapping[str, str], file: str
) -> tuple[int, list[Fault]]:
    """Make the table `table.name` from the relation `supplied`; return its number of rows and the faults of its cells.

    `supplied` has `row_` and the columns in `kinds`, name to SQL type. A cell that does not fit becomes its default.
    """
    parts = ["row_"]
    for column in table.columns:
        kind = kinds.get(column.name)
        if kind is not None:
            parts.append(f'"{column.name}" AS "{column.name}"')
        parts.append(f'{_parsed(column, kind)} AS "{column.name}="')
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cells AS SELECT {', '.join(parts)} FROM {supplied}")
    faults = _faults(connection, table, kinds, file)
    values = ["row_"]
    for column in table.columns:
        value = f'"{column.name}="'
        if column.default is not None:
            default = f"'{column.default}'" if isinstance(column.default, str) else str(column.default)
            value = f"COALESCE({value}, CAST({default} AS {_SQL[column.kind]}))"
        values.append(f'{value} AS "{column.name}"')
    connection.execute(f'CREATE OR REPLACE TABLE "{table.name}" AS SELECT {", ".join(values)} FROM cells ORDER BY row_')
    connection.execute("DROP TABLE cells")
    counted = connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()
    return (int(counted[0]) if counted else 0), faults + _repeated(connection, table, file)


def _cell(column: Column) -> str:
    return f"nullif(trim(CAST(\"{column.name}\" AS VARCHAR)), '')"


def _parsed(column: Column, kind: str | None) -> str:
    """Return the SQL that parses a column of an SQL type, NULL for what does not fit; no type: the column is absent."""
    if kind is None:
        return f"CAST(NULL AS {_SQL[column.kind]})"
    if column.kind in ("number", "whole"):
        number = _number(column, kind)
        if column.kind == "number":
            return number
        return f"CASE WHEN ({number}) = floor({number}) THEN TRY_CAST({number} AS BIGINT) END"
    if column.kind == "day":
        return _day(column, kind)
    cell = _cell(column)
    if column.kind == "flag":
        yes, no = (" ".join(f"WHEN '{word}' THEN {value}" for word in words) for value, words in _FLAGS)
        return f"CASE lower({cell}) {yes} {no} END"
    if column.kind == "choice":
        listed = ", ".join(f"'{choice}'" for choice in column.choices)
        return f"CASE WHEN {cell} IN ({listed}) THEN {cell} END"
    return cell


def _number(column: Column, kind: str) -> str:
    if kind.startswith(_NUMERIC):
        value = f'CAST("{column.name}" AS DOUBLE)'
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    cell = _cell(column)
    value = f"TRY_CAST(replace({cell}, ',', '') AS DOUBLE)"
    return f"CASE WHEN regexp_matches({cell}, '{_NUMBER}') AND isfinite({value}) THEN {value} END"


def _day(column: Column, kind: str) -> str:
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return f'CAST("{column.name}" AS DATE)'
    cell = _cell(column)
    timed = f"CASE WHEN regexp_matches({cell}, '{_TIME}') THEN TRY_CAST(left({cell}, 10) AS DATE) END"
    return f"COALESCE(CAST(TRY_STRPTIME({cell}, {_DAY_FORMATS}) AS DATE), {timed})"


def _faults(connection: "DuckDBPyConnection", table: Table, kinds: Mapping[str, str], file: str) -> list[Fault]:
    tests = [
        (column, test, what)
        for column in table.columns
        if column.name in kinds
        for test, what in _tests(column, kinds[column.name])
    ]
    if not tests:
        return []
    counts = ", ".join(f"count(*) FILTER (WHERE {test})" for _column, test, _what in tests)
    counted: Sequence[int] = connection.execute(f"SELECT {counts} FROM cells").fetchone() or ()
    faults = []
    for (column, test, what), count in zip(tests, counted, strict=True):
        if not count:
            continue
        key = f'"{table.key[0]}="' if table.series else "NULL"
        named = f"row_number() OVER (ORDER BY row_) <= {EACH}"
        if table.series:  # a fault keeps its key alone from being computed, so each key needs one
            named += f" OR row_number() OVER (PARTITION BY {key} ORDER BY row_) = 1"
        chosen = f"row_, {_cell(column)}, CAST({key} AS VARCHAR)"
        query = f"SELECT {chosen} FROM cells WHERE {test} QUALIFY {named} ORDER BY row_"
        for row, cell, about in connection.execute(query).fetchall():
            faults.append(Fault(table.name, file, row, column.name, _shown(what, cell, count), key=about))
    return faults


def _tests(column: Column, kind: str) -> list[tuple[str, Message]]:
    """Return SQL that is true for a cell with a fault, and what the fault is."""
    text, value = kind == "VARCHAR", f'"{column.name}="'
    cell = _cell(column) if text else f'"{column.name}"'
    tests: list[tuple[str, Message]] = []
    if column.required:
        tests.append((f"{cell} IS NULL", _("the cell is empty")))
    formula = f"(starts_with({cell}, '=') OR starts_with({cell}, '@'))"
    if text:
        tests.append((formula, _("the cell holds a formula; supply its value")))
    if column.kind != "text":
        plain = f" AND NOT {formula}" if text else ""
        tests.append((f"{cell} IS NOT NULL AND {value} IS NULL{plain}", _expected(column)))
    if column.least is not None:
        what = _("it must be {least:g} or more", least=column.least)
        if column.above:
            what = _("it must be above {least:g}", least=column.least)
        tests.append((f"{value} {'<=' if column.above else '<'} {column.least}", what))
    if column.most is not None:
        tests.append((f"{value} > {column.most}", _("it must be {most:g} or less", most=column.most)))
    return tests


def _shown(what: Message, cell: str | None, count: int) -> Message:
    told = what if cell is None else _("{what}, not {cell}", what=what, cell=repr(cell[:40]))
    return told if count <= EACH else _("{what} (so in {count} rows)", what=told, count=count)


def _expected(column: Column) -> Message:
    if column.kind == "day":
        return _("it must be a day such as 2026-01-31")
    if column.kind == "choice":
        return _("it must be one of {choices}", choices=", ".join(column.choices))
    if column.kind == "flag":
        return _("it must be true or false")
    if column.kind == "whole":
        return _("it must be a whole number")
    return _("it must be a number such as 1234.5 or 1,234.5")


def _repeated(connection: "DuckDBPyConnection", table: Table, file: str) -> list[Fault]:
    """Return the rows whose key another row has before them."""
    keys = ", ".join(f'"{name}"' for name in table.key)
    twice = f'SELECT {keys}, min(row_) AS first_ FROM "{table.name}" GROUP BY {keys} HAVING count(*) > 1'
    known = " AND ".join(f'twice."{name}" = of."{name}"' for name in table.key)
    query = (
        f'SELECT of.row_, first_, of."{table.key[0]}" FROM "{table.name}" AS of JOIN ({twice}) AS twice ON {known} '
        f"WHERE of.row_ > first_ QUALIFY row_number() OVER (ORDER BY of.row_) <= {EACH} "
        f'OR row_number() OVER (PARTITION BY of."{table.key[0]}" ORDER BY of.row_) = 1 ORDER BY 1'
    )
    named = ", ".join(table.key)
    return [
        Fault(
            table.name, file, row, None,
            _("it repeats row {first}: {names} are the same", first=first, names=named), key=str(key),
        )
        for row, first, key in connection.execute(query).fetchall()
    ]  # fmt: skip
