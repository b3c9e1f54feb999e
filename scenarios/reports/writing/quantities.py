"""Numbers, money and dates in a text, made comparable: digits, 万 and 亿, percent, numerals in words, days."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from ..fields.numerals import CHARACTERS, whole
from . import number_words

Kind = Literal["number", "percent", "day", "month", "year"]
SCALES: Final = {
    "": 1.0, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12,
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9,
}  # fmt: skip
_COUNTED: Final = "家|名|位|人|户|个|笔|份|起|期|项|条|股|页|处|宗"
_UNITS: Final = rf"元|圆|年|个?月|天|日|倍|成|次|{_COUNTED}|%|％"
_CURRENCIES: Final = {
    name: currency
    for currency, names in (
        ("CNY", ("元", "圆", "人民币", "cny", "rmb", "¥", "￥")),
        ("USD", ("美", "usd", "us$")),
        ("HKD", ("港", "港币", "hkd")),
        ("EUR", ("欧", "eur", "€")),
    )
    for name in names
}
"""Of names as `_BEFORE` and `_BEHIND` find them, without 元 behind another."""
_BEFORE: Final = re.compile(r"(CNY|RMB|USD|US\$|HKD|EUR|¥|￥|€|人民币)\s*[-−－]?\s*$", re.IGNORECASE)
_BEHIND: Final = re.compile(
    rf"\s*(?:(?P<money>人民币元?|元|圆|美元|港元|港币|欧元|(?:CNY|RMB|USD|HKD|EUR)\b)|(?P<day>天|日|days?\b)"
    rf"|(?P<month>个月|months?\b)|(?P<year>年|years?\b)|(?P<times>倍|times\b)|(?P<count>{_COUNTED}))",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]"
    r"|(?<!\d)(?P<iy>\d{4})[-/.](?P<im>\d{1,2})[-/.](?P<id>\d{1,2})(?!\d)"
    r"|(?<!\d)(?P<ry>\d{4})\s*年\s*\d{1,2}\s*[-至~]\s*(?P<rm>\d{1,2})\s*月"
    r"|(?<!\d)(?P<my>\d{4})\s*年\s*(?P<mm>\d{1,2})\s*月"
    r"|(?<!\d)(?P<ky>(?:19|20)\d{2})-(?P<km>0[1-9]|1[0-2])(?![\d-])"
    r"|(?<!\d)(?P<py>(?:19|20)\d{2})\s*年"
)
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"\s*(?P<scale>万亿|千万|百万|十万|[百千万亿]|(?:hundred|thousand|million|billion)\b)?"
    r"\s*(?P<percent>[%％]|个?百分点|per ?cent\b)?",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(rf"(?P<numeral>[{CHARACTERS}]+)(?:分之(?P<parts>[{CHARACTERS}]+)|(?=\s*(?:{_UNITS})))")
_NO_ONE: Final = re.compile(r"年[内以期度]|起|[元圆%％]|个百分点|日")
"""Behind 一: 一年内 is a term of accounts and 一起 an adverb."""
_PRONOUNS: Final = tuple("统同唯单逐第任何某每近上前下后")
"""Before 一: 同一个, 第一个 and 最近一年 count nothing."""
_CODE: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:(?=[0-9A-Z]*\d)(?=[0-9A-Z]*[A-Z])[0-9A-Z]{8,}|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,})"
    r"(?![A-Za-z0-9])"
)
_FILE: Final = re.compile(r"(?<![A-Za-z0-9])f\d{2,4}(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Quantity:
    """A number as a text has it: money in the basic unit, percent as a share; of dates year, month and day."""

    kind: Kind
    text: str
    value: float = 0.0
    """Without its sign."""
    step: float = 0.0
    """The size of its last decimal."""
    date: tuple[int, ...] = ()
    unit: str = ""
    """A currency, day, month, year, times or count; empty where the text names none."""
    scaled: bool = False
    """Whether 万, million or the like stands beside it."""
    negative: bool = False
    before: str = ""
    """What stands right before it."""


@lru_cache(maxsize=20_000)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the quantities of a text. Codes of letters and digits (a fingerprint, f03) are names, not numbers."""
    found: list[Quantity] = []
    text = _FILE.sub(" ", text.translate(_WIDE))

    def take_date(match: re.Match[str]) -> str:
        found.append(_date(match))
        return " "

    rest = _DATE.sub(take_date, _CODE.sub(" ", text))

    def take_number(match: re.Match[str]) -> str:
        found.append(_number(match))
        return " "

    rest = _NUMBER.sub(take_number, rest)
    for match in _WORDS.finditer(rest):
        found.extend(_words(match))
    for match in number_words.PATTERN.finditer(rest):
        value = number_words.value_of(match, rest)
        if value is not None:
            share = match["percent"] is not None
            found.append(Quantity("percent" if share else "number", match[0], value / (100.0 if share else 1.0)))
    return tuple(found)


_WIDE: Final = str.maketrans("０１２３４５６７８９．－−", "0123456789.--")


def _date(match: re.Match[str]) -> Quantity:
    groups = match.groupdict()
    for year, month, day in (("y", "m", "d"), ("iy", "im", "id")):
        if groups[year]:
            return Quantity("day", match[0], date=(int(groups[year]), int(groups[month]), int(groups[day])))
    for year, month in (("ry", "rm"), ("my", "mm"), ("ky", "km")):
        if groups[year]:
            return Quantity("month", match[0], date=(int(groups[year]), int(groups[month])))
    return Quantity("year", match[0], date=(int(groups["py"]),))


def _number(match: re.Match[str]) -> Quantity:
    digits = match["digits"].replace(",", "")
    scale = SCALES[(match["scale"] or "").lower()]
    if match["percent"]:
        scale /= 100.0
    decimals = len(digits.partition(".")[2])
    before = match.string[max(0, match.start() - 24) : match.start()]
    return Quantity(
        "percent" if match["percent"] else "number",
        match[0].strip(),
        float(digits) * scale,
        scale * 10.0**-decimals,
        unit=_unit(match, before),
        scaled=bool(match["scale"]),
        negative=re.search(r"(?:^|[^\w)])-\s?$|[\u4e00-\u9fff]-$", before) is not None,
        before=before,
    )


def _unit(match: re.Match[str], before: str) -> str:
    if match["percent"]:
        return ""
    named = _BEFORE.search(before)
    return _CURRENCIES[named[1].lower()] if named is not None else unit_of(match.string, match.end())


def unit_of(text: str, at: int = 0) -> str:
    """Return the unit that stands at a place of a text; empty: none does."""
    behind = _BEHIND.match(text, at)
    if behind is None:
        return ""
    name = behind.lastgroup or ""
    return _CURRENCIES[behind[name].lower().removesuffix("元") or "元"] if name == "money" else name


def _words(match: re.Match[str]) -> list[Quantity]:
    numeral = match["numeral"]
    if match["parts"]:
        of, part = whole(numeral), whole(match["parts"])
        return [Quantity("percent", match[0], part / of, 0.0)] if of and part is not None else []
    if not numeral.strip("百千万亿"):
        return []  # 万元 is a unit
    text = match.string
    if numeral == "一" and (_NO_ONE.match(text, match.end()) or text[: match.start()].endswith(_PRONOUNS)):
        return []
    value = whole(numeral)
    return [] if value is None else [Quantity("number", match[0], float(value), unit=unit_of(text, match.end()))]
