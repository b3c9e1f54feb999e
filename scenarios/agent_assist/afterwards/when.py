"""Times that people agree on, in Chinese and English, put on the calendar from the day of the call."""

import calendar
import re
from datetime import date, timedelta

from .shapes import DayPart, When

_NUMERALS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "十一": 11,
    "十二": 12, "日": 7, "天": 7, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a": 1, "an": 1, "a couple of": 2, "noon": 12,
    "fifteen": 15, "thirty": 30, "half": 0,
}  # fmt: skip
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name, start=1)}
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_COUNT = (
    r"(?:\d{1,3}|十[一二]?|[一二两三四五六七八九]|one|two|three|four|five|six|seven|eight|nine|ten|a couple of|an?)"
)
_MONTH_NAMES = "|".join(_MONTHS)
_DAY_NAMES = "|".join(_WEEKDAYS)
_RELATIVE = {
    "今天": 0, "今晚": 0, "今日": 0, "明天": 1, "明晚": 1, "明早": 1, "明日": 1, "后天": 2, "大后天": 3, "today": 0,
    "tonight": 0, "this afternoon": 0, "this evening": 0, "this morning": 0, "tomorrow": 1,
    "the day after tomorrow": 2, "day after tomorrow": 2,
}  # fmt: skip
_DAY = re.compile(
    r"(?P<relative>大后天|后天|明[天晚早日]|今[天晚日]|\b(?:the )?day after tomorrow\b|\btomorrow\b|\btoday\b"
    r"|\btonight\b"
    r"|\bthis (?:morning|afternoon|evening)\b)"
    r"|(?P<weeks>下+个?|这个?|本)?(?:星期|礼拜|周)(?P<weekday>[一二三四五六日天])"
    rf"|\b(?P<enweek>next|this|on|coming)? ?(?P<dayname>{_DAY_NAMES})\b(?P<after> week)?"
    r"|(?:(?P<year>\d{4})年)?(?P<month>\d{1,2}|十[一二]?|[一二三四五六七八九])月(?P<day>\d{1,2})[日号]?"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})"
    rf"|\b(?P<endaybefore>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<monthafter>{_MONTH_NAMES})\b"
    rf"|\b(?P<monthbefore>{_MONTH_NAMES}) (?:the )?(?P<endayafter>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"|(?P<nextmonth>下个?月)(?P<nextday>\d{1,2})[日号]|(?P<ownday>\d{1,2}|二?十[一二三四五六七八九]?"
    r"|三十一?)[号](?!线|窗口|楼)"
    r"|\bthe (?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b"
    rf"|(?P<span>{_COUNT})\s*个?(?P<unit>工作日|working days?|business days?|小时|hours?|天|days?|星期|周"
    r"|weeks?|月|months?)"
    r"(?P<behind>之?内|以内|之?后|以后|左右)?"
    r"|(?P<loose>下个?(?:周|星期|礼拜)|下个?月|月底|周末|\bnext (?:week|month)\b|\bthe end of the (?:month|week)\b"
    r"|\bthe weekend\b|年后|节后)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})\s*(?P<half>[ap]\.?m\b\.?)?"
    r"|(?P<point>\d{1,2}|十[一二]?|[两三四五六七八九]|(?<=[午上天])[一二])点(?:钟|(?P<halfpast>半)"
    r"|(?P<quarter>一刻)|(?P<min>\d{1,2}|[一二三四五]?十[五]?)分?)?"
    r"(?!\d|儿|多)"
    r"|\b(?P<enhour>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve)\s*(?P<enhalf>[ap]\.?m\b\.?)"
    r"|\b(?P<past>half past|at|around|about|after)\s+(?P<bare>\d{1,2}|one|two|three|four|five|six|seven|eight"
    r"|nine|ten"
    r"|eleven|twelve)(?:[:.](?P<bareminute>\d{2})"
    r"|\s?(?P<thirty>thirty))?(?: o['’]?clock)?(?:\s*(?P<barehalf>[ap]\.?m\b\.?))?"
    r"(?![.]\d|\s*(?:%|percent|\d|days?|weeks?|months?|yuan|thousand|hundred|working|business|hours?))\b",
    re.IGNORECASE,
)
_PARTS: tuple[tuple[DayPart, re.Pattern[str]], ...] = (
    ("morning", re.compile(r"早上|上午|明早|早晨|\bmorning\b", re.IGNORECASE)),
    ("noon", re.compile(r"中午|\bnoon\b|\blunch ?time\b", re.IGNORECASE)),
    ("afternoon", re.compile(r"下午|\bafternoon\b", re.IGNORECASE)),
    ("evening", re.compile(r"晚上|傍晚|今晚|明晚|\bevening\b|\btonight\b", re.IGNORECASE)),
)
_PART_WORDS = re.compile(
    r"早上|上午|早晨|中午|下午|晚上|傍晚|\b(?:in the )?(?:morning|afternoon|evening)\b|\bnoon\b|\blunch ?time\b",
    re.IGNORECASE,
)


def when_said(text: str, today: date | None) -> When | None:
    """Return the first day of a text with the time that goes with it, or a time alone, or None.

    `today` is the day of the call; without it only days that are said in full have a date. A day that has no year or
    week is the next such day. 三天内 and "within three days" give the last day; weekends are no working days, public
    holidays are not known.
    """
    days = [match for match in _DAY.finditer(text) if not _is_duration(match, text)]
    times = list(_TIME.finditer(text))
    parts = list(_PART_WORDS.finditer(text))
    if not days and not times and not parts:
        return None
    day = next((match for match in days if _resolved(match, today) is not None), days[0] if days else None)
    resolved = _resolved(day, today) if day else None
    part = next((name for name, pattern in _PARTS if pattern.search(text)), None)
    hour = next((match for match in times if day and match.start() > day.start()), times[0] if times else None)
    time = _clock(hour, part) if hour else None
    places = [match.span() for match in (day, hour, parts[0] if parts else None) if match]
    start, end = min(place[0] for place in places), max(place[1] for place in places)
    return When(said=text[start:end].strip(), date=resolved, time=time, part=None if time else part)


def _is_duration(match: re.Match[str], text: str) -> bool:
    """Tell a span that says how long something has gone on, or how long a product runs, from one that lies ahead."""
    if match.group("span") is None:
        return False
    if match.group("behind") in ("内", "之内", "以内", "后", "之后", "以后"):
        return False
    before = text[max(0, match.start() - 12) : match.start()].lower()
    return re.search(r"\b(?:in|within|after|next|another)\s*$|(?:过|再过|等|大概|大约)\s*$", before) is None


def _resolved(match: re.Match[str], today: date | None) -> str | None:
    """Return the day on the calendar; None where it is too loose, impossible, or the day of the call is not known."""
    try:
        found = _day(match, today)
    except (ValueError, OverflowError):  # 31 February
        return None
    return found.isoformat() if found else None


def _day(match: re.Match[str], today: date | None) -> date | None:
    group = match.groupdict()
    if group["iso"]:
        return date.fromisoformat(group["iso"])
    if group["year"]:
        return date(int(group["year"]), _number(group["month"]), int(group["day"]))
    if today is None or group["loose"]:
        return None
    if group["relative"]:
        return today + timedelta(days=_RELATIVE[group["relative"].lower()])
    if group["weekday"] or group["dayname"]:
        return _weekday(group, today)
    if group["span"]:
        return _later(_number(group["span"]), group["unit"].lower(), today)
    return _of_month(group, today)


def _weekday(group: dict[str, str | None], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    if group["weekday"]:
        weeks = group["weeks"] or ""
        found = monday + timedelta(days=_NUMERALS[group["weekday"]] - 1, weeks=weeks.count("下"))
        return found if weeks or found >= today else found + timedelta(weeks=1)
    number = _WEEKDAYS[(group["dayname"] or "").lower()]
    if (group["enweek"] or "").lower() == "next":  # of next week, as most people mean it
        return monday + timedelta(days=number - 1, weeks=1)
    return today + timedelta(days=(number - 1 - today.weekday()) % 7 or 7)


def _later(count: int, unit: str, today: date) -> date | None:
    if unit.startswith(("小时", "hour")):
        return today + timedelta(days=count // 24) if count % 24 == 0 else None
    if unit.startswith(("工作", "working", "business")):
        day = today
        while count > 0:
            day += timedelta(days=1)
            count -= day.weekday() < 5
        return day
    if unit.startswith(("月", "month")):
        months = today.month - 1 + count
        year, month = today.year + months // 12, months % 12 + 1
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    return today + timedelta(days=count * (7 if unit.startswith(("星期", "周", "week")) else 1))


def _of_month(group: dict[str, str | None], today: date) -> date:
    month = group["month"] or group["monthafter"] or group["monthbefore"]
    day = _number(group["day"] or group["endaybefore"] or group["endayafter"] or group["nextday"] or group["ownday"]
                  or group["ordinal"])  # fmt: skip
    if month:
        found = date(today.year, _MONTHS.get(month.lower()) or _number(month), day)
        return found if found >= today else found.replace(year=today.year + 1)
    ahead = group["nextmonth"] is not None or day < today.day
    months = today.month - 1 + ahead
    return date(today.year + months // 12, months % 12 + 1, day)


def _clock(match: re.Match[str], part: DayPart | None) -> str | None:
    group = match.groupdict()
    said = group["hour"] or group["point"] or group["enhour"] or group["bare"]
    hour = _number(said)
    minute = int(group["minute"] or group["bareminute"] or 0)
    if group["halfpast"] or group["thirty"] or (group["past"] or "").lower() == "half past":
        minute = 30
    elif group["quarter"]:
        minute = 15
    elif group["min"]:
        minute = _number(group["min"])
    half = (group["half"] or group["enhalf"] or group["barehalf"] or "").lower()
    late = half.startswith("p") or (not half and part in ("afternoon", "evening"))
    if (hour < 12 and late) or (hour < 4 and not half and part == "noon"):
        hour += 12
    elif hour == 12 and half.startswith("a"):
        hour = 0
    elif hour in range(1, 7) and not half and part is None and not group["minute"]:
        hour += 12  # nobody calls back at three in the morning
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def _tens(words: str) -> int:
    tens, ten, ones = words.partition("十")
    if not ten:
        raise ValueError(words)
    return _NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0)


def _number(words: str | None) -> int:
    """Return a small number. Raises `ValueError` for words that are none."""
    if words is None:
        raise ValueError
    words = words.lower()
    return int(words) if words.isdigit() else _NUMERALS.get(words) or _tens(words)
