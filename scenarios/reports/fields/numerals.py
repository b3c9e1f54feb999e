"""Numbers as Chinese papers write them: 伍仟万元, 二〇一九年, 百分之三十五."""

from typing import Final

_DIGITS: Final = {
    character: value
    for value, characters in enumerate(
        ("零〇○", "一壹弌", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for character in characters
}
_SMALL: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE: Final = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_PARTS: Final = {"角": 0.1, "分": 0.01}
CHARACTERS: Final = "".join((*_DIGITS, *_SMALL, *_LARGE))
"""All of which a whole number is written."""


def whole(text: str) -> int | None:
    """Return what 伍仟万, 一百二十 or 二〇一九 says; None for a text that is no number."""
    if not text or any(character not in CHARACTERS for character in text):
        return None
    if all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, section, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _SMALL:
            section += (digit or (0 if section else 1)) * _SMALL[character]
            digit = 0
        else:
            unit = _LARGE[character]
            below = section + digit
            if unit == 10**8:
                total = (total + below) * unit
            else:
                total += below * unit
            section, digit = 0, 0
    return total + section + digit


def capital_money(text: str) -> float | None:
    """Return the yuan of 伍仟万元整 or 壹佰元伍角; None for a text that is no such amount."""
    body = text.rstrip("整正")
    whole_part, yuan, rest = body.partition("元")
    if not yuan:
        whole_part, yuan, rest = body.partition("圆")
    amount = whole(whole_part)
    if not yuan or amount is None:
        return None
    value = float(amount)
    digit = 0
    for character in rest:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _PARTS:
            value += digit * _PARTS[character]
            digit = 0
        else:
            return None
    return round(value, 2)
