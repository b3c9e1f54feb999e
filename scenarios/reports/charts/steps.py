"""The sign that an account has as a step of a waterfall: costs and payments are printed positive and lessen."""

from functools import cache
from pathlib import Path
from typing import Final

from appliance.scenario.yaml_files import read_yaml

_CHART: Final = Path(__file__).resolve().parent.parent / "statements" / "accounts.yaml"


def step(code: str, value: float) -> float:
    """Return a value of an account as it adds to the next total: operating cost becomes negative."""
    return -value if code in _outgoing() else value


@cache
def _outgoing() -> frozenset[str]:
    listed = read_yaml(_CHART).get("accounts", {})
    return frozenset(code for code, entry in listed.items() if entry.get("outgoing"))
