"""One form for the many ways digits and separators are written, with the way back to places of the text."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff\u20e3]+")
_LAST_DIGIT = 0x1FBF9
_SPELLED = re.compile("[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{11,}")
_NUMERALS = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")


@dataclass(frozen=True)
class Folded:
    """A text with ASCII digits, blanks and hyphens; `places` gives each character's place in the original, if moved."""

    text: str
    places: tuple[int, ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original text of `text[start:end]`, which must not be empty."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


@cache
def _table() -> dict[int, str]:
    """Return the folding of single characters: blanks, hyphens, full-width forms, the digits of other scripts."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= dict.fromkeys(map(ord, _HYPHENS), "-") | dict.fromkeys(map(ord, _SPACES), " ")
    digits = (code for code in range(0x80, _LAST_DIGIT + 1) if unicodedata.category(chr(code)) == "Nd")
    return table | {code: str(unicodedata.digit(chr(code))) for code in digits}


def fold(text: str) -> Folded:
    """Return `text` folded: full-width and foreign digits, blanks, hyphens; numbers spelled in Chinese numerals.

    Each character stays one character; invisible ones are taken out, since they can hide a number.
    """
    places = None
    if _INVISIBLE.search(text):
        kept = [place for place, char in enumerate(text) if not _INVISIBLE.match(char)]
        places, text = tuple(kept), "".join(text[place] for place in kept)
    if not text.isascii():
        text = text.translate(_table())
        text = _SPELLED.sub(lambda match: match.group().translate(_NUMERALS), text)
    return Folded(text, places)
