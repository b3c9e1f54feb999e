"""Values as contracts write them: money, rates, terms and days, each with the words that it was read from."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from ..fields.numerals import CHARACTERS, capital_money
from .text import number_of

_SCALES: Final = {"万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "million": 10**6, "billion": 10**9}
_MONEY: Final = re.compile(
    r"(?P<sign>¥|￥|RMB|CNY|USD|US\$|HKD|人民币|美元|港元)?\s*(?P<digits>\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s*(?P<scale>百万|千万|万|亿|million|billion)?\s*(?P<unit>元|圆|美元|港元|yuan|RMB|CNY|USD)?",
    re.IGNORECASE,
)
CAPITALS: Final = re.compile(
    rf"[{CHARACTERS}]{{1,40}}[元圆](?:[整正]|[{CHARACTERS}]角零?(?:[{CHARACTERS}]分)?[整正]?|零?[{CHARACTERS}]分)?"
)
_FORMAL: Final = re.compile("[壹贰叁肆伍陆柒捌玖拾佰仟貳參陸圆整正]")
_DIGIT: Final = "[一二三四五六七八九两壹贰叁肆伍陆柒捌玖]"
_SECTION: Final = rf"(?:{_DIGIT}[千仟])?零?(?:{_DIGIT}[百佰])?零?(?:{_DIGIT}?[十拾])?零?{_DIGIT}?零?"
_WELL_FORMED: Final = re.compile(
    rf"(?:(?:{_SECTION}[万萬])?{_SECTION}[亿億])?(?:{_SECTION}[万萬])?{_SECTION}[元圆](?:{_DIGIT}角)?零?(?:{_DIGIT}分)?[整正]?"
)
"""Digits in the order of their units: what is written otherwise (伍伍佰元) is not guessed at."""
_RATE: Final = re.compile(
    r"(?P<digits>\d+(?:\.\d+)?)\s*(?P<unit>%|％|‰|per\s?cent|BP|bps|个?基点)|百分之(?P<words>[零〇一二三四五六七八九十百点]+)",
    re.I,
)
_TERM: Final = re.compile(
    rf"(?P<count>\d+|[{CHARACTERS}]+)\s*(?:[（(]\s*\d+\s*[)）]\s*)?(?P<unit>个月|年|个?季度|日|天|months?|years?|days?)",
    re.I,
)
DAY: Final = re.compile(
    r"(?P<y>(?:19|20)\d{2})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日?"
    r"|(?<!\d)(?P<iy>(?:19|20)\d{2})(?P<sep>[-/.])(?P<im>\d{1,2})(?P=sep)(?P<id>\d{1,2})(?![\d.%％])"
    rf"|(?P<cy>[〇零一二三四五六七八九]{{4}})年(?P<cm>[{CHARACTERS}]{{1,3}})月(?P<cd>[{CHARACTERS}]{{1,3}})日"
    r"|(?P<ed>\d{1,2})\s+(?P<em>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,?\s+(?P<ey>(?:19|20)\d{2})"
    r"|(?P<um>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<ud>\d{1,2}),?\s+(?P<uy>(?:19|20)\d{2})"
)
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_UNITS: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_ENGLISH: Final = {
    **{word: value for value, word in enumerate(_UNITS.split(), start=1)},
    **{word: value * 10 for value, word in enumerate(_TENS.split(), start=2)},
}
_ENGLISH_WORD: Final = "|".join([*_ENGLISH, "hundred", "thousand", "million", "billion"])
ENGLISH_WORDS: Final = re.compile(rf"\b(?:{_ENGLISH_WORD})(?:[\s-]+(?:and\s+)?(?:{_ENGLISH_WORD}))*\b", re.IGNORECASE)


@dataclass(frozen=True)
class Value:
    """A value: money in its basic unit, a rate as a share, a term in months (days: `days`), a day as its ordinal."""

    number: Decimal
    printed: str
    start: int
    end: int
    unit: str = ""


def money(text: str) -> Iterator[Value]:
    """Yield amounts in digits; a number alone, without sign, scale or unit, is none."""
    for found in _MONEY.finditer(text):
        if not (found["sign"] or found["unit"] or (found["scale"] and found["scale"] in "万亿百万千万")):
            continue
        number = Decimal(re.sub("[,，]", "", found["digits"])) * _SCALES.get((found["scale"] or "").lower(), 1)
        yield Value(number, found[0].strip(), found.start(), found.end(), "money")


def capitals(text: str) -> Iterator[tuple[str, int, int, Decimal | None]]:
    """Yield amounts in capitals as printed, start, end and value, which is None for one that cannot be read."""
    for found in CAPITALS.finditer(text):
        if _FORMAL.search(found[0]) and len(found[0]) >= 2:
            yield found[0], found.start(), found.end(), _capital(found[0])
    if not re.search("[\u4e00-\u9fff]", text):
        for found in ENGLISH_WORDS.finditer(text):
            if re.search("thousand|million|billion", found[0], re.IGNORECASE) and not _digit_before(
                text, found.start()
            ):
                yield found[0], found.start(), found.end(), english_number(found[0])


def _capital(text: str) -> Decimal | None:
    amount = capital_money(text) if _WELL_FORMED.fullmatch(text) else None
    return None if amount is None else Decimal(str(amount))


def _digit_before(text: str, at: int) -> bool:
    return re.search(r"\d\s*$", text[:at]) is not None


def english_number(text: str) -> Decimal | None:
    """Return the whole number that English words write; None where a word is no number."""
    total, section = 0, 0
    for word in re.split(r"[\s-]+", text.lower()):
        if word == "and":
            continue
        if word in _ENGLISH:
            section += _ENGLISH[word]
        elif word == "hundred":
            section = max(section, 1) * 100
        elif word in ("thousand", "million", "billion"):
            total += max(section, 1) * 10 ** {"thousand": 3, "million": 6, "billion": 9}[word]
            section = 0
        else:
            return None
    return Decimal(total + section)


def rates(text: str) -> Iterator[Value]:
    """Yield rates as shares: 4.35% is 0.0435, 120 basis points are 0.012."""
    for found in _RATE.finditer(text):
        if found["words"]:
            whole, _dot, part = found["words"].partition("点")
            digits = "".join(str(number_of(char) or 0) for char in part)
            number: Decimal | None = Decimal(f"{number_of(whole) or 0}.{digits or 0}") / 100
        else:
            unit = found["unit"].lower()
            divisor = 1000 if unit == "‰" else 10_000 if unit.startswith(("b", "基", "个")) else 100
            number = Decimal(found["digits"]) / divisor
        if number is not None:
            yield Value(number, found[0], found.start(), found.end(), "rate")


def terms(text: str) -> Iterator[Value]:
    """Yield lengths of time; the unit is `months` or `days`. A year of the calendar is none."""
    for found in _TERM.finditer(text):
        count = number_of(found["count"])
        unit = found["unit"].lower()
        if count is None or (unit == "年" and count > 100) or re.match(r"\s*\d{1,2}\s*月", text[found.end() :]):
            continue
        if unit in ("日", "天") or unit.startswith("day"):
            if text[: found.start()].rstrip().endswith(("月", "每月")):
                continue
            yield Value(Decimal(count), found[0], found.start(), found.end(), "days")
            continue
        months = count * (12 if unit == "年" or unit.startswith("year") else 3 if "季" in unit else 1)
        yield Value(Decimal(months), found[0], found.start(), found.end(), "months")


def days(text: str) -> Iterator[tuple[str, int, int, date | None]]:
    """Yield days as printed, start, end and day, which is None for one that does not exist (2月30日)."""
    for found in DAY.finditer(text):
        groups = found.groupdict()
        if groups["y"] or groups["iy"]:
            first = "" if groups["y"] else "i"
            parts = [int(groups[f"{first}{name}"]) for name in "ymd"]
        elif groups["cy"]:
            parts = [number_of(groups[name]) or 0 for name in ("cy", "cm", "cd")]
        else:
            first = "e" if groups["ey"] else "u"
            month = _MONTHS.index(groups[f"{first}m"]) + 1
            parts = [int(groups[f"{first}y"]), month, int(groups[f"{first}d"])]
        year, month, day = parts
        exists = 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
        yield found[0].strip(), found.start(), found.end(), date(year, month, day) if exists else None
