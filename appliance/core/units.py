"""Bytes, durations and counts as people read them."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


def human_bytes(count: float) -> str:
    """Return e.g. `98.4 MiB`; binary units, one decimal from KiB up."""
    for unit, size in (("TiB", 1024 * GIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if abs(count) >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def human_seconds(seconds: float) -> str:
    """Return e.g. `117 ms`, `4.2 s` or `2 min 5 s`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
