"""One form for the many spellings of a character: what matching reads instead of the text.

Each character is folded by itself, so a text folds the same in one piece or cut anywhere: to small letters of half
width, simplified characters and plain Latin for what only looks like it; to nothing where it cannot be seen
(zero-width, combining, soft hyphen); or to the mark of its kind where it stands between words.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

HIDDEN, SPACE, SYMBOL, DOT, PAUSE, STOP, NEWLINE = "\x00", "\x01", "\x02", "\x03", "\x04", "\x05", "\x06"
"""Marks: a character that is not seen; a blank; a sign or emoji; a dot; , and brackets; end of a sentence; of a line.
Letters are greater than every mark."""
MARKS = HIDDEN + SPACE + SYMBOL + DOT + PAUSE + STOP + NEWLINE
HARD = PAUSE + STOP + NEWLINE
"""Marks that part words also in honest text."""

_MARK_BYTES = MARKS.encode()
_STOPS = frozenset("。！？!?｡؟")
_PAUSES = frozenset(',，、;；:：/／|｜—–―…⋯“”„‟‘"«»‹›()[]{}<>（）［］｛｝〔〕【】〖〗〘〙〚〛「」『』《》〈〉﹁﹂﹃﹄')
_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")
_BLANKS = frozenset("\t\u2800")
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180e")  # fillers that Unicode calls letters
_MOST_KEPT = 100_000  # characters whose folding is remembered

_LONG = 1000  # characters from which numpy is faster than a loop

# Letters that look like Latin ones and that NFKD leaves as they are: Cyrillic, Greek, Armenian, small capitals, others.
_LOOKALIKES = {
    "a": "аɑαᴀ", "b": "вьЬʙβƄ", "c": "сϲᴄƈ¢", "d": "ԁᴅɗđ", "e": "еεєҽəᴇ℮ɛ", "f": "ƒꜰғϝ", "g": "ɡɢցǥɠ",
    "h": "нһհʜΗħ", "i": "іɩιıᴉɪӏ¡", "j": "јϳᴊʝ", "k": "кκᴋĸҝ", "l": "łʟӀǀ", "m": "мᴍΜ", "n": "ոηпɴΝи",
    "o": "оοσᴏօøѳө", "p": "рρᴘþ", "q": "ԛգ", "r": "гᴦʀɾ", "s": "ѕꜱʂ", "t": "тτᴛŧ", "u": "υսᴜцʊμ",
    "v": "νѵᴠ", "w": "ԝωᴡшщ", "x": "хχ×ж", "y": "уγʏүΥყ", "z": "ζᴢƶʐ",
}  # fmt: skip
_SQUARED = ((0x1F130, 26), (0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))  # 🄰 🅐 🅰 🇦


@cache
def _latin() -> dict[str, str]:
    """Return the Latin letter for each of its look-alikes; capitals that look like their small letter come by case."""
    table = {char: letter for letter, alike in _LOOKALIKES.items() for char in alike}
    for first, count in _SQUARED:
        table |= {chr(first + at): chr(ord("a") + at) for at in range(count)}
    return table


@cache
def _simplified() -> dict[str, str]:
    """Return the simplified character for each traditional one, from OpenCC's table; the first where it has several."""
    listed = (files("opencc_purepy") / "dicts" / "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split() for line in listed.splitlines() if line and not line.startswith("#"))
    return {traditional: simplified for traditional, simplified, *_others in pairs if len(traditional) == 1}


def _letters(char: str) -> str:
    """Return what a character reads as: letters and digits, none for one that has no reading."""
    made = []
    for part in unicodedata.normalize("NFKD", _latin().get(char, char)).casefold():
        # A casefolded part may be decomposable or a look-alike again: ϐ, ſ.
        for piece in unicodedata.normalize("NFKD", _latin().get(part, part)):
            if piece.isdecimal():
                made.append(str(unicodedata.decimal(piece)))
            elif piece.isalnum() and piece not in _UNSEEN:
                made.append(_simplified().get(piece, piece))
    return "".join(made)


def _mark(char: str) -> str:
    """Return the kind of a character that is not read."""
    if char in _LINE_ENDS:
        return NEWLINE
    if char in _BLANKS or unicodedata.category(char) == "Zs":
        return SPACE
    if char in _UNSEEN or unicodedata.category(char) in ("Mn", "Me", "Mc", "Cf", "Cc", "Cs"):
        return HIDDEN
    for form in (char, unicodedata.normalize("NFKD", char)):
        if form == ".":
            return DOT
        if form in _STOPS:
            return STOP
        if form in _PAUSES or form == "...":
            return PAUSE
    return SYMBOL


class _Table(dict[int, int | str]):
    """For `str.translate`: learns each character when it first comes. One character is given by its number."""

    def __missing__(self, code: int) -> int | str:
        char = chr(code)
        letters = _letters(char) or _mark(char)
        made = ord(letters) if len(letters) == 1 else letters
        if len(self) < _MOST_KEPT:
            self[code] = made
        return made


_table = cache(_Table)


class Folded:
    """A text made ready for matching. Positions: of the given text, of `aligned` (marks kept), of `skeleton` (letters).

    `before` is what of `aligned` stood before the text: context that is read and never given out.
    """

    __slots__ = ("_origins", "_places", "_skeleton", "_text", "aligned", "base", "data", "own_data", "own_letters")

    def __init__(self, text: str, before: str = "") -> None:
        own = text.translate(_table())
        context = before.encode().translate(None, _MARK_BYTES) if before else b""
        self.base = len(before)
        self.aligned = before + own
        self.data = context + own.encode().translate(None, _MARK_BYTES)
        """The letters as UTF-8."""
        self.own_data = len(context)
        """Bytes of the context."""
        self.own_letters = len(context.decode())
        """Letters of the context: the first of the text's own is after them."""
        self._text = text if len(own) != len(text) else None
        self._origins: Sequence[int] | None = None
        self._places: Sequence[int] | None = None
        self._skeleton: str | None = None

    @property
    def skeleton(self) -> str:
        """The letters."""
        if self._skeleton is None:
            self._skeleton = self.data.decode()
        return self._skeleton

    @property
    def places(self) -> Sequence[int]:
        """Where each letter stands in `aligned`."""
        if self._places is None:
            if len(self.aligned) < _LONG:
                self._places = [at for at, char in enumerate(self.aligned) if char > NEWLINE]
            else:
                codes = np.frombuffer(self.aligned.encode("utf-32-le"), np.uint32)
                self._places = _array(np.flatnonzero(codes > ord(NEWLINE)))
        return self._places

    @property
    def ends_with_letter(self) -> bool:
        """Whether the text's last character is a letter."""
        return self.aligned[-1:] > NEWLINE

    def place(self, letter: int) -> int:
        """Return where one letter stands in `aligned`; the last one, if nothing follows it, without `places`."""
        if letter == len(self.skeleton) - 1 and self.ends_with_letter:
            return len(self.aligned) - 1
        return self.places[letter]

    def origin(self, place: int) -> int:
        """Return the position in the given text of a place in `aligned`, not one in the context."""
        return place - self.base if self._text is None else self._origin_of_each(self._text)[place - self.base]

    def place_of(self, origin: int) -> int:
        """Return the first place in `aligned` that stands at or after a position in the given text."""
        if self._text is None:
            return self.base + origin
        return self.base + bisect_left(self._origin_of_each(self._text), origin)

    def _origin_of_each(self, text: str) -> Sequence[int]:
        """Return the position in `text` of each folded character, where one may become several (ß, ㎏)."""
        if self._origins is None:
            table = _table()
            letters = {char: table[ord(char)] for char in set(text)}
            several = {char: made for char, made in letters.items() if isinstance(made, str)}
            counts = np.ones(len(text), np.intp)
            for match in re.finditer("|".join(map(re.escape, several)), text):
                counts[match.start()] = len(several[match.group()])
            self._origins = _array(np.repeat(np.arange(len(text)), counts))
        return self._origins

    def neighbour(self, place: int, step: int) -> str:
        """Return what is seen beside a place in `aligned`, to the left (-1) or right (1); empty at the text's edge."""
        aligned = self.aligned
        place += step
        while 0 <= place < len(aligned):
            if aligned[place] != HIDDEN:
                return aligned[place]
            place += step
        return ""


def _array(numbers: NDArray[np.intp]) -> Sequence[int]:
    """Return numbers without an object for each; their items are plain ones, unlike numpy's."""
    return array("q", numbers.astype(np.int64).tobytes())


def letters_of(text: str) -> str:
    """Return the folded letters of a text."""
    return Folded(text).skeleton


def is_wordlike(char: str) -> bool:
    """Tell whether a folded character is of a script that writes words with blanks between them, or a digit."""
    return "a" <= char <= "z" or "0" <= char <= "9" or (char < "\u2e80" and char.isalnum())
