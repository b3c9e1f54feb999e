"""The table of faults: required, measured, verdict. Pure."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["met", "MISSED", "not run"]
_HEADS = ("#", "fault", "required", "measured", "verdict")
_WIDTHS = (3, 26, 30, 54, 7)


@dataclass(frozen=True)
class Row:
    """One fault. `measured` says why where it was not run."""

    number: str
    fault: str
    required: str
    measured: str
    verdict: Verdict

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """What stands in the table."""
        return self.number, self.fault, self.required, self.measured, self.verdict


def as_text(rows: Sequence[Row]) -> str:
    """Return the table for a terminal, its cells broken into lines."""
    lines = [_line(_HEADS), _line(tuple("─" * width for width in _WIDTHS))]
    for row in rows:
        broken = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row.cells, _WIDTHS, strict=True)]
        for number in range(max(map(len, broken))):
            lines.append(_line([cell[number] if number < len(cell) else "" for cell in broken]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table for a document."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|" + "---|" * len(_HEADS)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells) + " |" for row in rows]
    return "\n".join(lines)
