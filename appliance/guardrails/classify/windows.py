"""A text in windows of a few sentences, each about as long as what the classifiers learnt from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WIDEST = 60.0  # about tokens
MOST_WINDOWS = 48
_CERTAINLY_LONG = int(WIDEST * 4) + 4  # characters
_END = re.compile(r"[。！？!?；;]+[”’」』）)\"']*|\.(?=[”’\"')]*\s)[”’\"')]*|\n+")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60]")


@dataclass(frozen=True)
class Window:
    """Characters `start` to `end` of a text."""

    start: int
    end: int


def width(text: str) -> float:
    """Return about how many tokens `text` is: a wide character is one, four others are one."""
    wide = len(_WIDE.findall(text))
    return wide + (len(text) - wide) / 4


def windows(text: str) -> list[Window]:
    """Return windows that cover `text`, blanks at their edges left out: whole sentences while they fit `WIDEST`."""
    found: list[Window] = []
    start = end = 0
    for piece_start, piece_end in _pieces(text):
        if end > start and width(text[start:piece_end]) > WIDEST:
            found.append(Window(start, end))
            start = piece_start
        end = piece_end
    if end > start:
        found.append(Window(start, end))
    return [trimmed for window in found if (trimmed := _trimmed(text, window)).end > trimmed.start]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield sentences, those over `WIDEST` cut where a word ends."""
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        while width(text[start : min(end, start + _CERTAINLY_LONG)]) > WIDEST:
            cut = _cut(text, start, end)
            yield start, cut
            start = cut
        if end > start:
            yield start, end
        start = end


def _cut(text: str, start: int, end: int) -> int:
    """Return where the first `WIDEST` of a long sentence end, at a blank if one is near."""
    taken, at = 0.0, start
    while at < end and taken < WIDEST:
        taken += 1.0 if _WIDE.match(text[at]) else 0.25
        at += 1
    blank = text.rfind(" ", start + (at - start) // 2, at)
    return blank + 1 if blank > start else at


def _trimmed(text: str, window: Window) -> Window:
    part = text[window.start : window.end]
    start = window.start + len(part) - len(part.lstrip())
    return Window(start, max(start, window.start + len(part.rstrip())))
