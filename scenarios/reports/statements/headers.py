"""What the header of a column and the lines above a table say: days, spans, scope, restatement, unit and currency."""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ..models import Scope, Statement
from .models import When

Role = Literal["label", "note", "line", "ignored", "value", ""]

UNITS: Final = {"元": 1.0, "千元": 1e3, "万元": 1e4, "百万元": 1e6, "亿元": 1e8}
_DIGITS: Final = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_MONTH_NAMES: Final = {name[:3].lower(): number for number, name in enumerate(calendar.month_name) if name}
_EN_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEAR: Final = r"((?:19|20)\d\d)"

_CHINESE_YEAR = re.compile(r"([〇○零一二三四五六七八九]{4})(?=\s*年)")
_CHINESE_COUNT = re.compile(r"([一二三四五六七八九十]{1,3})(?=[月日])")
_SPAN = re.compile(
    _YEAR + r"\s*[年.\-/]\s*(?:度\s*)?(\d{1,2})\s*月?\s*[-~至到]+\s*(?:" + _YEAR + r"\s*年\s*)?(\d{1,2})\s*月"
)
_DAYS = re.compile(
    _YEAR + r"\s*[年\-/.]\s*(\d{1,2})\s*[月\-/.]\s*\d{1,2}\s*日?\s*(?:-|~|至|到)+\s*"
    r"(?:" + _YEAR + r"\s*[年\-/.]\s*)?(\d{1,2})\s*[月\-/.]\s*(\d{1,2})\s*日?(?!\d)"
)
_DAY = re.compile(_YEAR + r"\s*[年\-/.]\s*(\d{1,2})\s*[月\-/.]\s*(\d{1,2})\s*日?(?!\d)")
_DAY_SHORT = re.compile(r"(?<!\d)" + _YEAR + r"(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d)")
_DAY_EN = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?\s+" + _EN_MONTH + r",?\s+" + _YEAR)
_DAY_US = re.compile(_EN_MONTH + r"\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+" + _YEAR)
_MONTH = re.compile(_YEAR + r"\s*年\s*(\d{1,2})\s*月(?!\s*[\d\-~至])")
_PART = re.compile(_YEAR + r"\s*年?\s*(?:度\s*)?(?:(上半年|半年度|1-6月)|(前三季度|三季度|第三季度)|(第?一季度|1季度))")
_YEAR_ONLY = re.compile(r"(?<!\d)" + _YEAR + r"(?=\s*(?:年|fy|$|[^\d.,年]))")
_MONTHS_EN = re.compile(r"(?:(three|six|nine|twelve|\d{1,2})\s+months)\s+(?:period\s+)?ended", re.IGNORECASE)
_COUNTS_EN: Final = {"three": 3, "six": 6, "nine": 9, "twelve": 12}

_OPENING = re.compile(r"上年年末|上年末|上期期末|上期末|年初|期初|年初数|\bopening\b|beginning of|\bat beginning")
_PRIOR = re.compile(r"上年|上期|去年|前期|同期|\bprior\b|\bprevious\b|last year|comparative")
_CURRENT = re.compile(
    r"期末|年末|本期|本年|本月|当期|累计|\bclosing\b|\bcurrent\b|\bending\b|end of|this (?:year|period)"
)
_IGNORED = re.compile(
    r"增减|变动额|变动率|变动比|增长|占比|比例|比重|同比|环比|差异|预算|%|\bchange\b|variance|\bbudget"
)
_NOTE = re.compile(r"^(?:附注|注释|注)(?:编号|号)?$|^附注|^注释|^notes?\b\.?$")
_LINE = re.compile(r"^(?:行次|行号|序号|编号|line|no\.?)$")
_LABEL = re.compile(
    r"^(?:项目|项|科目|资产|负债|会计科目|报表项目|items?|assets?|liabilities|particulars|account)"
    r"|^负债(?:和|及|与)|^所有者权益$|^股东权益$|^liabilities and|^equity and"
)
_CONSOLIDATED = re.compile(r"合并|consolidated|\bgroup\b")
_PARENT = re.compile(r"母公司|本公司(?!及)|^公司$|(?<=[\s(/])公司$|个别|\bparent\b|\bcompany\b(?! limited)(?!, )")
_OF_PARENT = re.compile(r"归属于?母公司|attributable to|owners of the|shareholders of the|of the parent")
_AFTER = re.compile(r"(?:重述|调整|追溯调整|重分类|更正)后|经重述|已重述|\(重述\)|restated")
_BEFORE = re.compile(r"(?:重述|调整|追溯调整|更正)前|as previously reported|before restatement")

_UNIT_ZH = re.compile(
    r"(?:单位|货币单位|金额单位|计量单位)\s*(?:均)?(?:为|:)?\s*(?:人民币)?\s*(千元|百万元|亿元|万元|元|圆|千|百万|万|亿)"
)
_UNIT_BARE = re.compile(
    r"(?:人民币|[(\[])\s*(千元|百万元|亿元|万元|元)(?!\s*/)|^(千元|百万元|亿元|万元)$|(?<=[\s,])(千元|百万元|亿元|万元)$"
)
_UNIT_NOTE = re.compile(r"(?:以|均为|均以)\s*(?:人民币)?\s*(千元|百万元|亿元|万元|元)\s*(?:为单位|列示|表示|$|[,。;)])")
_UNIT_EN = re.compile(
    r"in\s+(?:(?:rmb|cny|usd|hkd|eur)\s+|(?:us|hk)\$\s*)?(thousands?|millions?|billions?)"
    r"|(?:rmb|cny|usd|hkd|eur|us\$|hk\$|yuan)\s*[' ]?\s*(000|thousand|million|mn|bn|billion|k\b|m\b)"
    r"|(thousands?|millions?|ten thousands?)\s+(?:of\s+)?(?:rmb|cny|yuan|usd|hkd|eur)"
)
_UNIT_ONE = re.compile(
    r"(?:\bunits?|currency|expressed in|\bin|amounts in)\s*:?\s*(?:rmb|cny|usd|hkd|eur|yuan|renminbi)\b"
)
_CURRENCIES: Final = (
    ("USD", re.compile(r"美元|usd|us\$")),
    ("HKD", re.compile(r"港元|港币|hkd|hk\$")),
    ("EUR", re.compile(r"欧元|\beur\b|€")),
    ("CNY", re.compile(r"人民币|rmb|cny|renminbi|¥|yuan")),
)

_STATEMENTS: Final[tuple[tuple[Statement | Literal["equity"], re.Pattern[str]], ...]] = (
    ("equity", re.compile(r"(?:所有者|股东)权益变动表|权益变动表|changes in (?:owners'? |shareholders'? )?equity")),
    ("cash_flow", re.compile(
        r"现金流量表|现金流量补充资料|调节为经营活动现金流量|cash flows? statement|statements? of cash flows?"
        r"|\bcash flows?$"
    )),
    ("balance", re.compile(r"资产负债表|财务状况表|balance sheets?|statements? of financial position")),
    ("income", re.compile(
        r"利润表|损益表|利润及利润分配表|收益表|income statements?|profit (?:and|or|&) loss"
        r"|statements? of (?:comprehensive )?income"
    )),
)  # fmt: skip
_SUPPLEMENT = re.compile(r"补充资料|调节为经营活动|supplement|reconciliation of net profit")


@dataclass(frozen=True)
class Said:
    """What a header, or a line above a table, says of time, scope and restatement."""

    role: Role = ""
    when: When = ""
    day: str | None = None
    year: int | None = None
    months: int | None = None
    scope: Scope = "unknown"
    restated: Literal["after", "before", ""] = ""


def folded(text: str) -> str:
    """Return a text in plain widths and small letters, Chinese years and days as digits."""
    plain = unicodedata.normalize("NFKC", text).lower().replace("—", "-").replace("–", "-").replace("－", "-")
    plain = _CHINESE_YEAR.sub(lambda match: match.group(1).translate(_DIGITS), plain)
    return _CHINESE_COUNT.sub(lambda match: str(_count(match.group(1))), plain)


def said_in(text: str) -> Said:
    """Take the header of a column apart."""
    plain = folded(text).strip()
    day, year, months = time_in(plain)
    compact = re.sub(r"\s+", "", plain)
    when: When = ""
    if _OPENING.search(plain) or _OPENING.search(compact):
        when = "opening"
    elif _PRIOR.search(plain) or _PRIOR.search(compact):
        when = "prior"
    elif _CURRENT.search(plain) or _CURRENT.search(compact):
        when = "current"
    if "本月" in compact or "当月" in compact:
        months = months or 1
    restated: Literal["after", "before", ""] = ""
    if _BEFORE.search(compact) or _BEFORE.search(plain):
        restated = "before"
    elif _AFTER.search(compact) or _AFTER.search(plain):
        restated = "after"
    scope = scope_in(plain)
    role = _role(plain, compact, scope, timed=bool(when or day or year or restated))
    return Said(role, when, day, year, months, scope, restated)


def _role(plain: str, compact: str, scope: Scope, *, timed: bool) -> Role:
    if _IGNORED.search(compact) or re.search(r"\bchange\b|variance|\bbudget", plain):
        return "ignored"
    if _NOTE.search(compact) or _NOTE.search(plain):
        return "note"
    if _LINE.search(compact):
        return "line"
    if timed:
        return "value"
    if _LABEL.search(compact) or _LABEL.search(plain):
        return "label"
    if scope != "unknown" and len(compact) <= 24:
        return "value"
    return "value" if re.fullmatch(r"金额|余额|数额|amounts?|balances?", compact) else ""


def time_in(plain: str) -> tuple[str | None, int | None, int | None]:
    """Return closing day, year and months that a folded text names; the first of each kind of writing."""
    days = _DAYS.search(plain)
    if days:
        first, last = int(days.group(2)), int(days.group(4))
        day = _day(int(days.group(3) or days.group(1)), last, int(days.group(5)))
        return day, None, (last - first) % 12 + 1
    span = _SPAN.search(plain)
    if span:
        last = int(span.group(4))
        return _day(int(span.group(3) or span.group(1)), last, None), None, max(1, last - int(span.group(2)) + 1)
    months = _MONTHS_EN.search(plain)
    count = 12 if "year ended" in plain else None
    if months:
        count = _COUNTS_EN.get(months.group(1).lower()) or int(months.group(1)) if months.group(1) else None
    for rule, order in ((_DAY, (1, 2, 3)), (_DAY_SHORT, (1, 2, 3))):
        match = rule.search(plain)
        if match:
            year, month, number = (int(match.group(index)) for index in order)
            if day := _day(year, month, number):
                return day, None, count
    match = _DAY_EN.search(plain)
    if match:
        return _day(int(match.group(3)), _MONTH_NAMES[match.group(2)], int(match.group(1))), None, count
    match = _DAY_US.search(plain)
    if match:
        return _day(int(match.group(3)), _MONTH_NAMES[match.group(1)], int(match.group(2))), None, count
    match = _PART.search(plain)
    if match:
        last = 6 if match.group(2) else 9 if match.group(3) else 3
        return _day(int(match.group(1)), last, None), None, last
    match = _MONTH.search(plain)
    if match:
        return _day(int(match.group(1)), int(match.group(2)), None), None, count
    match = _YEAR_ONLY.search(plain)
    if match:
        return None, int(match.group(1)), 12 if re.search(r"年\s*度|fy\s*\d|year ended", plain) else count
    return None, None, count


def scope_in(plain: str) -> Scope:
    """Return whose statement a folded text says it is; a group's and its parent's together: unknown."""
    text = _OF_PARENT.sub("", plain)
    group, parent = _CONSOLIDATED.search(text), _PARENT.search(text.strip())
    if group and parent:
        return "unknown"
    return "consolidated" if group else "parent" if parent else "unknown"


def unit_in(text: str) -> str | None:
    """Return the unit that a line states: 元, 千元, 万元, 百万元 or 亿元."""
    plain = folded(text)
    for rule in (_UNIT_ZH, _UNIT_NOTE, _UNIT_BARE):
        match = rule.search(plain)
        if match:
            word = next(filter(None, match.groups())).replace("圆", "元")
            return word if word.endswith("元") else f"{word}元"
    match = _UNIT_EN.search(plain)
    if match is None:
        return "元" if _UNIT_ONE.search(plain) else None
    word = next(filter(None, match.groups()))
    if word.startswith("ten thousand"):
        return "万元"
    if word.startswith(("thousand", "000", "k")):
        return "千元"
    if word.startswith(("million", "mn")) or word == "m":
        return "百万元"
    return None  # billions: no unit that we write


def currency_in(text: str) -> str | None:
    """Return the currency that a line names."""
    plain = folded(text)
    return next((code for code, rule in _CURRENCIES if rule.search(plain)), None)


def statement_in(text: str) -> Statement | Literal["equity"] | None:
    """Return the statement that a title names."""
    plain = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", folded(text))
    return next((kind for kind, rule in _STATEMENTS if rule.search(plain)), None)


def is_supplement(text: str) -> bool:
    """Tell a title of the notes to the cash flow statement."""
    return _SUPPLEMENT.search(folded(text)) is not None


def _day(year: int, month: int, number: int | None) -> str | None:
    """Return an ISO day; the last of the month where none is given; None for one that does not exist."""
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    return date(year, month, number or last).isoformat() if 1 <= (number or last) <= last else None


def _count(text: str) -> int:
    """Return the number that Chinese words up to 31 stand for."""
    tens, _sep, ones = text.partition("十")
    digits = "一二三四五六七八九"
    if not _sep:
        return digits.find(text) + 1 if len(text) == 1 else int("".join(str(digits.find(char) + 1) for char in text))
    return (digits.find(tens) + 1 if tens else 1) * 10 + (digits.find(ones) + 1 if ones else 0)
