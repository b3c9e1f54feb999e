"""Bars, histories and columns, measured in terminal cells (a Chinese character takes two).

Every meaning that a colour carries is also in a shape or a word, so that the screen reads without colour.
"""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size
from textual.content import Content

WARNING_SHARE = 0.80
CRITICAL_SHARE = 0.92
MUTED = "$foreground 62%"
FAINT = "$foreground 35%"
_BLOCKS = " ▁▂▃▄▅▆▇█"


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """Cut `text` to `width` cells, with `…` where something was cut, or pad it."""
    if width <= 0:
        return ""
    surplus = (len(text) if text.isascii() else cell_len(text)) - width
    if surplus > 0:
        return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
    padding = " " * -surplus
    return padding + text if align == "right" else text + padding


def visible(text: str) -> str:
    """Return foreign text for a screen: what a terminal would obey, or would not draw, becomes a mark like ⟨U+202E⟩.

    Line ends stay, tabs become spaces.
    """
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").expandtabs(4)
    return "".join(f"⟨U+{ord(char):04X}⟩" if char != "\n" and _is_unseen(char) else char for char in lines)


def editable(text: str) -> str:
    """Return foreign text for an editor: without what `visible` marks, so that what is seen is what is sent."""
    lines = text.replace("\r\n", "\n").expandtabs(4)
    return "".join(char for char in lines if char == "\n" or not _is_unseen(char))


def one_line(text: str) -> str:
    """Return `visible` text on one line."""
    return " ".join(visible(text).split())


def _is_unseen(char: str) -> bool:
    """Control and format characters, lone surrogates, line and paragraph separators."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def level_style(share: float | None) -> str:
    """Return the style of a share of something that can run out."""
    if share is None:
        return FAINT
    if share >= CRITICAL_SHARE:
        return "$text-error"
    return "$text-warning" if share >= WARNING_SHARE else "$primary"


def bar(share: float | None, width: int, style: str | None = None) -> Content:
    """Draw a share of 0..1 in `width` cells, to half a cell; an unknown one is a dotted line."""
    return Content.assemble(*bar_parts(share, width, style))


def bar_parts(share: float | None, width: int, style: str | None = None) -> list[tuple[str, str]]:
    """Return what `bar` draws, each part with its style."""
    if share is None:
        return [("╌" * width, FAINT)]
    halves = round(min(1.0, max(0.0, share)) * width * 2)
    if share > 0:
        halves = max(1, halves)
    filled = "━" * (halves // 2) + ("╸" if halves % 2 else "")
    return [(filled, style or level_style(share)), ("─" * (width - len(filled)), FAINT)]


def history(
    values: Sequence[float | None], width: int, height: int, style: str = "$primary", full: float | None = None
) -> list[Content]:
    """Draw the last `width` values as columns, the newest at the right; unknown ones are gaps.

    They are scaled to `full`, or to the largest of them. Returns `height` lines of `width` cells. A known 0 is drawn as
    a line at the bottom.
    """
    recent: list[float | None] = list(values)[-width:] if width > 0 else []
    recent[:0] = [None] * (width - len(recent))
    top = max((value for value in recent if value), default=0.0) if full is None else full
    eighths = [None if value is None else round(value / top * height * 8) if top else 0 for value in recent]
    lines = []
    for row in reversed(range(height)):
        cells = []
        for value, level in zip(recent, eighths, strict=True):
            if level is None:
                cells.append(" ")
            elif row == 0:
                cells.append("▁" if not value else _BLOCKS[max(1, min(8, level))])
            else:
                cells.append(_BLOCKS[max(0, min(8, level - row * 8))])
        lines.append(Content.styled("".join(cells), style))
    return lines
