"""Readings as short texts for columns. What is not known is `–`, never 0."""

from datetime import datetime

from appliance.core.messages import Message, _
from appliance.core.units import GIB, KIB, MIB

UNKNOWN = "–"
_BINARY_UNITS = (("TiB", 1024 * GIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB))


def percent(fraction: float | None) -> str:
    """Return e.g. `43 %` for 0.43."""
    return UNKNOWN if fraction is None else f"{fraction * 100:.0f} %"


def per_second(rate: float | None) -> str:
    """Return a rate in at most five characters: `0.42`, `7.5`, `120`, `12.3k`."""
    if rate is None:
        return UNKNOWN
    if rate >= 9999.5:
        return f"{rate / 1000:.1f}k"
    if rate >= 99.95:
        return f"{rate:.0f}"
    if rate >= 0.995 or rate == 0:
        return f"{rate:.1f}"
    return f"{rate:.2f}"


def count(number: int) -> str:
    """Return a counter in at most six characters: `9999`, `12.3k`, `4.5M`."""
    if number >= 999_950:
        return f"{number / 1_000_000:.1f}M"
    return f"{number / 1000:.1f}k" if number >= 10_000 else str(number)


def latency(seconds: float | None) -> str:
    """Return e.g. `117 ms` or `4.2 s`."""
    if seconds is None:
        return UNKNOWN
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def used_of_total(used: int | None, total: int | None) -> str:
    """Return e.g. `12.1/23.5 GiB`, both in the unit of the total."""
    size = total if total is not None else used
    if size is None:
        return UNKNOWN
    name, unit = next(((name, unit) for name, unit in _BINARY_UNITS if size >= unit), ("B", 1))
    digits = 0 if size / unit >= 100 or unit == 1 else 1
    parts = [UNKNOWN if value is None else f"{value / unit:.{digits}f}" for value in (used, total)]
    return f"{parts[0]}/{parts[1]} {name}"


def share(used: int | None, total: int | None) -> float | None:
    """Return used / total, None where either is unknown."""
    return used / total if used is not None and total else None


def temperature(celsius: float | None) -> str:
    """Return e.g. `54 °C`."""
    return UNKNOWN if celsius is None else f"{celsius:.0f} °C"


def power(watts: float | None) -> str:
    """Return e.g. `212 W`."""
    return UNKNOWN if watts is None else f"{watts:.0f} W"


def day_and_time(moment: datetime) -> str:
    """Return e.g. `11-24 06:02`, local time."""
    return moment.astimezone().strftime("%m-%d %H:%M")


def exact_time(moment: datetime) -> str:
    """Return e.g. `2026-11-24 06:02:11`, local time."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> Message:
    """Return the two largest units, e.g. `3 h 12 min`."""
    minutes = int(seconds // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return _("{days} d {hours} h", days=days, hours=hours)
    if hours:
        return _("{hours} h {minutes} min", hours=hours, minutes=minutes % 60)
    return _("{minutes} min", minutes=minutes) if minutes else _("{seconds} s", seconds=int(seconds))
