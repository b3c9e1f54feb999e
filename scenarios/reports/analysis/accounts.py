"""The accounts that formulas may name, as the chart of accounts gives them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_yaml, refuse_first

from ..models import Statement

STATEMENTS: Final = ("balance", "income", "cash_flow")
FILE: Final = "accounts.yaml"
CHART: Final = Path(__file__).resolve().parent.parent / "statements" / FILE


@dataclass(frozen=True)
class Account:
    """An account: its code, its statement and what it is called."""

    code: str
    statement: Statement
    title: Words


def accounts(own: Path | None = None) -> Mapping[str, Account]:
    """Return the accounts of the pack and those of the bank's folder by code. Raises `ConfigError`."""
    listed = _entries(CHART)
    file = own / FILE if own is not None else None
    if file is not None and file.is_file():
        # The bank may add no more than names to an account; title and statement then stay ours.
        listed |= {code: {**listed.get(code, {}), **entry} for code, entry in _entries(file).items()}
    try:
        return {code: _account(code, entry) for code, entry in listed.items()}
    except ValidationError as error:
        refuse_first(file or CHART, error, within="accounts")


def _account(code: str, entry: Mapping[str, Any]) -> Account:
    title = TypeAdapter(Words).validate_python(entry.get("title"))
    return Account(code, TypeAdapter[Statement](Statement).validate_python(entry.get("statement")), title)


def _entries(file: Path) -> dict[str, dict[str, Any]]:
    listed = read_yaml(file).get("accounts")
    return {str(code): one for code, one in listed.items() if isinstance(one, dict)} if isinstance(listed, dict) else {}
