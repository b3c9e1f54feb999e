"""How placeholders are written, and which ends of a text could still become one."""

import re
from functools import cache

from appliance.guardrails.personal.kinds import PLACEHOLDER_NAMES, Kind

_LITERAL_NAMES = ("原文", "TEXT")  # for what looks like a placeholder but was written by a person
_NAMES = (*(name for names in PLACEHOLDER_NAMES.values() for name in names), *_LITERAL_NAMES)
_OPEN, _CLOSE = "[<＜]", "[>＞]"
_MOST_DIGITS = 6
LONGEST = max(map(len, _NAMES)) + _MOST_DIGITS + 6

# Models change the case, the width of the brackets and blanks around the number; these are read as well.
PLACEHOLDER = re.compile(
    rf"{_OPEN} ?(?P<name>{'|'.join(sorted(_NAMES, key=len, reverse=True))})[_ ]?"
    rf"(?P<number>[1-9]\d{{0,{_MOST_DIGITS - 1}}}) ?{_CLOSE}",
    re.IGNORECASE,
)
_CHINESE = re.compile("[\u4e00-\u9fff]")


def written(kind: Kind | None, number: int, text: str) -> str:
    """Return a placeholder in the language of `text`; without a kind, one for what only looks like a placeholder."""
    chinese, english = PLACEHOLDER_NAMES[kind] if kind is not None else _LITERAL_NAMES
    return f"<{chinese}{number}>" if _CHINESE.search(text) else f"<{english}_{number}>"


def key(name: str, number: str) -> tuple[str, int]:
    """Return what is the same for all ways to write one placeholder."""
    return name.upper(), int(number)


@cache
def _live() -> re.Pattern[str]:
    """Return the pattern of an end of a text from which a placeholder can still grow."""

    def begun(name: str) -> str:
        nested = ""
        for char in reversed(name):
            nested = f"{re.escape(char)}{nested and f'(?:{nested})?'}"
        return nested

    names = "|".join(begun(name) for name in _NAMES)
    whole = "|".join(map(re.escape, _NAMES))
    number = rf"[_ ]?(?:[1-9]\d{{0,{_MOST_DIGITS - 1}}} ?)?"
    return re.compile(rf"{_OPEN} ?(?:(?:{whole}){number}|(?:{names}))?\Z", re.IGNORECASE)


def settled(text: str) -> int:
    """Return up to where `text` cannot become part of a placeholder, whatever follows."""
    match = _live().search(text, max(0, len(text) - LONGEST))
    return match.start() if match else len(text)
