"""Dates as they are said in Chinese: 3月15号, 上周五, 三天前, 这个月15号, 月底."""

import re
from collections.abc import Iterator
from datetime import date

from appliance.core.messages import _

from .days import day, days_away, last_day, month, months_away, nearest_year, speaks_of_past, week, weekday, written
from .found import Found
from .numbers import chinese_number

_N = r"\d零〇一二两三四五六七八九十"
_DIGIT = r"[\d零〇一二三四五六七八九]"
_YEAR = rf"(?:(?P<named>今年|明年|去年|前年|后年)的?|(?P<year>{_DIGIT}{{4}}|{_DIGIT}{{2}})年)"
_FULL = re.compile(
    rf"(?<![{_N}点])(?:{_YEAR} ?)?(?P<month>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月份? ?"
    rf"(?:(?P<day>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[日号]?)?"
)
_ISO = re.compile(
    r"(?<![\d./-])(?P<year>(?:19|20)\d\d)(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})(?![\d/-]|\.\d)"
)
_SHORT_DAY = re.compile(
    rf"(?:(?P<month>这个月|本月|当月|上个?月|下个?月|上上个月)的? ?)?"
    rf"(?<![{_N}.:第])(?P<day>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})[号日]"
    r"(?![线楼门窗柜店厅院库机员码卡台桌文]|[\u4e00-\u9fff]?(?:柜台|窗口))"
)
_MONTHS = re.compile(r"(?P<which>上上个?月|上个?月|这个月|本月|当月|下个?月)(?P<bottom>底|末)?")
_NAMED = re.compile(
    r"大前天|前天|昨天|昨日|昨晚|昨夜|今天|今日|今早|今晚|今儿|明天|明日|明早|明晚|大后天|后天|月底|年底"
)
_AWAY = {"大前天": -3, "前天": -2, "后天": 2, "大后天": 3, "昨": -1, "今": 0, "明": 1}
_DISTANCE = re.compile(
    rf"(?P<number>[{_N}百]{{1,4}}|半) ?个?(?P<unit>天|日|周|星期|礼拜|月|年)(?:多)?"
    rf"(?P<way>以前|之前|前|以后|之后|后)(?![门台悔面果])"
)
_WEEKDAY = re.compile(
    r"(?P<which>上上|上|这|本|下下|下)?个?(?P<week>周|星期|礼拜)(?P<day>[一二三四五六日天末1-6])(?![年期天])"
)
_WEEKS = re.compile(r"(?P<which>上上|上|这|本|下下|下)个?(?:周|星期|礼拜)(?![一二三四五六日天末1-6])")
_WHICH = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_WEEKDAYS = {char: at for at, char in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}


def _number(said: str) -> int:
    value = chinese_number(said)
    return int(value) if value is not None and value == int(value) else 0


def chinese_dates(text: str, today: date) -> Iterator[Found]:
    """Yield the dates of a folded text that are said in Chinese or written with the year first."""
    yield from _absolute(text, today)
    yield from _relative(text, today)
    yield from _weeks(text, today)


def _absolute(text: str, today: date) -> Iterator[Found]:
    past = speaks_of_past(text)
    for match in _ISO.finditer(text):
        yield written(match.start(), match.end(), (int(match["year"]), int(match["month"]), int(match["day"])))
    for match in _FULL.finditer(text):
        number, of_month = _number(match["month"]), _number(match["day"] or "0")
        if match["named"]:
            year = today.year + _YEARS[match["named"][0]]
        elif match["year"]:
            year = _number(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
        else:
            year = nearest_year(number, of_month or 15, today, past=past)
        if match["day"]:
            yield written(match.start(), match.end(), (year, number, of_month))
        elif not text.startswith(("租", "供", "费", "薪"), match.end()):
            yield month(match.start(), match.end(), year, number)
    for match in _SHORT_DAY.finditer(text):
        of_month = _number(match["day"])
        which = match["month"]
        at = months_away(today.replace(day=1), _month_of(which) if which else 0)
        note = None if which else _("No month was said; the current one is assumed.")
        if which or of_month <= 31:
            yield written(match.start(), match.end(), (at.year, at.month, of_month), note)


def _month_of(which: str) -> int:
    return _WHICH["上上" if which.startswith("上上") else which[0]]


def _relative(text: str, today: date) -> Iterator[Found]:
    for match in _NAMED.finditer(text):
        said = match.group()
        if said == "月底":
            yield day(match.start(), match.end(), last_day(today))
        elif said == "年底":
            yield day(match.start(), match.end(), date(today.year, 12, 31))
        else:
            away = _AWAY.get(said, _AWAY.get(said[0], 0))
            yield day(match.start(), match.end(), days_away(today, away))
    for match in _MONTHS.finditer(text):
        at = months_away(today.replace(day=1), _month_of(match["which"]))
        if match["bottom"]:
            yield day(match.start(), match.end(), last_day(at))
        else:
            yield month(match.start(), match.end(), at.year, at.month)
    for match in _DISTANCE.finditer(text):
        half, unit = match["number"] == "半", match["unit"]
        count = _number(match["number"]) if not half else 0
        sign = -1 if "前" in match["way"] else 1
        if half and unit in "年月":
            yield day(
                match.start(),
                match.end(),
                months_away(today, 6 * sign) if unit == "年" else days_away(today, 15 * sign),
            )
        elif count and unit in "年月":
            yield day(match.start(), match.end(), months_away(today, sign * count * (12 if unit == "年" else 1)))
        elif count:
            yield day(match.start(), match.end(), days_away(today, sign * count * (1 if unit in "天日" else 7)))


def _weeks(text: str, today: date) -> Iterator[Found]:
    for match in _WEEKDAY.finditer(text):
        number = int(match["day"]) - 1 if match["day"].isdigit() else _WEEKDAYS[match["day"]]
        if match["week"] == "周" and match["day"] == "天" and match["which"] is None:
            continue
        note = None if match["which"] else _("No week was said; the current one is assumed.")
        at = weekday(today, _WHICH[match["which"]] if match["which"] else 0, number)
        yield day(match.start(), match.end(), at, note)
    for match in _WEEKS.finditer(text):
        yield week(match.start(), match.end(), days_away(today, 7 * _WHICH[match["which"]]))
