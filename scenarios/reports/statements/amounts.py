"""Amounts as they are printed: thousands, brackets, minus signs of all kinds, full-width digits, dashes for nil."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_MINUS: Final = str.maketrans("−–—﹣－‐‑‒", "--------")
_COMMAS: Final = str.maketrans("，﹐٬'’", ",,,,,")
_NUMBER: Final = re.compile(r"(?P<sign>[-+△▲]?)(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<decimals>\d+))?(?P<after>-?)")
_MARKS: Final = re.compile(r"^(?:rmb|cny|usd|hkd|eur|us\$|hk\$|[¥￥$€£])|(?:元|圆)$", re.IGNORECASE)
_NIL: Final = re.compile(r"-{1,4}|/|无|nil|n/?a|不适用", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\((.+)\)")
_LOOSE: Final = re.compile(r"(?<=\d)[\s ](?=\d{3}(?:\D|$))")


@dataclass(frozen=True)
class Amount:
    """A number and how many decimals it is printed with; a dash is zero."""

    value: float
    decimals: int
    nil: bool = False


def amount_of(text: str) -> Amount | None:
    """Return the amount that a cell holds; None where it holds words, nothing, or what cannot be read."""
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS).translate(_COMMAS).strip()
    if not plain:
        return None
    plain = _LOOSE.sub("", plain)
    plain = re.sub(r"\s+", "", plain)
    if _NIL.fullmatch(plain):
        return Amount(0.0, 0, nil=True)
    negative = False
    bracketed = _BRACKETS.fullmatch(plain)
    if bracketed:
        plain, negative = bracketed.group(1), True
    plain = _MARKS.sub("", _MARKS.sub("", plain))
    if plain.startswith("-") and _MARKS.match(plain[1:]):
        plain = "-" + _MARKS.sub("", plain[1:])
    match = _NUMBER.fullmatch(plain)
    if match is None:
        return None
    decimals = match["decimals"] or ""
    value = float(f"{match['digits'].replace(',', '')}.{decimals or '0'}")
    negative = negative or match["sign"] in ("-", "△", "▲") or match["after"] == "-"
    return Amount(-value if negative and value else value, len(decimals))


def has_digits(text: str) -> bool:
    """Tell whether a cell holds a digit in any writing."""
    return any(char.isdigit() for char in text)
