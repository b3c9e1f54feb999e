"""Figures with their units, dates and clock times in a sentence, made comparable in both languages."""

import re
from dataclasses import dataclass

from appliance.knowledge.asking.questions import Question
from appliance.knowledge.language.terms import fold

NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
} | {"fifteen": "15", "twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90"}
_UNITS = {
    "percent": r"%|个百分点|per ?cent(?:age points?)?",
    "permille": r"‰",
    "basis": r"个基点|bps?\b|basis points?",
    "dollar": r"万?美元|us dollars?|usd",
    "money": r"元|人民币|yuan|rmb|cny",
    "age": r"周岁|岁|years? old|years? of age",
    "hour": r"个?小时|hours?\b",
    "minute": r"分钟|minutes?\b",
    "month": r"个月|months?\b",
    "week": r"个?星期|周(?!岁|[一二三四五六日末])|weeks?\b",
    "workday": r"个?工作日|working days?|business days?",
    "day": r"个?自然日|日历日|天|日|calendar days?|days?\b",
    "year": r"年|years?\b",
    "times": r"次|times?\b",
    "fold": r"倍",
    "count": r"个|名|位|人|份|张|笔|户|家|期|档|台|枚|页|people|persons?|copies|copy|items?|cards?",
}
_FOLLOWS = "|".join(rf"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
_SCALES = {"": 1.0, "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8, "thousand": 1e3, "million": 1e6}
_CURRENCY = r"(?P<before>us ?\$|\$|usd|¥|￥|rmb|cny|人民币)?\s*"
_FIGURE = re.compile(
    rf"{_CURRENCY}(?P<number>\d+(?:\.\d+)?)\s*(?P<scale>百万|百|千|万|亿|thousand|million)?\s*(?:{_FOLLOWS})?"
)
_SHARE = re.compile(r"(?P<of>[百千万])分之(?P<number>\d+(?:\.\d+)?|[一二三四五六七八九十]+)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_DATE = re.compile(
    r"(?:(?P<year>\d{4})\s*年\s*)?(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]"
    r"|(?P<iso>\d{4}-\d{1,2}-\d{1,2})"
    rf"|(?P<dayname>\d{{1,2}}) (?P<monthname>{'|'.join(_MONTHS)})[a-z]*\.?(?: (?P<enyear>\d{{4}}))?"
)
_CLOCK = re.compile(r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})|(?P<point>\d{1,2})\s*点(?P<half>半)?")
_CHINESE_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b", re.IGNORECASE)
_CONDITION_BEHIND = re.compile(r"\s*(?:\(含\))?(?:以上|以下|or more|and above|or less|and below)")
_CONDITION_BEFORE = re.compile(
    r"(?<!不)(?:满|超过|大于|高于)\s*$|\b(?:over|above|under|below|after|exceed\w*|(?<!no )more than"
    r"|(?<!no )less than)\s*$"
)
TIME_UNITS = frozenset({"hour", "minute", "month", "week", "workday", "day", "year", "date", "clock"})
_ASKED: dict[str, frozenset[str]] = {
    "percent": frozenset({"percent", "permille", "basis", "money"}),
    "money": frozenset({"money", "dollar", "percent", "permille"}),
    "time": TIME_UNITS,
}


@dataclass(frozen=True)
class Value:
    """A figure; `start` and `end` are offsets in the folded text, `text` its folded words. Permille are percent/10."""

    number: str
    unit: str
    start: int
    end: int
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """What two equal figures have in common."""
        return self.number, self.unit


def values_in(text: str) -> list[Value]:
    """Return the figures of a text in order, none overlapping; one without a known unit has the unit ``."""
    folded = fold(text)
    found: list[Value] = []
    for pattern, make in ((_DATE, _date), (_CLOCK, _clock), (_SHARE, _share), (_FIGURE, _figure)):
        for match in pattern.finditer(folded):
            if not any(value.start < match.end() and match.start() < value.end for value in found):
                number, unit = make(match)
                found.append(Value(number, unit, match.start(), match.end(), match.group().strip()))
    return sorted(found, key=lambda value: value.start)


def asked_values(question: Question, text: str) -> list[Value]:
    """Return the figures of a sentence that are of the kind asked for and do not stand in the question."""
    given = {value.key for value in values_in(question.text)}
    units = _ASKED.get(question.kind)
    return [
        value
        for value in values_in(text)
        if value.unit and value.key not in given and (units is None or value.unit in units)
    ]


def conditions_in(text: str) -> list[Value]:
    """Return the figures that say for what a sentence holds: "over 5 years", 50万元以上."""
    folded = fold(text)
    return [
        value
        for value in values_in(text)
        if _CONDITION_BEHIND.match(folded[value.end :]) or _CONDITION_BEFORE.search(folded[: value.start])
    ]


def _date(match: re.Match[str]) -> tuple[str, str]:
    if match.group("iso"):
        year, month, day = match.group("iso").split("-")
    elif match.group("monthname"):
        year, month = match.group("enyear") or "", str(_MONTHS[match.group("monthname")])
        day = match.group("dayname")
    else:
        year, month, day = match.group("year") or "", match.group("month"), match.group("day")
    return f"{year}-{int(month)}-{int(day)}", "date"


def _clock(match: re.Match[str]) -> tuple[str, str]:
    if match.group("hour"):
        return f"{int(match.group('hour'))}:{match.group('minute')}", "clock"
    return f"{int(match.group('point'))}:{'30' if match.group('half') else '00'}", "clock"


def _share(match: re.Match[str]) -> tuple[str, str]:
    number = match.group("number")
    value = float(number) if number[0].isdigit() else float(_chinese(number))
    return _shown(value * 100 / {"百": 100, "千": 1000, "万": 10_000}[match.group("of")]), "percent"


def _chinese(number: str) -> int:
    tens, ten, ones = number.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)


def _figure(match: re.Match[str]) -> tuple[str, str]:
    unit = next((name for name in _UNITS if match.group(name)), "")
    value = float(match.group("number")) * _SCALES[match.group("scale") or ""]
    before = match.group("before")
    if not unit and before:
        unit = "dollar" if "$" in before or before == "usd" else "money"
    if unit == "permille":
        value, unit = value / 10, "percent"
    return _shown(value), unit


def _shown(value: float) -> str:
    return f"{value:.10g}"


def spelled_out(text: str) -> str:
    """Return a text with the small English number words in digits, as `three working days` is 3 of them."""
    return _NUMBER_WORD.sub(lambda match: NUMBER_WORDS[match.group().lower()], text)
