"""Amounts of money in a folded turn, written or spoken, in Chinese and English."""

import re
from collections.abc import Iterator
from decimal import Decimal

from appliance.core.messages import Message, _

from .found import Found
from .numbers import CHINESE, ENGLISH, chinese_number, english_number

RANK = 5
_CURRENCIES = {
    "CNY": "人民币元 人民币 块钱 元钱 块 元 rmb cny yuan renminbi kuai ¥",
    "USD": "美元 美金 美刀 us|dollars us|dollar dollars dollar bucks usd us$ $",
    "HKD": "港元 港币 港纸 hong|kong|dollars hong|kong|dollar hkd hk$",
    "EUR": "欧元 euros euro eur €",
    "GBP": "英镑 pounds|sterling pounds pound gbp quid £",
    "JPY": "日元 日币 日圆 japanese|yen yen jpy",
    "SGD": "新加坡元 新币 singapore|dollars sgd s$",
    "AUD": "澳元 澳币 australian|dollars aud a$",
    "CAD": "加元 加币 canadian|dollars cad c$",
    "CHF": "瑞士法郎 swiss|francs swiss|franc chf",
}
_NAMES = {name.replace("|", " "): code for code, names in _CURRENCIES.items() for name in names.split()}


def _pattern(name: str) -> str:
    escaped = re.escape(name)
    if name[-1] in "$¥€£":
        return rf"{escaped}(?! ?\d)"  # else it belongs to the next amount
    return rf"{escaped}(?![a-z])" if name[-1].isascii() and name[-1].isalpha() else escaped


_UNIT = "|".join(_pattern(name) for name in sorted(_NAMES, key=lambda name: -len(name)))
_BEFORE = "|".join(
    re.escape(name) for name in sorted(_NAMES, key=lambda name: -len(name)) if name not in ("块", "元", "块钱", "元钱")
)
_FIGURES = re.compile(
    rf"(?:(?<![a-z0-9])(?P<before>{_BEFORE}) ?|(?<![\d.a-z]))(?P<number>{CHINESE})"
    rf"(?:[ -]?(?P<scale>k|w|m|grand|thousand|million|billion|mil|bn)(?![a-z]))?(?P<about>多|来|几)?"
    rf"(?: ?(?P<unit>{_UNIT})"
    rf"(?P<rest>[\d一二两三四五六七八九](?:毛|角|分|块)?[一二三四五六七八九\d]?分?(?![\d万千百个十年月天次张周星]))?)?",
    re.IGNORECASE,
)
_SPELLED = re.compile(rf"(?P<number>{ENGLISH})(?:[ -](?P<unit>{_UNIT}))?", re.IGNORECASE)
_CENTS = re.compile(r"(?: (?:and )?(?P<number>\d{1,2}|[a-z]+(?:[ -][a-z]+)?) cents?\b)", re.IGNORECASE)
_SCALES = {"k": 10**3, "grand": 10**3, "thousand": 10**3, "w": 10**4, "m": 10**6, "mil": 10**6, "million": 10**6}
_SCALES |= {"bn": 10**9, "billion": 10**9}
# What is counted in other things than money, or is a share, a date, a time or one of several things.
_NOT_BEHIND = re.compile(
    r" ?(?:%|percent|per cent|个点|个(?!亿)|人|公里|次|天|年|月|日|号|岁|积分|分(?!钱)|点|张|股|份|"
    r"里程|平|米|吨|户|笔|条|件|小时|"
    r"分钟|秒|周|星期|礼拜|位|名|遍|倍|期|斤|[:：]\d|\d|points?\b|miles?\b|times?\b|days?\b|weeks?\b|months?\b|years?\b|"
    r"hours?\b|minutes?\b|people\b|transactions?\b|cards?\b|accounts?\b|am\b|pm\b|o'clock|st\b|nd\b|rd\b|th\b|of\b|digits?\b)",
    re.IGNORECASE,
)
_SHARE_BEFORE = re.compile(r"(?:[百千万]分之|第|[#/-]|号|尾号|no\.? ?)$", re.IGNORECASE)
_MONEY_BEFORE = re.compile(
    r"(?:转|存|取|贷|额度|还|扣|借|付|花|充|汇|金额|余额|打|收|刷|欠|交|退|赔|买|投|价|费|利息|工资|账单|最多|至少|一共|总共|每次|每笔|每月)[了过款出入给是到为有]{0,3}"
    r"(?:[^\d,;。？！]{0,4})$"
    r"|\b(?:transfer(?:red|ring)?|send|sent|pay|paid|paying|charged?|deposit(?:ed)?|withdr[ae]w|withdrawn|balance|limit|amount|owe"
    r"|borrow|loan|refund(?:ed)?|fee|costs?|price|spent|spend|invest(?:ed)?"
    r"|debited|deducted|salary|total)\b[a-z ]{0,16}$",
    re.IGNORECASE,
)
_ABOUT_BEFORE = re.compile(r"(?:大概|大约|差不多|将近|about|around|roughly|nearly|almost) ?(?:是|有)?$", re.IGNORECASE)
_ABOUT_BEHIND = re.compile(r" ?(?:左右|上下|or so\b|give or take)", re.IGNORECASE)
_WINDOW = 24
_LONE_SCALE = re.compile("hundred|thousand|grand|million|billion", re.IGNORECASE)
_TOO_LONG = re.compile(r"\d{13}")  # no amount; such a number must not be shown
_MOST = Decimal(10**12)


def amounts_in(text: str) -> Iterator[Found]:
    """Yield the amounts of a folded text, as 50000.00 CNY; a currency that was not said is assumed, with a note."""
    for match in _FIGURES.finditer(text):
        yield from _figures(text, match)
    for match in _SPELLED.finditer(text):
        yield from _spelled(text, match)


def _figures(text: str, match: re.Match[str]) -> Iterator[Found]:
    number = chinese_number(match["number"])
    if number is None or _TOO_LONG.search(match["number"]):
        return
    scale = (match["scale"] or "").lower()
    value = number * _SCALES.get(scale, 1)
    unit = match["unit"] or match["before"]
    end = match.end()
    if unit is None:
        end = match.end("scale") if scale else match.end("number")
        if match["number"].rstrip() in ("十", "百", "千", "两", "一"):
            return
        large = match["number"][-1] in "万亿" or "万" in match["number"] or scale not in ("", "m")
        if not _bare(text, match.start(), match.end(), large=large or bool(match["about"] and large)):
            return
    elif match["rest"]:
        value += _rest(match["rest"])
    if (
        unit is not None
        and not match["before"]
        and _SHARE_BEFORE.search(text[max(0, match.start() - 3) : match.start()])
    ):
        return
    yield _found(text, value, unit, match.start(), end, about=bool(match["about"]))


def _rest(said: str) -> Decimal:
    """Return what follows the yuan: 五 of 五块五, 两毛五 of 三块两毛五."""
    digits = [chinese_number(char) for char in said if re.match(r"[\d零一二两三四五六七八九]", char)]
    places = [Decimal(digit or 0) for digit in digits]
    if "分" in said and not re.search("[毛角]", said) and len(places) == 1:
        return places[0] / 100
    return sum((digit / 10 ** (at + 1) for at, digit in enumerate(places[:2])), Decimal(0))


def _spelled(text: str, match: re.Match[str]) -> Iterator[Found]:
    value = english_number(match["number"])
    if value is None or _LONE_SCALE.fullmatch(match["number"]):
        return
    unit, end = match["unit"], match.end()
    if unit is None:
        large = re.search("grand|million|billion", match["number"].lower()) is not None
        if not _bare(text, match.start(), end, large=large):
            return
    else:
        cents = _CENTS.match(text, end)
        more = _cents(cents["number"]) if cents else None
        if cents and more is not None:
            value, end = value + more / 100, cents.end()
    yield _found(text, value, unit, match.start(), end, about=False)


def _cents(said: str) -> Decimal | None:
    if said.isdigit():
        return Decimal(said)
    return english_number(said) if re.fullmatch(ENGLISH, said, re.IGNORECASE) else None


def _bare(text: str, start: int, end: int, *, large: bool) -> bool:
    """Tell whether a number without a currency is money by what stands around it."""
    if _NOT_BEHIND.match(text, end):
        return False
    before = text[max(0, start - _WINDOW) : start]
    if _SHARE_BEFORE.search(before) or re.search(r"[\d.:]$", before):
        return False
    return large or _MONEY_BEFORE.search(before) is not None


def _found(text: str, value: Decimal, unit: str | None, start: int, end: int, *, about: bool) -> Found:
    currency = _NAMES[unit.lower()] if unit else "CNY"
    valid = value < _MOST
    note: Message | None = None
    if not valid:
        note = _("The amount is too large to be one.")
    elif about or _ABOUT_BEFORE.search(text[max(0, start - 12) : start]) or _ABOUT_BEHIND.match(text, end):
        note = _("It was said as an approximate amount.")
    elif unit is None:
        note = _("No currency was said; yuan are assumed.")
    return Found("amount", f"{value:.2f} {currency}", start, end, RANK, valid, note)
