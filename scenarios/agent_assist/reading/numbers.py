"""Numbers as they are said: 五万三, 3万5, 一百二, 2,500.50, twenty-five hundred, half a million."""

import re
from decimal import Decimal

CHINESE_DIGITS = {char: at for at, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000}
_CHINESE_SCALES = {"万": 10**4, "亿": 10**8}
_PIECE = re.compile(r"\d[\d,]*(?:\.\d+)?|[零〇一二两三四五六七八九十百千万亿]")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_LONGEST = 24  # characters of a number that is an amount or a part of a date

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 10**6, "billion": 10**9}
DIGIT_WORDS = {word: number for word, number in _SMALL.items() if number < 10} | {"oh": 0}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_WORDS = "|".join([*_SMALL, *_TENS, *_SCALES])
_ORDINAL = "|".join(_ORDINALS)

CHINESE = (
    r"(?:[\d零〇一二两三四五六七八九十百千](?:[\d零〇一二两三四五六七八九十百千万亿]|[,.](?=\d)| (?=[万亿千百])){0,24})"
)
"""Pattern of a number in figures, in Chinese numerals or in both."""
ENGLISH = (
    rf"(?:\b(?:half an?|an?)[ ]+(?=hundred|thousand|grand|million|billion))?\b(?:{_WORDS})"
    rf"(?:[ -](?:and |point )?(?:{_WORDS})\b){{0,12}}"
)
"""Pattern of a number in English words."""
ENGLISH_ORDINAL = rf"(?:(?:twenty|thirty)[ -])?(?:{_ORDINAL})"
"""Pattern of a day of the month in English words."""


def chinese_number(text: str) -> Decimal | None:
    """Return the value of what `CHINESE` matched, None for what is no number, such as 三五万 or 1,2."""
    if len(text) > _LONGEST:
        return None
    pieces = _PIECE.findall(text.replace(" ", ""))
    if all(piece in CHINESE_DIGITS for piece in pieces) and pieces:
        return Decimal("".join(str(CHINESE_DIGITS[piece]) for piece in pieces))
    total, section = Decimal(0), Decimal(0)
    number: Decimal | None = None
    last, after_zero, plain = 1, False, False
    for piece in pieces:
        if piece in "零〇":
            after_zero = True
        elif piece in _CHINESE_UNITS:
            if number is None and piece != "十":
                return None
            section += (Decimal(1) if number is None else number) * _CHINESE_UNITS[piece]
            number, last, after_zero = None, _CHINESE_UNITS[piece], False
        elif piece in _CHINESE_SCALES:
            section += number or 0
            if section == 0:
                return None
            scale = _CHINESE_SCALES[piece]
            total = (total + section) * scale if scale == 10**8 else total + section * scale
            section, number, last, after_zero = Decimal(0), None, scale, False
        elif number is not None:
            return None
        else:
            number, plain = _figure(piece), len(piece) == 1
            if number is None:
                return None
    if number is not None and last > 10 and plain and not after_zero:
        number *= last // 10  # 五万三: three of the next lower unit
    return total + section + (number or 0)


def _figure(piece: str) -> Decimal | None:
    if piece in CHINESE_DIGITS:
        return Decimal(CHINESE_DIGITS[piece])
    return Decimal(piece.replace(",", "")) if _GROUPED.fullmatch(piece) else None


def english_number(text: str) -> Decimal | None:
    """Return the value of what `ENGLISH` matched, None for digits said one by one."""
    words = re.findall("[a-z]+", text.lower())
    half = words[:1] == ["half"]
    total, current = Decimal(0), Decimal(0)
    decimals: list[str] | None = None
    for at, word in enumerate(words):
        if word in ("half", "a", "an", "and"):
            continue
        if word == "point":
            decimals = []
        elif decimals is not None and word in DIGIT_WORDS:
            decimals.append(str(DIGIT_WORDS[word]))
        elif word in _SCALES:
            if decimals:
                current, decimals = current + Decimal("0." + "".join(decimals)), None
            scale = _SCALES[word]
            value = (current if current or (at and words[at - 1] in DIGIT_WORDS) else Decimal(1)) * scale
            total, current = (total, value) if scale == 100 else (total + value, Decimal(0))
        else:
            number = _SMALL.get(word, _TENS.get(word, 0))
            free = 100 if number >= 10 else 10
            if current % free or (number < 10 and current % 100 == 10) or (current and number == 0):
                return None
            current += number
    if decimals:
        current += Decimal("0." + "".join(decimals))
    return (total + current) / 2 if half else total + current


def ordinal(text: str) -> int:
    """Return the day that what `ENGLISH_ORDINAL` matched stands for."""
    words = re.split("[ -]", text.lower())
    return sum(_ORDINALS.get(word, _TENS.get(word, 0)) for word in words)
