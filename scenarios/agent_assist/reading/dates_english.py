"""Dates as they are said in English: March 3rd, the 15th, last Friday, in two weeks, 3/15/2026."""

import re
from collections.abc import Iterator
from datetime import date

from appliance.core.messages import _

from .days import day, days_away, last_day, month, months_away, nearest_year, speaks_of_past, week, weekday, written
from .found import Found
from .numbers import ENGLISH_ORDINAL, english_number, ordinal

_MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\b\.?)"
)
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_DAY = rf"(?:{'|'.join(_DAYS)})"
_IN_MONTH = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?(?![\d:]|[.,]\d)|{ENGLISH_ORDINAL}\b)"
_YEAR = r"(?:,? (?:of )?(?P<year>(?:19|20)\d\d))?(?!\d)"
_COUNT = (
    r"(?:an?|\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety"
    r"|a couple of|couple of)"
)
_MONTH_DAY = re.compile(rf"\b(?P<month>{_MONTH}) (?:the )?(?P<day>{_IN_MONTH}){_YEAR}", re.IGNORECASE)
_DAY_MONTH = re.compile(rf"\b(?:the )?(?P<day>{_IN_MONTH})(?: of)? (?P<month>{_MONTH}){_YEAR}", re.IGNORECASE)
_MONTH_YEAR = re.compile(
    rf"\b(?:(?P<lead>in|since|until|till|last|next|this) )?(?P<month>{_MONTH})(?: (?P<year>(?:19|20)\d\d))?(?!\w)",
    re.IGNORECASE,
)
_ORDINAL_DAY = re.compile(
    rf"\b(?:the|on) (?P<day>\d{{1,2}}(?:st|nd|rd|th)|{ENGLISH_ORDINAL})\b(?: of (?P<which>this|last|next) month)?"
    rf"(?! (?:of|time|one|person|call|payment|floor|agent|day|week|month|party|two|three|{_MONTH}))",
    re.IGNORECASE,
)
_SLASHES = re.compile(r"(?<![\d/.-])(?P<one>\d{1,2})/(?P<two>\d{1,2})/(?P<year>(?:20|19)?\d\d)(?![\d/])")
_NAMED = re.compile(
    r"\b(?:the day before yesterday|the day after tomorrow|yesterday|today|tomorrow|last night|tonight"
    r"|this (?:morning|afternoon|evening)"
    r"|(?:the )?end of (?:the|this) month)\b",
    re.IGNORECASE,
)
_AWAY = {
    "the day before yesterday": -2, "the day after tomorrow": 2, "yesterday": -1, "tomorrow": 1, "last night": -1,
}  # fmt: skip
_WEEKDAY = re.compile(
    rf"\b(?:(?P<which>last|this past|past|this|this coming|coming|next|on) )?(?P<day>{_DAY})\b", re.IGNORECASE
)
_AGO = re.compile(
    rf"\b(?P<count>{_COUNT}) (?P<unit>day|week|month|year)s? (?P<way>ago|from (?:now|today)|back)\b", re.IGNORECASE
)
_IN = re.compile(rf"\b(?:in|within) (?P<count>{_COUNT}) (?P<unit>day|week|month|year)s?\b(?! ago)", re.IGNORECASE)
_UNITS = re.compile(r"\b(?P<which>last|this|next) (?P<unit>week|month)\b", re.IGNORECASE)
_HAS_MONTH = re.compile(_MONTH, re.IGNORECASE)
_HAS_DATE = re.compile(
    r"day|week|month|year|ago|yesterday|tomorrow|night|morning|evening|afternoon|/|the |on ", re.IGNORECASE
)


def english_dates(text: str, today: date) -> Iterator[Found]:
    """Yield the dates of a folded text that are said in English or written with slashes."""
    if _HAS_MONTH.search(text):
        yield from _with_month(text, today)
    if _HAS_DATE.search(text):
        yield from _days(text, today)
        yield from _relative(text, today)


def _month_number(said: str) -> int:
    return _MONTHS[said.lower().rstrip(".")]


def _day_number(said: str) -> int:
    return int(re.sub(r"\D", "", said)) if said[0].isdigit() else ordinal(said)


def _with_month(text: str, today: date) -> Iterator[Found]:
    past = speaks_of_past(text)
    for pattern in (_MONTH_DAY, _DAY_MONTH):
        for match in pattern.finditer(text):
            number, of_month = _month_number(match["month"]), _day_number(match["day"])
            year = int(match["year"]) if match["year"] else nearest_year(number, of_month, today, past=past)
            yield written(match.start(), match.end(), (year, number, of_month))
    for match in _MONTH_YEAR.finditer(text):
        number, lead = _month_number(match["month"]), (match["lead"] or "").lower()
        if match["year"]:
            yield month(match.start("month"), match.end(), int(match["year"]), number)
        elif lead == "last":
            yield month(match.start(), match.end(), today.year - (number >= today.month), number)
        elif lead == "next":
            yield month(match.start(), match.end(), today.year + (number <= today.month), number)
        elif lead:
            yield month(match.start("month"), match.end(), nearest_year(number, 15, today, past=past), number)


def _days(text: str, today: date) -> Iterator[Found]:
    for match in _SLASHES.finditer(text):
        one, two, year = int(match["one"]), int(match["two"]), int(match["year"])
        year += 2000 if year < 100 else 0
        if one > 12:
            yield written(match.start(), match.end(), (year, two, one))
        else:
            unsure = two <= 12 and one != two
            note = _("It was read as month/day; it may be day/month.") if unsure else None
            yield written(match.start(), match.end(), (year, one, two), note)
    for match in _ORDINAL_DAY.finditer(text):
        which = (match["which"] or "").lower()
        at = months_away(today.replace(day=1), {"last": -1, "next": 1}.get(which, 0))
        note = None if which else _("No month was said; the current one is assumed.")
        yield written(match.start("day"), match.end(), (at.year, at.month, _day_number(match["day"])), note)


def _relative(text: str, today: date) -> Iterator[Found]:
    for match in _NAMED.finditer(text):
        said = match.group().lower()
        at = last_day(today) if "end of" in said else days_away(today, _AWAY.get(said, 0))
        yield day(match.start(), match.end(), at)
    for match in _WEEKDAY.finditer(text):
        yield _weekday(match, today)
    for match in (*_AGO.finditer(text), *_IN.finditer(text)):
        way = (match.groupdict().get("way") or "in").lower()
        sign = -1 if way in ("ago", "back") else 1
        count, unit = _count(match["count"]), match["unit"].lower()
        if unit in ("month", "year"):
            at = months_away(today, sign * count * (12 if unit == "year" else 1))
        else:
            at = days_away(today, sign * count * (7 if unit == "week" else 1))
        yield day(match.start(), match.end(), at)
    for match in _UNITS.finditer(text):
        away = {"last": -1, "next": 1}.get(match["which"].lower(), 0)
        if match["unit"].lower() == "week":
            yield week(match.start(), match.end(), days_away(today, 7 * away))
        else:
            at = months_away(today.replace(day=1), away)
            yield month(match.start(), match.end(), at.year, at.month)


def _count(said: str) -> int:
    said = said.lower()
    if said.isdigit():
        return int(said)
    if said.endswith("couple of"):
        return 2
    return 1 if said in ("a", "an") else int(english_number(said) or 0)


def _weekday(match: re.Match[str], today: date) -> Found:
    number, which = _DAYS.index(match["day"].lower()), (match["which"] or "").lower()
    note = None
    if which in ("last", "this past", "past"):
        at = weekday(today, 0 if number < today.weekday() else -1, number)
    elif which == "next":
        at = weekday(today, 1, number)
    else:
        at = weekday(today, 0, number)
        if not which.startswith("this") and which != "coming":
            note = _("No week was said; the current one is assumed.")
        elif "coming" in which and number <= today.weekday():
            at = weekday(today, 1, number)
    start = match.start("day") if which == "on" else match.start()
    return day(start, match.end(), at, note)
