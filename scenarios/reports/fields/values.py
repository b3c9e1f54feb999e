"""Values out of printed text: money with its unit, shares, days, counts, names. Each with how sure the reading is."""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from .numerals import CHARACTERS, capital_money, whole

Type = Literal["text", "name", "money", "share", "day", "count", "months", "year", "code", "sentence"]
LONGEST: Final = 2000
"""Characters of a printed value that are looked at."""

_NUMBER: Final = r"[-−]?\s*\d[\d,]*(?:\.\d+)?"
_CURRENCIES: Final = {
    "CNY": ("人民币", "rmb", "cny", "yuan", "¥", "￥"),
    "USD": ("美元", "usd", "us$"),
    "HKD": ("港元", "港币", "hkd", "hk$"),
    "EUR": ("欧元", "eur", "€"),
}
_SCALES: Final = (
    ("百万", 1e6),
    ("千万", 1e7),
    ("亿", 1e8),
    ("万", 1e4),
    ("千", 1e3),
    ("million", 1e6),
    ("billion", 1e9),
    ("thousand", 1e3),
    ("mn", 1e6),
    ("bn", 1e9),
)
_MONEY: Final = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?P<scale>百万|千万|亿|万|千|million|billion|thousand|mn\b|bn\b)?\s*"
    r"(?P<tail>元|圆|美元|港元|港币|欧元|人民币|rmb|cny|usd|hkd|eur|yuan)?",
    re.IGNORECASE,
)
_CAPITAL: Final = re.compile(
    rf"(?<![\d.,{CHARACTERS}])(?![万亿千百仟佰])[{CHARACTERS}]{{1,24}}[元圆](?:[{CHARACTERS}角分]{{1,6}})?[整正]?"
)
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|％|percent|per cent)", re.IGNORECASE)
_PERCENT_WORDS: Final = re.compile(rf"百分之([{CHARACTERS}]+)(?:点([{CHARACTERS}]+))?")
_PLAIN: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_YEAR_FIRST: Final = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*(?:日|号)?")
_MONTH_ONLY: Final = re.compile(r"((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*月?(?![\d])")
_CHINESE_DAY: Final = re.compile(
    r"([二一][〇○零一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]"
)
_COMPACT: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)")
_ENGLISH_DAY: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+((?:19|20)\d\d)")
_AMERICAN_DAY: Final = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)")
_SLASHED: Final = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.]((?:19|20)\d\d)(?!\d)")
_MONTHS: Final = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_YEARS: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=\D|$|\d{4}(?!\d))")
_NUMBERED: Final = re.compile(
    r"^(?:[((][一二三四五六七八九十\d]{1,3}[))]|(?:[一二三四五六七八九十]{1,3}|\d{1,3})[.、])\s*"
)
_SAID_NONE: Final = frozenset({"无", "none", "nil", "暂无", "没有"})
_NONE: Final = frozenset({"", "-", "—", "--", "/", "无", "none", "n/a", "na", "nil", "暂无", "不适用"})


@dataclass(frozen=True)
class Value:
    """What a printed text says: `text` normalised, `number` of amounts, `sure` from 0 to 1."""

    text: str
    number: float | None = None
    unit: str = ""
    sure: float = 1.0
    choices: tuple[str, ...] = ()
    """What it could mean, where that is not clear."""


def folded(text: str) -> str:
    """Return a text in half width, without what is invisible, its white space single."""
    if text.isascii() and text.isprintable():
        return " ".join(text[:LONGEST].split())
    normal = unicodedata.normalize("NFKC", text[:LONGEST])
    return re.sub(r"\s+", " ", "".join(one for one in normal if one.isprintable() or one.isspace())).strip()


def nothing(text: str) -> bool:
    """Say whether a printed value says in words that there is none; a dash says nothing."""
    return folded(text).lower() in _SAID_NONE


def read_value(kind: Type, printed: str, unit: str = "") -> Value | None:
    """Read a printed value; `unit` is what a header or label says, such as 万元 or %. None: nothing of that type."""
    text = folded(printed)
    if text.lower() in _NONE:
        return None
    if kind == "money":
        return _money(text, unit)
    if kind == "share":
        return _share(text, unit)
    if kind == "day":
        return _day(text)
    if kind == "count":
        return _count(text)
    if kind == "months":
        return _months(text, unit)
    if kind == "year":
        years = _YEARS.findall(text)
        return Value(years[-1], float(years[-1]), sure=1.0 if len(set(years)) == 1 else 0.5) if years else None
    if kind == "code":
        code = re.sub(r"[\s]", "", text).strip("。;,").upper()
        return Value(code) if code else None
    if kind == "name":
        name = tidy_name(text)
        return Value(name, sure=1.0 if len(name) <= 80 else 0.5) if name else None
    plain = " ".join(printed[:LONGEST].split())
    plain = re.sub(r"(?<=[\u4e00-\u9fff]) (?=\d)|(?<=\d) (?=[\u4e00-\u9fff])", "", plain)
    return Value(plain[:-1] if plain.endswith("。") and plain.count("。") == 1 else plain)


def tidy_name(text: str) -> str:
    """Return a name without what surrounds it; Chinese ones without spaces."""
    name = _NUMBERED.sub("", folded(text)).strip(" 。;,、:：*")
    if re.search(r"[\u4e00-\u9fff]", name):
        name = re.sub(r"(?<=[\u4e00-\u9fff()])\s+|\s+(?=[\u4e00-\u9fff()])", "", name)
        name = name.replace("(", "（").replace(")", "）")
    return name


def unit_scale(unit: str) -> float | None:
    """Return what one of a unit such as 万元, thousand or 元 is in the basic unit; None where it names none."""
    lowered = folded(unit).lower()
    for word, scale in _SCALES:
        if word in lowered:
            return scale
    if "元" in lowered or any(word in lowered for words in _CURRENCIES.values() for word in words):
        return 1.0
    return None


def currency_of(text: str) -> str | None:
    """Return the currency that a text names; 元 alone is CNY."""
    lowered = text.lower()
    for code in ("USD", "HKD", "EUR", "CNY"):
        if any(word in lowered for word in _CURRENCIES[code]):
            return code
    return "CNY" if "元" in lowered else None


def _money(text: str, unit: str) -> Value | None:
    capital = _CAPITAL.search(text.replace(" ", ""))
    written = capital_money(capital.group()) if capital else None
    found = _MONEY.search(text)
    currency = currency_of(text) or currency_of(unit) or "CNY"
    if found is None:
        return Value(_plain(written), written, currency) if written is not None else None
    number = float(re.sub(r"[^\d.]", "", found["number"]))
    if found["number"].lstrip()[0] in "-−" or re.fullmatch(rf"\({_NUMBER}\)", text):
        number = -number
    scale = dict(_SCALES).get((found["scale"] or "").lower())
    value, sure, choices = _scaled(text, number, scale, found["tail"], unit)
    if written is not None and abs(written - value) > 0.005 * max(abs(value), 1.0):
        return Value(_plain(value), value, currency, 0.5, (f"{_plain(value)}元", f"{_plain(written)}元"))
    return Value(_plain(value), value, currency, sure if written is None else 1.0, choices)


def _scaled(
    text: str, number: float, scale: float | None, tail: str | None, unit: str
) -> tuple[float, float, tuple[str, ...]]:
    """Return the amount, how sure it is, and what it could be: a bare number below a million may be in 万元."""
    if scale is not None:
        return round(number * scale, 2), 1.0, ()
    named = unit_scale(unit)
    if tail is None and named is not None:
        return round(number * named, 2), 1.0, ()
    if tail is not None or currency_of(text) is not None:
        return number, 1.0, ()
    if abs(number) >= 1e6 or re.search(r"\d\.\d\d$", text):
        return number, 0.85, ()
    return number, 0.5, (f"{_plain(number)}元", f"{_plain(number)}万元")


def _share(text: str, unit: str) -> Value | None:
    percent = _PERCENT.search(text)
    if percent is not None:
        return _share_of(float(percent.group(1)) / 100.0)
    words = _PERCENT_WORDS.search(text)
    if words is not None:
        tenths = "".join(str(whole(one) or 0) for one in words.group(2) or "")
        number = whole(words.group(1))
        return None if number is None else _share_of(float(f"{number}.{tenths or 0}") / 100.0)
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    bare = float(plain.group().replace(",", ""))
    if "%" in folded(unit) or "percent" in unit.lower():
        return _share_of(bare / 100.0)
    return _share_of(bare if bare <= 1.0 else bare / 100.0, 0.7)


def _share_of(share: float, sure: float = 1.0) -> Value:
    value = round(share, 8)
    return Value(f"{round(value * 100.0, 6):g}%", value, "share", sure if 0.0 <= value <= 1.0 else 0.3)


def _day(text: str) -> Value | None:
    for pattern in (_YEAR_FIRST, _COMPACT):
        found = pattern.search(text)
        if found is not None:
            return _day_of(int(found[1]), int(found[2]), int(found[3]))
    chinese = _CHINESE_DAY.search(text.replace(" ", ""))
    if chinese is not None:
        parts = [whole(part) or 0 for part in chinese.groups()]
        return _day_of(parts[0], parts[1], parts[2])
    for pattern, order in ((_ENGLISH_DAY, (3, 2, 1)), (_AMERICAN_DAY, (3, 1, 2))):
        found = pattern.search(text)
        if found is not None:
            month = _MONTHS.get(found[order[1]][:3].lower(), 0)
            return _day_of(int(found[order[0]]), month, int(found[order[2]]))
    slashed = _SLASHED.search(text)
    if slashed is not None:
        return _slashed(int(slashed[1]), int(slashed[2]), int(slashed[3]))
    return None


def _slashed(first: int, second: int, year: int) -> Value | None:
    """Read 03/05/2019: which is the month is only clear where the other cannot be one."""
    if first > 12 or first == second:
        return _day_of(year, second, first)
    if second > 12:
        return _day_of(year, first, second)
    one, other = _day_of(year, second, first), _day_of(year, first, second)
    if one is None or other is None:
        return one or other
    return Value(one.text, sure=0.4, choices=(one.text, other.text))


def _day_of(year: int, month: int, day: int) -> Value | None:
    try:
        return Value(date(year, month, day).isoformat())
    except ValueError:
        return None


def month_of(text: str) -> tuple[int, int] | None:
    """Return year and month of 2025年3月 or 2025-03; None for no such text."""
    found = _MONTH_ONLY.search(folded(text))
    return (int(found[1]), int(found[2])) if found and 1 <= int(found[2]) <= 12 else None


def _count(text: str) -> Value | None:
    found = _PLAIN.search(text)
    if found is not None:
        number = float(found.group().replace(",", ""))
        return Value(f"{number:g}", number, "count")
    words = re.search(rf"[{CHARACTERS}]+", text)
    number_of = whole(words.group()) if words else None
    return None if number_of is None else Value(str(number_of), float(number_of), "count")


def _months(text: str, unit: str) -> Value | None:
    """Read 24个月, 2年 or, where the header says so, a bare number."""
    count = _count(text)
    if count is None or count.number is None:
        return None
    lowered = f"{text} {unit}".lower()
    if "月" in lowered or "month" in lowered:
        return Value(count.text, count.number, "count")
    if "年" in lowered or "year" in lowered:
        return Value(f"{count.number * 12.0:g}", count.number * 12.0, "count")
    return Value(count.text, count.number, "count", 0.5, (count.text,))


def _plain(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
