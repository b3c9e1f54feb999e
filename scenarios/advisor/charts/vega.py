"""The Vega-Lite part of a chart: version 5, data included."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .style import COLOURS, GRID, HEIGHT, INK, WIDTH

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
_FONT: Final = "Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif"

Rows = Sequence[Mapping[str, object]]


def specification(title: str, rows: Rows, height: int = HEIGHT, **parts: object) -> dict[str, object]:
    """Return a specification: the rows inline, `parts` are mark and encoding, or layers."""
    return {
        "$schema": SCHEMA,
        "title": {"text": title, "anchor": "start"},
        "description": title,
        "width": WIDTH - 150,
        "height": height - 110,
        "data": {"values": [dict(row) for row in rows]},
        **parts,
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {"gridColor": GRID, "labelColor": INK, "titleColor": INK},
        },
    }


def colours(names: Sequence[str], field: str) -> dict[str, Any]:
    """Return the encoding of a colour by name, in the order of the names."""
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "sort": list(names),
        "scale": {
            "domain": list(names),
            "range": [COLOURS[at % len(COLOURS)] for at in range(len(names))],
        },
    }
