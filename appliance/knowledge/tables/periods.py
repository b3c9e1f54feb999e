"""Periods in headers and questions: 2019, FY19, 2025年末, 2021-2022; the newest sorts last."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SPACED = re.compile(r"\b([12]) ([09]) (\d) (\d)\b")
_RANGE = re.compile(r"(?<![\d.,])((?:19|20)\d\d)\s?[-–/至到]\s?((?:19|20)\d\d|\d\d)(?![\d.,]|\s?[-/]\s?\d)")
_YEAR = re.compile(r"(?<![\d.,$£€¥])((?:19|20)\d\d)(?![\d]|[.,]\d|\s?(?:thousand|million|元|万|亿|shares|户|人|笔))")
_FISCAL = re.compile(r"(?<![a-z0-9])(?:fy|f|cy)\s?['’]?(\d\d)(?!\d)|(?<![\d$])['’](\d\d)(?!\d)")
_SHORT_DATE = re.compile(r"(?<!\d)\d{1,2}/\d{1,2}/(\d\d)(?!\d)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMES = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_DAY = re.compile(
    r"\b(?:(?:as )?(?:of|at) )?(?:the )?(?:fiscal )?(?:(?:years?|periods?|quarters?|months?) end(?:ed|ing)? )?"
    rf"(?:{_NAMES}\.? \d{{1,2}}\b,?|\d{{1,2}} {_NAMES}\b)"
    r"|\b(?:fiscal )?years? end(?:ed|ing)?\b|\d{1,2}月\d{1,2}日"
)
_DATE = re.compile(
    rf"\b(?P<m1>{_NAMES})\.? (?P<d1>\d{{1,2}})\b|\b(?P<d2>\d{{1,2}}) (?P<m2>{_NAMES})\b"
    r"|(?P<zm>\d{1,2})月(?P<zd>\d{1,2})日"
)
_QUARTER = re.compile(
    r"\bq([1-4])\b|\b([1-4])q(?=\d|\b)|第?([一二三四1-4])季度?|\b(first|second|third|fourth)[- ]quarter\b"
)
_HALF = re.compile(r"上半年|first half|\bh1\b|(?P<second>下半年|second half|\bh2\b)")
_NOW = re.compile(
    r"本期|本年|今年|期末|本季|\bcurrent (?:year|period)\b|\bend of (?:the )?(?:year|period)\b|\bclosing\b"
)
_LAST = re.compile(
    r"上期|上年|去年|期初|年初|上季|\b(?:prior|previous|preceding) (?:year|period)\b"
    r"|\bbeginning of (?:the )?(?:year|period)\b|\bopening\b"
)
_ORDER = {"一": 1, "二": 2, "三": 3, "四": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}


@dataclass(frozen=True, order=True)
class Period:
    """A year, the last of several years, or a quarter (1..4) or half (2, 4) of a year; `first` is a range's start."""

    year: int
    quarter: int = 0
    first: int = 0

    def fits(self, asked: "Period") -> bool:
        """Tell whether this period of a table is the one asked for; a question may name the year alone."""
        return self.year == asked.year and self.first == asked.first and asked.quarter in (0, self.quarter)

    def about(self, asked: "Period") -> bool:
        """Tell whether this is the year of a quarter asked for, or a business year that ends in the year asked for."""
        return self.year == asked.year and not self.quarter and asked.first in (0, self.first)

    @property
    def name(self) -> str:
        """The period in figures."""
        year = f"{self.first}-{self.year}" if self.first else str(self.year)
        return f"{year} Q{self.quarter}" if self.quarter else year


NOW = Period(-1)
LAST = Period(-2)
"""What a table's header calls 本期 and 上期, 期末 and 期初, current and prior year, without saying the year."""


def header_periods(text: str) -> tuple[Period, ...]:
    """Return the periods of a header, `NOW` or `LAST` where it names no year."""
    found = periods_in(text)
    if found:
        return found
    words = text.lower()
    return (NOW,) if _NOW.search(words) else (LAST,) if _LAST.search(words) else ()


@lru_cache(maxsize=4096)
def periods_in(text: str) -> tuple[Period, ...]:
    """Return the periods that a text names, in its order, each once."""
    words = _SPACED.sub(r"\1\2\3\4", unicodedata.normalize("NFKC", text).lower())
    found: list[tuple[int, Period]] = []
    taken: list[tuple[int, int]] = []

    def add(match: re.Match[str], period: Period) -> None:
        if not any(start < match.end() and match.start() < end for start, end in taken):
            taken.append(match.span())
            found.append((match.start(), period))

    for match in _RANGE.finditer(words):
        first, last = int(match[1]), int(match[2])
        last = last if last > 100 else first // 100 * 100 + last
        if first < last <= first + 10 and not re.match(r"\s?年", words[match.end() :]):
            add(match, Period(last, 0, first))
    for match in _YEAR.finditer(words):
        add(match, Period(int(match[1])))
    for pattern in (_FISCAL, _SHORT_DATE):
        for match in pattern.finditer(words):
            add(match, Period(2000 + int(next(filter(None, match.groups())))))
    quarters = [_quarter(match) for match in _QUARTER.finditer(words)]
    half = _HALF.search(words)
    if half and not quarters:
        quarters = [4 if half["second"] else 2]
    periods = [period for _at, period in sorted(found)]
    if len(quarters) == len(periods):
        periods = [Period(p.year, q, p.first) for p, q in zip(periods, quarters, strict=True)]
    elif len(quarters) == 1:
        periods = [Period(period.year, quarters[0], period.first) for period in periods]
    elif len(periods) == 1 and quarters:
        periods = [Period(periods[0].year, quarter) for quarter in quarters]
    return tuple(dict.fromkeys(periods))


def _quarter(match: re.Match[str]) -> int:
    found = next(filter(None, match.groups()))
    return _ORDER.get(found) or int(found)


def day_of(text: str) -> tuple[int, int] | None:
    """Return the month and day of the first date in a text: December 31, 31 December, 12月31日; None without one."""
    words = unicodedata.normalize("NFKC", text).lower()
    match = _DATE.search(words)
    if match is None:
        return None
    if match["zm"]:
        return int(match["zm"]), int(match["zd"])
    month = match["m1"] or match["m2"]
    return _MONTHS.index(month[:3]) + 1, int(match["d1"] or match["d2"])


def without_periods(text: str) -> str:
    """Return a text without its dates and years, to compare what it is about."""
    words = _DAY.sub(" ", _SPACED.sub(r"\1\2\3\4", text))
    for pattern in (_RANGE, _YEAR, _FISCAL, _SHORT_DATE):
        words = pattern.sub(" ", words)
    return words
