"""Printed figures and units: `$ (1,452.4)`, `－`, `38.1%`, `1.2亿元`, and what `单位：万元` or `(in millions)` says."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

SCALES = {
    "": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9, "万亿": 1e12,
}  # fmt: skip
_CURRENCY = r"us\$|hk\$|nt\$|a\$|c\$|r\$|\$|£|€|¥|￥"
_CODES = r"cny|rmb|usd|hkd|eur|gbp|jpy|人民币"
_MEASURES = r"美元|港元|港币|欧元|英镑|日元|元|户|人次|人|股|笔|家|个月|个|份|张|吨|天|日|年|倍|次|台|名"
_ENGLISH = r"days?|months?|years?|hours?|cents?|shares?|employees|customers|branches|items?|times"
_SCALE = re.compile(
    r"\b(?P<en>thousand|million|billion)s?\b|(?P<zeros>['’‘`]000s?\b|\(000s?\))|(?:in|\W)(?P<run>thousands|millions)\b"
    rf"|(?:(?:{_CURRENCY}|{_CODES})\s?(?P<letter>m|mn|bn|k)\b)|(?P<zh>万亿|十亿|千万|百万|亿|万|千)(?=元|美元|港元|户|人|股|笔|家|吨|份|张|$)"
)
_LETTERS = {"m": "million", "mn": "million", "bn": "billion", "k": "thousand"}
_PERCENT = re.compile(r"%|\bper ?cent(?:age)?\b|百分比|百分之")
_MONEY = re.compile(
    rf"(?P<sign>{_CURRENCY})|\b(?P<code>cny|rmb|usd|hkd|eur|gbp|jpy)(?![a-ln-z])|(?P<word>美元|港元|欧元|人民币|元)"
)
_OTHER = re.compile(rf"(?:^|[(（/,，:：]|in |(?<=[万亿千百]))\s*(?P<measure>{_MEASURES}|{_ENGLISH})\s*(?:$|[)）/,，])")
_PER_UNIT = re.compile(r"per (?:ordinary |common )?share|每股|\bratio\b|\brate\b|\bmargin\b|\byield\b|率|比例|占比")
_COUNTED = re.compile(
    r"\bnumber of\b|\bshares\b|\bemployees\b|\bheadcount\b|\bbranches\b"
    r"|户数|家数|人数|笔数|网点数|股数|数量|\b(?:in|of) years\b"
)
_SHARES = re.compile(r"\bshares\b|\brights\b|股数")
_EXCEPT = re.compile(r",? ?except[^()]*")
_NOTE = re.compile(r"(?<=[\d%)])\s*(?:\(\d{1,2}\)|\([a-z]\)|\*+|[¹²³⁴⁵⁶⁷⁸⁹]+)+$")
_DASH = re.compile(r"^(?:[-–—－―]+|nil)$")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_BARE = re.compile(r"-?\d{1,3}(?:,\d{3})*(?:\.\d+)?|-?\d+(?:\.\d+)?", re.ASCII)
_CELL = re.compile(
    rf"(?P<sign>[-+(]*)\s*(?P<currency>{_CURRENCY}|{_CODES})?\s*(?P<inner>[-(]*)\s*(?P<number>{_NUMBER})\s*"
    rf"(?P<scale>万亿|十亿|千万|百万|亿|万|千|thousand|million|billion)?\s*"
    rf"(?P<unit>%|‰|percent|per cent|bps?|{_MEASURES}|{_ENGLISH})?"
    r"\s*\)?\s*(?P<behind>%)?"
)
_CHINESE_FIGURE = re.compile(r"[零一二两三四五六七八九十百千]+(?=[万亿]?(?:元|户|人|天|年|%|个|次|笔|倍))")


@dataclass(frozen=True)
class Unit:
    """What a figure counts: `scale` is a key of `SCALES`, `measure` a currency, `%` or a counted thing as printed."""

    scale: str = ""
    measure: str = ""

    @property
    def percent(self) -> bool:
        """Whether figures are per cent."""
        return self.measure == "%"

    @property
    def text(self) -> str | None:
        """The unit in words, such as `万元`, `million CNY`, `%`; None where nothing is known."""
        if self.measure == "%":
            return "%"
        chinese = not self.scale.isascii() or (not self.measure.isascii() and not self.measure_is_sign)
        return ((self.scale + ("" if chinese else " ") + self.measure).strip()) or None

    @property
    def measure_is_sign(self) -> bool:
        """Whether the measure is a currency sign, which stands before the figure."""
        return re.fullmatch(_CURRENCY, self.measure.lower()) is not None


NO_UNIT = Unit()


@dataclass(frozen=True)
class Figure:
    """A cell read as a figure; `exact` tells that the cell holds nothing else."""

    value: float
    unit: Unit
    exact: bool = True


def plain(text: str) -> str:
    """Return text in half width and lower case, with plain minus signs and without notes behind a figure."""
    text = unicodedata.normalize("NFKC", text.replace("¹", "(1)").replace("²", "(2)").replace("³", "(3)"))
    return _NOTE.sub("", text.lower().replace("−", "-").strip())


def figure_of(text: str) -> Figure | None:
    """Read a cell; a lone dash is zero. None where it holds no figure, or several."""
    if _BARE.fullmatch(text):
        return Figure(float(text.replace(",", "")), NO_UNIT)
    words = plain(text)
    if _DASH.match(words):
        return Figure(0.0, NO_UNIT)
    words = _CHINESE_FIGURE.sub(
        lambda match: str(_chinese(match.group())), re.sub(r"^[-–—]\s*(?=[\d$£€¥])", "-", words)
    )
    whole = _CELL.fullmatch(words)
    if whole is not None:
        return _read(whole, exact=True)
    found = [match for match in _CELL.finditer(words) if not re.match(r"(?:19|20)\d\d年?$", match.group().strip())]
    return _read(found[0], exact=False) if len(found) == 1 else None


def _read(match: re.Match[str], *, exact: bool) -> Figure:
    value = float(match["number"].replace(",", ""))
    sign = match["sign"] + match["inner"]
    if "-" in sign or ("(" in sign and ")" in match.group()):
        value = -value
    unit = match["unit"] or ""
    if unit == "‰":
        return Figure(value / 10, Unit("", "%"), exact)
    if match["behind"] or unit in ("%", "percent", "per cent"):
        return Figure(value, Unit("", "%"), exact)
    currency = match["currency"] or ""
    return Figure(
        value, Unit(match["scale"] or "", unit or (currency.upper() if currency.isalpha() else currency)), exact
    )


def _chinese(text: str) -> int:
    digits = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2}
    total, digit = 0, 0
    for char in text:
        if char in digits:
            digit = digits[char]
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            digit = 0
    return total + digit


@lru_cache(maxsize=4096)
def unit_in(text: str, *, caption: bool = False) -> Unit:
    """Return the unit that a header, a row's name or a caption states; in a caption money goes before per cent."""
    words = _EXCEPT.sub("", unicodedata.normalize("NFKC", text).lower())
    if caption:
        stated = re.search(r"单位[::]?\s*(?:为)?([^。;]*)", words)
        words = stated.group(1) if stated else words
    scale, money = _scale_in(words), _MONEY.search(words)
    if _PERCENT.search(words) and not (caption and (scale or money)):
        return Unit("", "%")
    if money and (
        scale or caption or money["code"] or re.search(r"[(（]\s*(?:人民币)?\s*[^()（）]*元", words) or money["sign"]
    ):
        measure = money["sign"] or (money["code"] or "").upper() or money["word"]
        return Unit(scale, "元" if measure == "人民币" and scale and not scale.isascii() else measure)
    other = _OTHER.search(words)
    return Unit(scale, other["measure"] if other else "")


def is_counted(labels: str) -> bool:
    """Tell whether a row or column counts things, or is a rate, and so is in no currency."""
    words = labels.lower()
    return _COUNTED.search(words) is not None or (_PER_UNIT.search(words) is not None and "per " not in words)


def _scale_in(words: str) -> str:
    match = _SCALE.search(words)
    if match is None:
        return ""
    if match["en"]:
        return match["en"]
    if match["run"]:
        return match["run"].removesuffix("s")
    if match["zeros"]:
        return "thousand"
    return _LETTERS[match["letter"]] if match["letter"] else match["zh"]


def joined(cell: Unit, row: Unit, column: Unit, caption: Unit, labels: str) -> Unit:
    """Return the unit of a cell from what it, its row, its column and the caption say; the nearer goes first."""
    if cell.percent:
        return cell
    for unit in (row, column):
        if unit.percent:
            return unit
    words = labels.lower()
    if cell.scale:
        return Unit(cell.scale, cell.measure or column.measure or row.measure)
    wide = NO_UNIT if _PER_UNIT.search(words) else caption
    scale = row.scale or column.scale or wide.scale
    if _COUNTED.search(words):
        own = row.scale or column.scale
        return Unit(scale if _SHARES.search(words) else own, cell.measure or row.measure or column.measure)
    if caption.percent and not any((cell.measure, row.measure, column.measure, scale)):
        return caption
    measure = cell.measure or row.measure or column.measure or wide.measure
    return Unit(scale, measure)
