"""From what tools print to figures: a value that is not there, or cannot be true, is None."""

import math
import re
from typing import Any

_QUANTITY = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([A-Za-z°%]*)\s*\Z", re.ASCII | re.IGNORECASE)
# amd-smi and hy-smi write MB and mean MiB, as the cards' own figures show.
_BYTES = {"B": 1, "KB": 2**10, "KIB": 2**10, "MB": 2**20, "MIB": 2**20, "GB": 2**30, "GIB": 2**30}
_MOST_WATTS = 10_000.0
_COLDEST_C, _HOTTEST_C = -40.0, 200.0
_MOST_BYTES = 2**50


def quantity(value: Any) -> tuple[float, str] | None:  # noqa: ANN401 - JSON
    """Read `{"value": 5, "unit": "MB"}`, `"5 MB"`, `"5"` or `5` as number and unit; None for `N/A` and the like."""
    unit = ""
    if isinstance(value, dict):
        named = value.get("unit")
        unit = named if isinstance(named, str) else ""
        value = value.get("value")
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return (number, unit) if math.isfinite(number) else None
    if isinstance(value, str) and (found := _QUANTITY.match(value)) and len(value) < 40:
        return float(found[1]), found[2] or unit
    return None


def size(value: Any, unit: str = "") -> int | None:  # noqa: ANN401 - JSON
    """Return bytes. `unit` counts where the value has none; an unknown unit, or no memory at all, is None."""
    read = quantity(value)
    factor = _BYTES.get((read[1] or unit).upper()) if read else None
    if read is None or factor is None:
        return None
    return round(read[0] * factor) if 0 <= read[0] * factor < _MOST_BYTES else None


def share(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """Return a percentage as 0..1."""
    read = quantity(value)
    return read[0] / 100 if read and 0 <= read[0] <= 100 else None


def watts(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """Return power in watts."""
    read = quantity(value)
    return read[0] if read and read[1] in ("", "W") and 0 <= read[0] <= _MOST_WATTS else None


def celsius(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """Return a temperature."""
    read = quantity(value)
    return read[0] if read and read[1] in ("", "C", "c", "°C") and _COLDEST_C <= read[0] <= _HOTTEST_C else None


def word(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return a name or identifier; None for an empty one and for `N/A`."""
    if not isinstance(value, str):
        return None
    text = " ".join("".join(c if c.isprintable() else " " for c in value).split())[:100]
    return text if text and text.upper() not in ("N/A", "NA", "NONE", "UNKNOWN", "-") else None


def index(value: Any) -> int | None:  # noqa: ANN401 - JSON
    """Return a card's number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value):
        return int(value)
    return value if isinstance(value, int) and 0 <= value < 10_000 else None


def part(value: Any, *keys: str) -> Any:  # noqa: ANN401 - JSON
    """Walk into nested objects; None where a step is missing or is no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def first(*values: Any) -> Any:  # noqa: ANN401
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)
