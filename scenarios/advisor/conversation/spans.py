"""Windows of time, days, limits, levels, terms and amounts in a text, each taken out of it once it is read."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Any, Final

from appliance.knowledge.language.amounts import amounts

from .vocabulary import Words, any_in, first_of

_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "nine": 9, "ten": 10, "twelve": 12}
_TENTHS: Final = {char: value for value, char in enumerate("零一二三四五六七八九十")} | {"两": 2}
_COUNT = rf"(?P<count>\d{{1,2}}|半|half|a|{'|'.join(_NUMBERS)})"
_UNIT = r"(?P<unit>年|个?月|years?|months?|yrs?|y\b|m\b)"
_PAST: Final = re.compile(
    rf"(?:最近|过去|近|前|\b(?:over |in |for )?(?:the )?(?:past|last|previous|trailing) ){_COUNT}?[ -]?{_UNIT}"
    rf"|(?<!\d){_COUNT.replace('count', 'count2')}[ -]{_UNIT.replace('unit', 'unit2')}"
    r"(?= (?:return|performance|window))"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY: Final = re.compile(
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"
    r"|(?P<y2>\d{4})年(?:(?P<m2>\d{1,2})月(?:底|末)?(?:(?P<d2>\d{1,2})[日号])?)?(?:底|末|初)?"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)? (?P<m3>{_MONTH})\.?,? (?P<y3>\d{{4}})"
    rf"|\b(?P<m4>{_MONTH})\.? (?:(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,? )?(?P<y4>\d{{4}})"
    r"|(?<=since )(?P<y5>\d{4})\b|(?<=自)(?P<y6>\d{4})(?!\d)|(?<=从)(?P<y7>\d{4})(?!\d)"
)
_SINCE_BEFORE: Final = re.compile(r"(?:\b(?:since|from|starting)(?: the (?:start|beginning) of)? |自从?|从)\s*$")
_SINCE_BEHIND: Final = re.compile(r"^\s*(?:初|以来|至今|到现在|开始|起|之后|以后|onwards?)")
_PERCENT: Final = re.compile(
    r"(?P<number>\d+(?:\.\d+)?) ?(?:%|percent|per cent|个点)|百分之(?P<hundredths>[零一二三四五六七八九十两\d]+)"
    r"|(?P<tenths>[一二三四五六七八九\d])成"
)
_CLAUSE: Final = re.compile(r"[,，;；、。]|(?<=%)[和且]|并且|同时|而且|\b(?:and|but|with)\b")
_LEVEL: Final = re.compile(r"(?<![a-z0-9])r([1-5])(?![0-9a-z])")
_RANGE: Final = re.compile(r"(?<![a-z0-9])r([1-5]) ?(?:[-~—至到]|to|and|和) ?r([1-5])(?![0-9a-z])")
_FROM_LEVEL: Final = re.compile(r"r[1-5] ?(?:(?:及|或|和)?以上|(?:and|or) (?:above|higher|more))|(?:above|over) r[1-5]")
_TERM: Final = re.compile(
    rf"(?P<count>\d{{1,4}}|半|half a|half|an?|{'|'.join(_NUMBERS)}) ?-?(?P<unit>年|个?月|天|日|years?|months?|days?)"
)
_POINTS: Final = re.compile(r"\d+ ?(?:bp|bps|个?基点|basis points?)")
_SLANG: Final = (
    (re.compile(r"\bhalf a million\b"), "500000"), (re.compile(r"(?<=\d) ?(?:w|wan)(?![a-z])"), "万"),
    (re.compile(r"(?<=\d) ?k(?![a-z])"), " thousand"), (re.compile(r"(?<=\d) ?(?:m|mn|mio)(?![a-z])"), " million"),
    (re.compile(r"(?<=\d) ?mill(?![a-z])"), " million"), (re.compile(r"(?:us ?)?\$ ?(\d[\d.]*)"), r"\1 dollar"),
    (re.compile(r"[¥￥] ?(\d[\d.]*)"), r"\1 yuan"), (re.compile(r"(?<=\d)块"), "元"),
)  # fmt: skip
_WORDY: Final = re.compile(rf"\b({'|'.join(_NUMBERS)}) (thousand|million|hundred thousand)\b")
_NOT_MONEY: Final = ("people", "coin", "year", "age", "month", "day", "hour", "minute")
_LEAST_BARE: Final = 100.0


def cut(text: str, start: int, end: int) -> str:
    """Return a text with blanks in place of what has been read."""
    return text[:start] + " " * (end - start) + text[end:]


def window_in(text: str, words: Words) -> tuple[str | None, str]:
    """Return the window that a folded text asks for, such as 3y, and the text without it."""
    for found in _DAY.finditer(text):
        if _SINCE_BEFORE.search(text[: found.start()]) or _SINCE_BEHIND.search(text[found.end() :]):
            day = _day(found, first=True)
            if day is not None:
                return f"since:{day.isoformat()}", cut(text, found.start(), found.end())
    if match := _PAST.search(text):
        count, unit = match.group("count") or match.group("count2") or "1", match.group("unit") or match.group("unit2")
        months = _months(count, unit)
        if 0 < months < 100 * 12:
            name = f"{months // 12}y" if months % 12 == 0 else f"{months}m"
            return (name if len(name) < 4 else None), cut(text, match.start(), match.end())
    name_of = first_of(words.windows, text)
    if name_of is None:
        return None, text
    for pattern in words.windows[name_of]:
        text = pattern.sub(lambda one: " " * len(one.group()), text)
    return name_of, text


def day_in(text: str, today: date) -> tuple[date | None, str]:
    """Return the day that a folded text names, and the text without it; a month means its last day."""
    if match := re.search(r"上个?月(?:末|底)|\b(?:the end of )?last month(?:'s end)?\b", text):
        return today.replace(day=1) - timedelta(days=1), cut(text, match.start(), match.end())
    if match := re.search(r"去年(?:年?[末底])|\bthe end of last year\b", text):
        return date(today.year - 1, 12, 31), cut(text, match.start(), match.end())
    for match in _DAY.finditer(text):
        if (day := _day(match, first=False)) is not None:
            return day, cut(text, match.start(), match.end())
    return None, text


def limits_in(text: str, words: Words) -> tuple[dict[str, Any], str]:
    """Return the limits of a folded text as fields of `Limits`, and the text without them."""
    limits: dict[str, Any] = {}
    classes: dict[str, dict[str, float]] = {}
    for start, end in _clauses(text):
        clause = text[start:end]
        match = _PERCENT.search(clause)
        share = _share(match) if match else None
        if match is None or share is None:
            continue
        sided = _FROM_LEVEL.sub(" ", clause)
        least, most = any_in(words.at_least, sided), any_in(words.at_most, sided)
        side = "minimum" if least and not _negated_least(sided, words) else "maximum"
        if not (least or most):
            if any_in(words.relative, clause):
                continue  # a change, not a limit
            side = ""
        if _set(limits, classes, clause, side, share, words):
            text = cut(text, start + match.start(), start + match.end())
    if classes:
        limits["classes"] = classes
    return limits, text


def _set(
    limits: dict[str, Any], classes: dict[str, dict[str, float]], clause: str, side: str, share: float, words: Words
) -> bool:
    if any_in(words.each_product, clause) and side != "minimum":
        limits["each_product"] = share
    elif any_in(words.each_issuer, clause) and side != "minimum":
        limits["each_issuer"] = share
    elif any_in(words.turnover, clause):
        limits["turnover"] = share
    elif level := _LEVEL.search(clause):
        if side == "minimum" or level.group(1) == "1":
            return False
        limits.setdefault("above_levels", {})[f"R{int(level.group(1)) - 1}"] = share
    elif asset := first_of(words.asset_classes, clause):
        if asset == "cash" and side != "maximum":
            limits["cash_minimum"] = share
        else:
            both = ("minimum", "maximum") if not side else (side,)
            classes.setdefault(asset, {}).update(dict.fromkeys(both, share))
    else:
        return False
    return True


def levels_in(text: str, words: Words) -> tuple[str | None, str | None]:
    """Return the lowest and the highest risk level that a folded text asks for."""
    if match := _RANGE.search(text):
        low, high = sorted(match.groups())
        return f"R{low}", f"R{high}"
    found = list(_LEVEL.finditer(text))
    if not found:
        return None, None
    level, before, behind = f"R{found[0].group(1)}", text[: found[0].start()], text[found[0].end() :][:14]
    if any_in(words.level_most, behind) or any_in(words.level_up_to, before[-14:]):
        return None, level
    if any_in(words.level_least, behind) or any_in(words.level_from, before[-14:]):
        return level, None
    return level, level


def term_in(text: str) -> int | None:
    """Return the term in days that a folded text asks for."""
    match = _TERM.search(text)
    if match is None:
        return None
    count, unit = match.group("count"), match.group("unit")
    if unit[0] in "天日d":
        return int(count) if count.isdigit() else _NUMBERS.get(count, 1)
    months = _months(count, unit)
    return 365 * months // 12 if months % 12 == 0 else {3: 90, 6: 180}.get(months, 30 * months)


def amount_in(text: str, *, bare: bool) -> tuple[float | None, str | None]:
    """Return the last sum of money in a folded text, and its currency where it is said.

    A number without a unit counts from 100 on, or with `bare` whatever it is.
    """
    text = _POINTS.sub(" ", text)
    text = _WORDY.sub(lambda one: f"{_NUMBERS[one.group(1)]} {one.group(2)}", text)
    text = text.replace("hundred thousand", "00 thousand").replace(" 00 thousand", "00 thousand")
    for pattern, by in _SLANG:
        text = pattern.sub(by, text)
    found = [one for one in amounts(text) if one.unit not in _NOT_MONEY and _whole_number(text, one.start)]
    if not bare:
        found = [one for one in found if one.unit or one.value >= _LEAST_BARE]
    if not found:
        return None, None
    chosen = next((one for one in reversed(found) if one.unit), found[-1])
    return (chosen.value if chosen.value > 0.0 else None), {"dollar": "USD", "money": "CNY"}.get(chosen.unit)


def _whole_number(text: str, start: int) -> bool:
    """Tell whether a number is not the end of a word or of another number."""
    return start == 0 or not re.match(r"[a-z0-9.]", text[start - 1])


def _negated_least(clause: str, words: Words) -> bool:
    """Tell whether "above" and the like stand behind a "not": then they limit from above."""
    if not any_in(words.at_most, clause):
        return False
    return not any(one.search(clause) for one in words.at_least if one.pattern not in (r"\babove\b", r"\bover\b"))


def _clauses(text: str) -> list[tuple[int, int]]:
    """Return the parts of a text with a figure each; what stands without one belongs to the next."""
    edges = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]
    found, start = [], 0
    for end in edges[1:]:
        if _PERCENT.search(text[start:end]):
            found.append((start, end))
            start = end
    return found


def _share(match: re.Match[str]) -> float | None:
    if match.group("number"):
        value = float(match.group("number")) / 100.0
    elif match.group("tenths"):
        digit = match.group("tenths")
        value = (int(digit) if digit.isdigit() else _TENTHS[digit]) / 10.0
    else:
        value = _hundredths(match.group("hundredths")) / 100.0
    return round(value, 6) if value <= 1.0 else None


def _hundredths(text: str) -> float:
    if text.isdigit():
        return float(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return float(sum(_TENTHS[char] * 10 ** (len(text) - at - 1) for at, char in enumerate(text)))
    return 10.0 * _TENTHS.get(tens, 1) + _TENTHS.get(ones, 0)


def _months(count: str, unit: str) -> int:
    years = unit.startswith(("年", "y"))
    if count in ("半", "half", "half a"):
        return 6 if years else 0
    number = int(count) if count.isdigit() else _NUMBERS.get(count, 1)
    return number * 12 if years else number


def _day(match: re.Match[str], *, first: bool) -> date | None:
    """Return the day of a match; where day or month is left out, the first or the last that it can be."""
    parts = {name: value for name, value in match.groupdict().items() if value}
    year = int(next(value for name, value in parts.items() if name.startswith("y")))
    month_said = next((value for name, value in parts.items() if name.startswith("m")), "1" if first else "12")
    month = int(month_said) if month_said.isdigit() else _MONTHS[month_said]
    if not 1 <= month <= 12 or not 1900 <= year <= 2200:
        return None
    day = next((value for name, value in parts.items() if name.startswith("d")), None)
    length = monthrange(year, month)[1]
    number = int(day) if day else (1 if first else length)
    return date(year, month, number) if 1 <= number <= length else None
