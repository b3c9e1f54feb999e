"""Days by the calendar: nearest year, months away, weekdays; and how a day is given in a slot."""

import calendar
import re
from datetime import date, timedelta

from appliance.core.messages import Message, _

from .found import Found

RANK = 4
FIRST_YEAR, LAST_YEAR = 1900, 2199


def day(start: int, end: int, value: date, note: Message | None = None) -> Found:
    """Return the slot of a day."""
    return Found("date", value.isoformat(), start, end, RANK, note=note)


def month(start: int, end: int, year: int, number: int) -> Found:
    """Return the slot of a month, as 2026-03; one that does not exist is not valid."""
    if 1 <= number <= 12:
        return Found("date", f"{year:04}-{number:02}", start, end, RANK)
    return Found("date", f"{year:04}-{number:02}", start, end, RANK, valid=False, note=_("There is no such month."))


def week(start: int, end: int, of: date) -> Found:
    """Return the slot of a week, as 2026-W09 (ISO 8601)."""
    year, number, _weekday = of.isocalendar()
    return Found("date", f"{year:04}-W{number:02}", start, end, RANK)


def written(start: int, end: int, parts: tuple[int, int, int], note: Message | None = None) -> Found:
    """Return the slot of a year, month and day as they were said; a day that does not exist is not valid."""
    year, number, of_month = parts
    if not FIRST_YEAR <= year <= LAST_YEAR:
        note = _("The year {year} is out of range.", year=year)
    elif not 1 <= number <= 12:
        note = _("There is no such month.")
    elif not 1 <= of_month <= calendar.monthrange(year, number)[1]:
        note = _("There is no such day in that month.")
    else:
        return day(start, end, date(year, number, of_month), note)
    return Found("date", f"{year:04}-{number:02}-{of_month:02}", start, end, RANK, valid=False, note=note)


def nearest_year(number: int, of_month: int, today: date, *, past: bool) -> int:
    """Return the year in which a month and day without a year lies nearest to `today`, or last lay before it."""
    if not 1 <= number <= 12:
        return today.year
    of_month = max(1, min(of_month, 28))
    if past:
        return today.year - (date(today.year, number, of_month) > today)
    return min(
        (today.year, today.year - 1, today.year + 1),
        key=lambda year: abs((date(year, number, of_month) - today).days),
    )


_PAST = re.compile(
    r"了|过(?!期|户)|已经|扣|\b(?:was|were|did|had|paid|sent|went|got|made|since)\b|[a-z]{2}ed\b", re.IGNORECASE
)
_FUTURE = re.compile(
    r"要(?!求)|将|打算|准备|到期|\b(?:will|going to|gonna|due|until|plan|shall)\b|'ll\b", re.IGNORECASE
)


def speaks_of_past(text: str) -> bool:
    """Tell whether a turn speaks of what has been, by its words."""
    return _PAST.search(text) is not None and _FUTURE.search(text) is None


def months_away(today: date, months: int) -> date:
    """Return the same day `months` away, or that month's last day; held within the years that a date can have."""
    at = max(FIRST_YEAR * 12, min(today.year * 12 + today.month - 1 + months, LAST_YEAR * 12 + 11))
    year, number = at // 12, at % 12 + 1
    return date(year, number, min(today.day, calendar.monthrange(year, number)[1]))


def days_away(today: date, days: int) -> date:
    """Return the day `days` away, held within 200 years."""
    return today + timedelta(days=max(-40000, min(days, 40000)))


def weekday(today: date, weeks: int, number: int) -> date:
    """Return weekday `number` (Monday is 0) of the week that is `weeks` away."""
    return today + timedelta(days=number - today.weekday() + 7 * weeks)


def last_day(of: date) -> date:
    """Return the last day of the month of `of`."""
    return of.replace(day=calendar.monthrange(of.year, of.month)[1])
