"""A chunk of accounts as a task in another process: paths and plain data in, plain data out."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from appliance.core.errors import RequestError
from appliance.scenario.shelf import Shelf

from ..accounts import AccountDiagnosis, diagnose
from ..data.dataset import Dataset
from ..data.loading import load_dataset
from .books import BOOKS, PACK

COLUMNS: Final = (
    "total_value", "total_cost", "total_gain", "positions", "classes_off", "largest_product", "largest_issuer",
    "top_five", "hhi", "largest_overlap", "risk_coverage", "annualised_return", "volatility", "var_historical",
    "cvar_historical", "max_drawdown", "sharpe", "diversification_ratio", "money_weighted_return",
    "time_weighted_return", "cash_need", "cash_coverage", "cash_gap", "fees_a_year", "fee_share", "unsuitable_value",
    "unsuitable_share",
)  # fmt: skip
"""Figures of the account as a whole, by the names of their formulas."""


def diagnose_chunk(
    folder: str, own_files: str, clients: Sequence[str], as_of: str | None, language: str, today: str
) -> list[dict[str, Any]]:
    """Return a row for each client: `client`, `as_of`, figures by name, stress losses by scenario, or `error`.

    Data and the bank's rules are read anew where their files have changed. Raises `InvalidRequest` for data that is not
    whole.
    """
    path, shelf = Path(folder), _shelf(own_files)
    dataset = _loaded(path, _stamp(path), date.fromisoformat(today))
    day = date.fromisoformat(as_of) if as_of else None
    return [_row(dataset, client, day, language, shelf) for client in clients]


def _row(dataset: Dataset, client: str, as_of: date | None, language: str, shelf: Shelf) -> dict[str, Any]:
    try:
        found = diagnose(
            dataset, client, as_of, language, charts=False, stress=shelf.get("stress"), rules=shelf.get("rules")
        )
    except RequestError as error:
        return {"client": client, "error": error.render(language)}
    day = found.as_of.isoformat()
    return {"client": client, "as_of": day, **_values(found, client)}


def _values(found: AccountDiagnosis, client: str) -> dict[str, float | None]:
    prefix = f"account.{client}."
    values = {name: found.figures[prefix + name].value for name in COLUMNS if prefix + name in found.figures}
    for line in found.stress:
        values[f"stress_share_{line.scenario}"] = found.figures[line.figures["stress_share"]].value
    return values


@lru_cache(maxsize=2)
def _loaded(folder: Path, _stamp: object, today: date) -> Dataset:
    return load_dataset(folder, today)


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file of the folder does."""
    facts = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file())
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in facts)


@lru_cache(maxsize=4)
def _shelf(own_files: str) -> Shelf:
    return Shelf(PACK, Path(own_files), BOOKS)
