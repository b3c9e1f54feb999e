"""A sample bank of made-up data: 200 clients, 80 products, 6 years of daily values, the same at every run.

Nobody and nothing in it exists. Values come from a factor model with crises, so that figures look like a market's.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy
from numpy.random import Generator

from appliance.core.files import write_durably

from .sample_clients import sample_clients
from .sample_market import Values, factor_returns, sample_products, trading_days, unit_values
from .sample_names import INDUSTRIES, STYLES

YEARS: Final = 6
_SEED: Final = 20_240_101
_TARGETS: Final = Path(__file__).with_name("sample_targets.yaml")
_VIEW: Final = Path(__file__).with_name("sample_house_view.yaml")


def make_sample(folder: Path, last: date, *, clients: int = 200, products: int = 80, years: int = YEARS) -> None:
    """Write the sample bank's files, with values up to `last`. Raises `DiskFull`."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng(_SEED)
    days = trading_days(last - timedelta(days=365 * years), last)
    factors = factor_returns(generator, len(days))
    listed = sample_products(days[0], products)
    navs = {row["id"]: unit_values(generator, row, factors, len(days)) for row in listed}
    people = sample_clients(generator, listed, navs, days, clients)
    _write(folder / "calendar.csv", [{"day": day} for day in days])
    _write(folder / "products.csv", [{name: cell for name, cell in row.items() if name != "mix"} for row in listed])
    _write(folder / "clients.csv", people.clients)
    _write(folder / "holdings.csv", people.holdings)
    _write(folder / "transactions.csv", people.transactions)
    _write_values(folder, days, factors, listed, navs)
    _write_rates(folder, generator, days)
    for path, name in ((_TARGETS, "targets.yaml"), (_VIEW, "house_view.yaml")):
        write_durably(folder / name, path.read_bytes())


def _write_values(
    folder: Path, days: Sequence[date], factors: Mapping[str, Values],
    products: Sequence[Mapping[str, Any]], navs: Mapping[str, Mapping[str, Values]],
) -> None:  # fmt: skip
    rows = [
        {"product": row["id"], "day": day, "nav": nav, "payout": payout, "split": split}
        for row in products
        for day, nav, payout, split in zip(
            days, *(navs[row["id"]][name].tolist() for name in ("nav", "payout", "split")), strict=True
        )
    ]
    _write_parquet(folder / "nav.parquet", rows)
    index = {name: 1000.0 * numpy.cumprod(1.0 + returns) for name, returns in factors.items()}
    index["mixed"] = 1000.0 * numpy.cumprod(1.0 + 0.5 * factors["market"] + 0.5 * factors["bond_credit"])
    names = {"equities": "market", "bonds": "bond_credit", "money": "money", "gold": "gold", "mixed": "mixed"}
    _write_parquet(folder / "benchmarks.parquet", [
        {"name": name, "day": day, "value": round(float(value), 6)}
        for name, of in names.items()
        for day, value in zip(days, index[of], strict=True)
    ])  # fmt: skip
    kinds = {**dict.fromkeys(("bond_government", "bond_credit", "money"), "style"), **dict.fromkeys(STYLES, "style")}
    kinds |= dict.fromkeys(INDUSTRIES, "industry")
    _write_parquet(folder / "factors.parquet", [
        {"name": name, "kind": kind, "day": day, "value": round(float(value), 6)}
        for name, kind in kinds.items()
        for day, value in zip(days, index[name], strict=True)
    ])  # fmt: skip


def _write_rates(folder: Path, generator: Generator, days: Sequence[date]) -> None:
    walk = numpy.clip(0.018 + numpy.cumsum(generator.normal(0.0, 0.0001, len(days))), 0.008, 0.03)
    _write(folder / "rates.csv", [
        {"name": "risk_free", "day": day, "rate": round(float(rate), 5)} for day, rate in zip(days, walk, strict=True)
    ])  # fmt: skip
    dollar = numpy.clip(7.0 + numpy.cumsum(generator.normal(0.0, 0.008, len(days))), 6.3, 7.6)
    _write(folder / "fx.csv", [
        {"currency": currency, "day": day, "cny": round(float(value) * factor, 5)}
        for currency, factor in (("USD", 1.0), ("HKD", 0.1282), ("EUR", 1.08))
        for day, value in zip(days, dollar, strict=True)
    ])  # fmt: skip


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _write_parquet(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path)
