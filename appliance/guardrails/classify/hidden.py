"""Text within a text: characters that no reader sees, and encodings that a model can read."""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from appliance.guardrails.classify.folding import Folded, fold

_TAGS = re.compile("[\U000e0020-\U000e007f]+")
_FLAG = "\U0001f3f4"  # a black flag before tags makes them a regional flag
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_BITS = re.compile("[\u200b\u200c\u200d\u2060\u2062\u2063\u2064\ufeff]{8,}")
_TURNED = re.compile("\u202e")
_BASE64 = re.compile(r"(?<![\w+/])(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=?)?(?![\w+/=])")
_HEX = re.compile(r"(?<![\w])(?:(?:0x|\\x)?[0-9a-fA-F]{2}[ ,]?){10,}(?!\w)")
_BINARY = re.compile(r"(?<!\d)(?:[01]{8} ?){6,}(?!\d)")
_ESCAPED = re.compile(r"(?:(?:%[0-9a-fA-F]{2}|&#x?[0-9a-fA-F]{2,6};|\\u[0-9a-fA-F]{4})[^\s%&\\]{0,12}){5,}")
_WORDS = re.compile(r"[A-Za-z]{2,}|[\u4e00-\u9fff]")
_LEET = str.maketrans("0134578@$!", "oieastbasi")
_LEET_WORD = re.compile(r"[a-z013457@$!]{4,}")
_LONGEST = 20_000  # characters that are read backwards or rotated


@dataclass(frozen=True)
class Hidden:
    """A place that carries a text of its own. `seen` tells whether a reader sees it as letters."""

    kind: str
    start: int
    end: int
    text: str
    seen: bool


def hidden_texts(text: str) -> list[Hidden]:
    """Return what invisible characters and encodings in `text` stand for; an encoding of no words is left out."""
    return [*_invisible(text), *_encoded(text)]


def other_readings(text: str) -> Iterator[tuple[str, Folded]]:
    """Yield a name and the form of `text` under rotation by 13, read backwards, and with digits for letters."""
    plain = fold(text[:_LONGEST])
    yield "rot13", Folded(codecs.encode(plain.text, "rot13"), plain.origins)
    yield "reversed", Folded(plain.text[::-1], [(start, end) for start, end in reversed(plain.origins)])
    leet = _LEET_WORD.sub(_spelled, plain.text)
    if leet != plain.text:
        yield "leet", Folded(leet, plain.origins)


def _spelled(word: re.Match[str]) -> str:
    """Return a word of letters and digits with letters only; a number or an amount stays as it is."""
    letters = sum(char.isalpha() for char in word.group())
    return word.group().translate(_LEET) if 2 <= letters < len(word.group()) else word.group()


def _invisible(text: str) -> Iterator[Hidden]:
    for match in _TAGS.finditer(text):
        if match.start() == 0 or text[match.start() - 1] != _FLAG:
            decoded = "".join(chr(ord(char) - 0xE0000) for char in match.group() if char != "\U000e007f")
            yield Hidden("tags", *match.span(), decoded, False)
    for match in _SELECTORS.finditer(text):
        values = bytes(ord(char) - (0xFE00 if char < "\U000e0000" else 0xE0100 - 16) for char in match.group())
        yield Hidden("selectors", *match.span(), values.decode("utf-8", "replace"), False)
    for match in _BITS.finditer(text):
        yield Hidden("zero-width", *match.span(), _from_bits(match.group()), False)
    for match in _TURNED.finditer(text):
        yield Hidden("direction", *match.span(), "", False)


def _from_bits(run: str) -> str:
    """Return the text of a run of two invisible characters read as bits, or nothing."""
    zero = run[0]
    bits = "".join("0" if char == zero else "1" for char in run)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8)).decode("utf-8", "ignore")


def _encoded(text: str) -> Iterator[Hidden]:
    decoders: tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...] = (
        ("base64", _BASE64, _from_base64),
        ("hex", _HEX, lambda found: bytes.fromhex(re.sub(r"0x|\\x|[ ,]", "", found)).decode("utf-8")),
        ("binary", _BINARY, lambda found: bytes(int(byte, 2) for byte in re.findall("[01]{8}", found)).decode("utf-8")),
        ("escaped", _ESCAPED, _unescaped),
    )
    for kind, pattern, decode in decoders:
        for match in pattern.finditer(text):
            try:
                decoded = decode(match.group())
            except (ValueError, binascii.Error):
                continue
            if _is_text(decoded):
                yield Hidden(kind, *match.span(), decoded, True)


def _from_base64(found: str) -> str:
    return base64.b64decode(found + "=" * (-len(found) % 4)).decode("utf-8")


def _unescaped(found: str) -> str:
    decoded = html.unescape(unquote(found))
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code.group(1), 16)), decoded)


def _is_text(decoded: str) -> bool:
    """Tell whether a decoded string is words: most of it letters or blanks, and three words or more."""
    printable = sum(char.isprintable() or char.isspace() for char in decoded)
    letters = sum(len(word) for word in _WORDS.findall(decoded))
    return printable == len(decoded) and len(_WORDS.findall(decoded)) >= 3 and letters >= len(decoded) * 0.5
