"""The words around a report's text, and texts made fit for every format."""

import re
import unicodedata
from pathlib import Path
from typing import Final

from appliance.scenario.yaml_files import read_words

_WORDS: Final = Path(__file__).with_name("words.yaml")
# What XML may not hold, and marks that turn the direction of a text around: a file name could hide behind them.
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
_LONG_RUN: Final = re.compile(r"[!-~\u00a1-\u024f]{25,}")
_BREAKS: Final = re.compile(r"([/\\._\-&?=,;:@+]+)(?=[^/\\._\-&?=,;:@+])")
_PIECE: Final = 6
_LONG_PIECE: Final = 12
_WIDE: Final = frozenset("WFA")


def clean(text: str) -> str:
    """Return the text without characters that a document may not hold."""
    return _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, most: int = 200) -> str:
    """Return the text on one line, cut after `most` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def breakable(text: str) -> str:
    """Return the text with places to break inside long words and addresses (zero-width spaces)."""
    return _LONG_RUN.sub(_with_breaks, text)


def has_long_run(text: str) -> bool:
    """Tell whether a text has a word or an address that may not fit what is left of a line."""
    return _LONG_RUN.search(text) is not None


def display_width(text: str) -> int:
    """Return how wide a text is in halves of a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(sign) in _WIDE else 1 for sign in text)


class Wording:
    """The words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.chinese = language.startswith("zh")
        self._words = read_words(_WORDS)

    def __call__(self, name: str, **values: object) -> str:
        """Return a text with its values put in; braces in values stay what they are."""
        text = self._words[name].within(self.language)
        return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), text) if values else text

    @property
    def sentence_gap(self) -> str:
        """Return what stands between two sentences."""
        return "" if self.chinese else " "


def _with_breaks(found: re.Match[str]) -> str:
    parts = _BREAKS.sub("\\1\u200b", found[0]).split("\u200b")
    steps = ((part, _PIECE if len(part) > _LONG_PIECE else len(part)) for part in parts if part)
    return "\u200b".join(part[at : at + step] for part, step in steps for at in range(0, len(part), step))
