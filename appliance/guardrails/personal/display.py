"""Masks for the eye that cannot be undone: 138****1234, 6222 **** **** 1234, 张*."""

import re
from collections.abc import Callable, Mapping

from appliance.guardrails.personal.kinds import Kind

_STAR = "*"


def _middle(value: str, first: int, last: int) -> str:
    """Hide letters and digits but the `first` and the `last` ones; separators stay. Short values are hidden whole."""
    places = [place for place, char in enumerate(value) if char.isalnum()]
    shown = set(places[:first] + places[len(places) - last :]) if len(places) >= first + last + 3 else set()
    return "".join(_STAR if char.isalnum() and place not in shown else char for place, char in enumerate(value))


def _phone(value: str) -> str:
    digits = sum(char.isdigit() for char in value)
    return _middle(value, max(3, digits - 8), 4) if digits >= 10 else _middle(value, 2, 2)


def _email(value: str) -> str:
    name, _at, domain = value.rpartition("@")
    return f"{name[:1]}***@{domain}"


def _person(value: str) -> str:
    if " " in value:
        return " ".join(word[0] + _STAR * (len(word) - 1) for word in value.split(" ") if word)
    return value[0] + _STAR * max(len(value) - 1, 1)


def _address(value: str) -> str:
    """Keep province and city, or nothing but the length of what is no Chinese address."""
    city = re.match(r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,8}?市)?", value)
    kept = city.end() if city else 0
    return value[:kept] + _STAR * 6


_MASKS: Mapping[Kind, Callable[[str], str]] = {
    "phone": _phone,
    "bank_card": lambda value: _middle(value, 4, 4),
    "iban": lambda value: _middle(value, 4, 4),
    "cn_id": lambda value: _middle(value, 3, 4),
    "uscc": lambda value: _middle(value, 4, 4),
    "email": _email,
    "person": _person,
    "address": _address,
}


def display(kind: Kind, value: str) -> str:
    """Return `value` with so much hidden that a person who knows it can recognise it and nobody can complete it."""
    mask = _MASKS.get(kind)
    return mask(value) if mask else _middle(value, 1, 1)
