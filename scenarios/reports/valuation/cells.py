"""What stands in a cell of a valuation table: amounts to the last digit, days in any writing, codes and names."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from ..fields.values import read_value
from ..models import Place

_SCALES: Final = {
    "亿": 10**8,
    "百万": 10**6,
    "万": 10**4,
    "千": 10**3,
    "million": 10**6,
    "thousand": 10**3,
    "mn": 10**6,
}
_UNITS: Final = {10**3: "千元", 10**4: "万元", 10**6: "百万元", 10**8: "亿元"}
_NUMBER: Final = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?|\.\d+")
_NOTHING: Final = frozenset({"", "-", "--", "—", "/", "n/a", "na", "nil", "无", "不适用"})
_MOST_DIGITS: Final = 15
_MOST_DECIMALS: Final = 10
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_CURRENCIES: Final = {
    "CNY": ("人民币", "cny", "rmb"),
    "USD": ("美元", "usd", "us$"),
    "HKD": ("港元", "港币", "hkd"),
    "EUR": ("欧元", "eur"),
    "JPY": ("日元", "jpy"),
    "GBP": ("英镑", "gbp"),
}
CellFault = Literal["formula", "error", "unreadable", "negative", "day_unclear", "day_unread", "empty"]


@dataclass(frozen=True)
class Amount:
    """A value as printed. `value` is in the basic unit, `decimals` are those that its print shows of that unit."""

    value: Decimal
    printed: str
    place: Place
    decimals: int


def folded(text: str) -> str:
    """Return a text in half width, without white space at its ends."""
    return unicodedata.normalize("NFKC", text).strip()


def nothing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return folded(text).lower() in _NOTHING


def read_amount(text: str, scale: int, place: Place) -> Amount | CellFault:
    """Read an amount; `scale` is that of the column. Raises nothing: what is no amount is a fault."""
    plain = folded(text)
    if plain.startswith("="):
        return "formula"
    if plain.startswith("#"):
        return "error"
    negative = plain.startswith(("-", "−", "(")) and (not plain.startswith("(") or plain.endswith(")"))
    bare = re.sub(r"^[-−(]+|\)$", "", plain).strip()
    bare = re.sub(
        r"^(?:¥|\$|US\$|HK\$|RMB|CNY|USD|HKD|EUR)\s*|\s*(?:元|份|CNY|USD|HKD|EUR)$", "", bare, flags=re.IGNORECASE
    )
    for word, factor in _SCALES.items():
        if bare.lower().endswith(word):
            bare, scale = bare[: -len(word)].strip(), factor
            break
    if _NUMBER.fullmatch(bare) is None:
        return "unreadable"
    try:
        number = Decimal(bare.replace(",", ""))
    except InvalidOperation:
        return "unreadable"
    if number.adjusted() + _zeros(scale) > _MOST_DIGITS:
        return "unreadable"
    if _decimals(number) > _MOST_DECIMALS:  # what a workbook computed, such as 1.0249999999999999
        number = round(number, _MOST_DECIMALS).normalize()
    value = number * scale
    place = place.model_copy(update={"unit": _UNITS.get(scale, "")})  # the cell alone does not say what it is in
    return Amount(-value if negative and value else value, text.strip(), place, _decimals(number) - _zeros(scale))


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _zeros(scale: int) -> int:
    return len(str(scale)) - 1


def read_day(text: str) -> str | CellFault:
    """Return the ISO day of 2025-09-30, 20250930, 2025年9月30日, 30-Sep-2025, or a day's number in a workbook."""
    plain = folded(text)
    if plain.startswith("="):
        return "formula"
    if re.fullmatch(r"[34567]\d{4}(?:\.0+)?", plain):
        return (_EXCEL_EPOCH + timedelta(days=int(float(plain)))).isoformat()
    plain = re.sub(r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$", "", plain)
    english = re.fullmatch(r"(\d{1,2})[-/ ]([A-Za-z]{3,9})[-/ ](\d{4})", plain)
    value = read_value("day", " ".join(english.groups()) if english else plain)
    if value is None:
        return "day_unread"
    return value.text if value.sure >= 0.8 else "day_unclear"


def scale_of(text: str) -> int | None:
    """Return what one of 单位：万元, （亿元） or (CNY thousand) is in the basic unit; None where no unit is named."""
    lowered = folded(text).lower()
    found = re.search(r"(亿|百万|万|千)(?=元|份|[)\]]|$)|\b(million|thousand|mn)\b", lowered)
    if found is not None:
        return _SCALES[found.group()]
    return 1 if re.search(r"单位[::]?\s*(?:人民币)?元|[(\[](?:人民币)?[元份][)\]]", lowered) else None


def currency_of(text: str) -> str | None:
    """Return the currency that a text names; None where it names none."""
    lowered = folded(text).lower()
    return next((code for code, words in _CURRENCIES.items() if any(word in lowered for word in words)), None)


def plain_code(text: str) -> str:
    """Return a code without width, case and spaces; 1001.0 of a workbook is 1001."""
    return re.sub(r"\.0+$", "", re.sub(r"\s", "", folded(text)).upper())


def plain_words(text: str) -> str:
    """Return words without width, case, brackets with what is in them, spaces and marks."""
    plain = re.sub(r"[(\[【][^)\]】]*[)\]】]", "", folded(text)).casefold()
    return re.sub(r"[\W_]", "", plain)


def plain_name(text: str, drop: tuple[str, ...]) -> str:
    """Return a product's name without width, case, marks, and the words that one side may leave out."""
    plain = re.sub(r"[\W_]", "", folded(text).casefold())
    for word in drop:
        ending = re.sub(r"[\W_]", "", word.casefold())
        if plain.endswith(ending) and len(plain) > len(ending) + 1:
            plain = plain.removesuffix(ending)
    return plain


def written(value: Decimal, decimals: int | None = None) -> str:
    """Write a value to its last digit, with thousands."""
    if decimals is not None:
        value = value.quantize(Decimal(1).scaleb(-max(decimals, 0)))
    text = f"{value:,f}"
    if "." in text and decimals is None:
        text = text.rstrip("0").rstrip(".")
    return text.removeprefix("-") if not text.strip("-0.,") else text
