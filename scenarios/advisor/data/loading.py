"""A folder of files into a dataset, all or what is whole of it; every fault with its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.core.messages import _

from ..models import Series
from .calendar import TradingCalendar
from .dataset import Dataset
from .faults import Fault, errors_in, refused
from .reading import Loaded, load_table
from .rows import by_client, clients_of, holdings_of, products_of, rows_ahead, strangers, transactions_of, values_ahead
from .series_loading import VALUE, load_series
from .tables import REQUIRED, TABLES
from .targets import load_house_view, load_targets

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ENDINGS: Final = (".csv", ".parquet")
_LISTS: Final = ("clients", "products", "holdings", "transactions")


def load_dataset(folder: Path, today: date, name: str = "", *, made_up: bool = False) -> Dataset:
    """Read the tables in a folder, `<table>.csv` or `<table>.parquet`, with `targets.yaml` and `house_view.yaml`.

    Raises `InvalidRequest` where clients, products, holdings, values or the calendar cannot be trusted as a whole, and
    `ConfigError` for the YAML files. A fault in one product's values keeps that product alone from being computed.
    """
    dataset, faults = read_folder(folder, today, name, made_up=made_up)
    if dataset is None:
        raise refused(_blocking(faults))
    return dataset


def read_folder(
    folder: Path, today: date, name: str = "", *, made_up: bool = False
) -> tuple[Dataset | None, list[Fault]]:
    """Return the dataset of a folder and its faults; None where tables are missing or cannot be trusted as a whole.

    What the tables that are there allow is checked even so. Raises `ConfigError` for the YAML files.
    """
    import duckdb

    with duckdb.connect(config={"threads": 2}) as connection:
        loaded, faults = _tables(connection, folder)
        targets = load_targets(folder / "targets.yaml") if (folder / "targets.yaml").is_file() else None
        if targets is None:
            faults.append(Fault("targets", "targets.yaml", None, None, _("the file is missing")))
        house_view = load_house_view(folder / "house_view.yaml")
        listed: list[Fault] = []
        products = (
            products_of(connection, loaded["products"].file, listed) if _whole("products", loaded, faults) else {}
        )
        currencies = {one.id: one.currency for one in products.values()}
        values = _values(connection, loaded, today, faults, currencies)
        faults += listed
        faults += strangers(connection, loaded) + rows_ahead(connection, loaded, today)
        # Series are checked by the calendar, where there is one; rates, which need none, are not.
        faults += values_ahead(connection, loaded, today, VALUE if values is None else ("rates",))
        if targets is None or values is None or _blocking(faults):
            return None, faults
        kinds = (
            connection.execute('SELECT DISTINCT "name", kind FROM factors').fetchall() if "factors" in loaded else ()
        )
        return Dataset(
            name=name or folder.name, clients=clients_of(connection), products=products, calendar=values.calendar,
            last_day=_last_day(values.series.get("nav", {}), today), faults=tuple(faults), targets=targets,
            house_view=house_view, digests={table: one.sha256 for table, one in loaded.items()}, series=values.series,
            plain=values.plain, kept_holdings=by_client(holdings_of(connection)),
            kept_transactions=by_client(transactions_of(connection) if "transactions" in loaded else ()),
            splits=values.splits, factor_kinds=dict(kinds), files={table: one.file for table, one in loaded.items()},
            made_up=made_up,
        ), faults  # fmt: skip


def missing_in(folder: Path) -> list[str]:
    """Return the names of what must be in a folder and is not."""
    missing = [table for table in REQUIRED if file_of(folder, table) is None]
    return missing if (folder / "targets.yaml").is_file() else [*missing, "targets"]


def file_of(folder: Path, table: str) -> Path | None:
    """Return the file of a table; None: there is none."""
    found = [folder / f"{table}{ending}" for ending in ENDINGS if (folder / f"{table}{ending}").is_file()]
    return found[0] if found else None


@dataclass(frozen=True)
class _Values:
    calendar: TradingCalendar
    series: dict[str, dict[str, Series]]
    plain: dict[str, Series]
    splits: dict[str, tuple[tuple[date, float], ...]]


def _values(
    connection: "DuckDBPyConnection", loaded: dict[str, Loaded], today: date, faults: list[Fault],
    currencies: Mapping[str, str],
) -> _Values | None:  # fmt: skip
    """Return the daily values; None without a whole calendar. What is wrong with them is added to `faults`."""
    if not _whole("calendar", loaded, faults):
        return None
    days = [row[0] for row in connection.execute('SELECT day FROM "calendar"').fetchall()]
    values = _Values(TradingCalendar.of(days), {}, {}, {})
    for table in VALUE:
        if table in loaded:
            read = load_series(connection, loaded[table], values.calendar, today, currencies)
            values.series[table] = read.adjusted
            bad = {
                fault.key for fault in errors_in(faults) if fault.table == table
            }  # their gaps are only the bad cells
            faults += [fault for fault in read.faults if fault.key not in bad]
            if table == "nav":
                values.plain.update(read.plain)
                values.splits.update(read.splits)
    return values


def _whole(table: str, loaded: dict[str, Loaded], faults: list[Fault]) -> bool:
    return table in loaded and not any(fault.table == table for fault in errors_in(faults))


def _blocking(faults: list[Fault]) -> list[Fault]:
    """Return the errors that keep all data from being used."""
    return [fault for fault in errors_in(faults) if fault.key is None or fault.table in _LISTS]


def _tables(connection: "DuckDBPyConnection", folder: Path) -> tuple[dict[str, Loaded], list[Fault]]:
    loaded: dict[str, Loaded] = {}
    faults: list[Fault] = []
    for name, table in TABLES.items():
        path = file_of(folder, name)
        if path is None:
            if name in REQUIRED:
                faults.append(Fault(name, f"{name}.csv", None, None, _("the file is missing")))
            continue
        read, found = load_table(connection, table, path)
        faults += found
        if read is not None:
            loaded[name] = read
    return loaded, faults


def _last_day(navs: dict[str, Series], today: date) -> date:
    """Return the newest day that at least half of the products reach."""
    ends = sorted(series.days[-1].astype(date) for series in navs.values() if len(series))
    middle: date = ends[len(ends) // 2] if ends else today
    return min(middle, today)
