"""Rows of clients, products, holdings and transactions into the shapes of `models`, and how they fit together."""
# ruff: noqa: S608 - the names in queries are our own

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from appliance.core.messages import _
from appliance.scenario.words import Words

from ..models import Client, Holding, Product, Transaction
from .faults import Fault
from .reading import Loaded
from .shares import parse_shares, parse_tiers

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_AHEAD: Final = (
    ("clients", "birth_date"), ("clients", "assessed_on"), ("holdings", "bought_on"), ("holdings", "as_of"),
    ("transactions", "day"),
)  # fmt: skip
_NAMED: Final = 20
_OfClient = TypeVar("_OfClient", Holding, Transaction)


def clients_of(connection: "DuckDBPyConnection") -> dict[str, Client]:
    """Return the clients by id."""
    return {row["id"]: Client.model_validate(row) for row in _rows(connection, "clients")}


def products_of(connection: "DuckDBPyConnection", file: str, faults: list[Fault]) -> dict[str, Product]:
    """Return the products by id; lists in cells that cannot be read are added to `faults`."""
    products = {}
    for row in _rows(connection, "products"):
        parsed: dict[str, Any] = {}
        for column, parse in (("industries", parse_shares), ("constituents", parse_shares), ("back_fees", parse_tiers)):
            try:
                parsed[column] = parse(row[column])
            except ValueError:
                example = "7:0.015;30:0.005" if column == "back_fees" else "bank:0.25;energy:0.1"
                what = _("it must be written as in {example}", example=example)
                faults.append(Fault("products", file, row["row_"], column, what))
        name = Words(en=row["name_en"][:2000], zh=row["name_zh"][:2000])
        empty: dict[str, Any] = {"back_fees": (), "industries": {}, "constituents": {}}
        products[row["id"]] = Product.model_validate({**row, "name": name, **empty, **parsed})
    return products


def holdings_of(connection: "DuckDBPyConnection") -> list[Holding]:
    """Return all holdings, in the order of the file."""
    return [Holding.model_validate(row) for row in _rows(connection, "holdings")]


def transactions_of(connection: "DuckDBPyConnection") -> list[Transaction]:
    """Return all transactions, oldest first."""
    return [Transaction.model_validate(row) for row in _rows(connection, "transactions", "day, row_")]


def by_client(rows: Iterable[_OfClient]) -> dict[str, tuple[_OfClient, ...]]:
    """Return rows by client."""
    grouped: dict[str, list[_OfClient]] = {}
    for row in rows:
        grouped.setdefault(row.client, []).append(row)
    return {client: tuple(of) for client, of in grouped.items()}


def strangers(connection: "DuckDBPyConnection", loaded: Mapping[str, Loaded]) -> list[Fault]:
    """Return rows that name a client or product that is not there, and series of unknown products as warnings."""
    faults = []
    for table in ("holdings", "transactions"):
        for column in ("client", "product"):
            if not {table, f"{column}s"} <= loaded.keys():
                continue
            query = (
                f"SELECT row_, {column} FROM {table} WHERE {column} <> '' "
                f"AND {column} NOT IN (SELECT id FROM {column}s) ORDER BY row_ LIMIT {_NAMED}"
            )
            for row, name in connection.execute(query).fetchall():
                what = _("there is no such {column}: {id}", column=column, id=repr(name[:40]))
                faults.append(Fault(table, loaded[table].file, row, column, what))
    if not {"nav", "products"} <= loaded.keys():
        return faults
    query = "SELECT min(row_), product FROM nav WHERE product NOT IN (SELECT id FROM products) GROUP BY 2 ORDER BY 1"
    for row, name in connection.execute(query).fetchall():
        what = _("there are values of a product that is not in the list: {id}", id=repr(name[:40]))
        faults.append(Fault("nav", loaded["nav"].file, row, "product", what, "warning", name))
    return faults


def values_ahead(
    connection: "DuckDBPyConnection", loaded: Mapping[str, Loaded], today: date, tables: Iterable[str]
) -> list[Fault]:
    """Return rows whose days lie ahead, of tables of daily values that are not checked as series."""
    faults = []
    for table in tables:
        if table not in loaded:
            continue
        key = loaded[table].table.key[0]
        query = f'SELECT row_, day, "{key}" FROM "{table}" WHERE day > ? ORDER BY row_ LIMIT {_NAMED}'
        for row, day, name in connection.execute(query, [today]).fetchall():
            what = _("the day {day} lies ahead", day=day)
            faults.append(Fault(table, loaded[table].file, row, "day", what, key=name))
    return faults


def rows_ahead(connection: "DuckDBPyConnection", loaded: Mapping[str, Loaded], today: date) -> list[Fault]:
    """Return rows whose days lie ahead, and holdings that are older than their purchase."""
    faults = []
    for table, column in _AHEAD:
        query = f"SELECT row_, {column} FROM {table} WHERE {column} > ? ORDER BY row_ LIMIT {_NAMED}"
        for row, day in connection.execute(query, [today]).fetchall() if table in loaded else ():
            what = _("the day {day} lies ahead", day=day)
            faults.append(Fault(table, loaded[table].file, row, column, what))
    query = f"SELECT row_ FROM holdings WHERE bought_on > as_of ORDER BY row_ LIMIT {_NAMED}"
    for (row,) in connection.execute(query).fetchall() if "holdings" in loaded else ():
        what = _("it was bought after the day of the statement")
        faults.append(Fault("holdings", loaded["holdings"].file, row, "bought_on", what))
    return faults


def _rows(connection: "DuckDBPyConnection", table: str, order: str = "row_") -> list[dict[str, Any]]:
    """Return a table's rows by column, `row_` too."""
    result = connection.execute(f'SELECT * FROM "{table}" ORDER BY {order}')
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
