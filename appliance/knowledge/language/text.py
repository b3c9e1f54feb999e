"""Clean text, languages and sentences, for Chinese and English."""

import re
import unicodedata
from itertools import pairwise
from typing import Literal

Language = Literal["zh", "en"]

_RADICALS = re.compile("[\u2e80-\u2fdf\uf900-\ufaff]")
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe\uffff]"
)
_SPACES = re.compile(r"[^\S\n]+")
_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")

_END = re.compile(r"[。！？!?]+[”’」』）)\"']*|\.(?=[”’\"')]*(?:\s|$))[”’\"')]*|\n")
_LONG_CHINESE = 120
_ABBREVIATIONS = {
    "mr", "mrs", "ms", "dr", "prof", "no", "art", "sec", "fig", "vs", "etc", "e.g", "i.e", "inc", "ltd", "co", "corp",
    "st", "approx", "cf", "al", "min", "max", "tel", "ext", "para", "p", "pp", "u.s", "u.k", "a.m", "p.m",
}  # fmt: skip


def clean(text: str) -> str:
    """Return `text` in NFC without control, bidirectional and zero-width characters, runs of blanks made one.

    Full-width punctuation stays as the author wrote it, so that a quotation is literal; look-alike radicals, which
    some PDF fonts give in place of the character, are replaced by it.
    """
    text = _RADICALS.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def one_line(text: str) -> str:
    """Return `clean` text on one line; lines are joined without a blank where both sides are Chinese."""
    lines = [line.strip() for line in clean(text).split("\n") if line.strip()]
    joined = ""
    for line in lines:
        joined = join_lines(joined, line)
    return joined


def join_lines(before: str, after: str) -> str:
    """Join two lines of one paragraph: no blank beside Chinese, and a word hyphenated at the line's end made whole."""
    if not before:
        return after
    if re.search(r"[a-z]-$", before) and re.match(r"[a-z]", after):
        return before[:-1] + after
    wide = is_wide(before[-1]) or is_wide(after[0])
    return before + ("" if wide else " ") + after


def is_wide(char: str) -> bool:
    """Tell whether `char` is Chinese or full-width."""
    return unicodedata.east_asian_width(char) in ("W", "F") or char in "“”‘’—…"


def language_of(text: str) -> Language:
    """Return `zh` or `en`. Chinese text with Latin names in it is Chinese: a Chinese character counts as a word."""
    chinese = len(_CJK.findall(text))
    latin = len(_LATIN.findall(text))
    return "zh" if chinese > 0 and chinese >= latin else "en"


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    """Tell a full stop from the dot of an abbreviation, an initial or a list number."""
    if not match.group().startswith("."):
        return True
    before = re.search(r"[\w.]+$", text[: match.start()])
    word = before.group().lower() if before else ""
    after = text[match.end() :].lstrip()
    if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i"):
        return not after
    if word.isdigit() and text[: match.start()].rstrip("0123456789. ") == "":
        return False  # "3. Apply at the branch": the number belongs to its item
    return not after[:1].islower()


def _spread(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split an overlong Chinese sentence at its semicolons."""
    if end - start <= _LONG_CHINESE or "；" not in text[start:end]:
        return [(start, end)]
    cuts = [match.end() + start for match in re.finditer("；", text[start:end])]
    edges = [start, *cuts, end]
    return [(left, right) for left, right in pairwise(edges) if right > left]


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`, in order, trimmed, none empty."""
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if not _ends_sentence(text, match):
            continue
        found.extend(_spread(text, start, match.end()))
        start = match.end()
    found.extend(_spread(text, start, len(text)))
    trimmed = []
    for left, right in found:
        piece = text[left:right]
        left += len(piece) - len(piece.lstrip())
        right -= len(piece) - len(piece.rstrip())
        if any(char.isalnum() for char in text[left:right]):
            trimmed.append((left, right))
    return trimmed
