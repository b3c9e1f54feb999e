"""Text as the rules read it: one form for look-alikes, nothing between letters; each character knows its origin."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Cyrillic and Greek letters that look like a Latin one, in small form; only words that mix scripts are read so.
_LOOK_ALIKES = str.maketrans("аеорсухіјѕһԁɡԛԝοαιυν", "aeopcyxijshdgqwoaiuv")
_WORD = re.compile("[a-z\u0370-\u052f]{3,}")
_SPACED_OUT = re.compile(r"(?<![\w])[a-z](?:([ .\-_*|])[a-z])(?:\1[a-z]){2,}(?!\w)")
_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff])[ \u3000*_|.\-]+(?=[\u4e00-\u9fff])")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True)
class Folded:
    """A form of a text; `origins[i]` is the span of the given text that character `i` comes from."""

    text: str
    origins: Sequence[tuple[int, int]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the given text the characters `start` to `end` of this form are; `start < end`."""
        return self.origins[start][0], self.origins[end - 1][1]


def fold(text: str) -> Folded:
    """Return small letters in NFKC, without invisible characters, look-alikes and blanks inside words."""
    pieces = [(small, (at, at + 1)) for at, char in enumerate(text) for small in _forms(char)]
    folded = Folded("".join(char for char, _origin in pieces), [origin for _char, origin in pieces])
    plain = _WORD.sub(_in_one_script, folded.text)
    return _without(Folded(plain, folded.origins), _filling(plain))


def _forms(char: str) -> str:
    if char.isascii():
        return char.lower()
    if _INVISIBLE.match(char):
        return ""
    return unicodedata.normalize("NFKC", char).lower()


def _in_one_script(word: re.Match[str]) -> str:
    letters = word.group()
    mixed = not letters.isascii() and any(char.isascii() for char in letters)
    return letters.translate(_LOOK_ALIKES) if mixed else letters


def _filling(text: str) -> Iterator[int]:
    """Yield places of what spaces a word out: `i g n o r e`, `忽 略`."""
    for match in _SPACED_OUT.finditer(text):
        yield from range(match.start() + 1, match.end(), 2)
    for match in _BETWEEN_HAN.finditer(text):
        yield from range(match.start(), match.end())


def _without(folded: Folded, places: Iterator[int]) -> Folded:
    left_out = set(places)
    if not left_out:
        return folded
    kept = [at for at in range(len(folded.text)) if at not in left_out]
    return Folded("".join(folded.text[at] for at in kept), [folded.origins[at] for at in kept])
