"""Texts that a person reads: gettext templates, rendered late in the reader's language.

`_("Port {port} is in use.", port=8080)` gives a `Message`. It holds the template and its values, so that one
error can be shown in English in a log and in Chinese to the caller. Babel collects the templates by the name `_`.
"""

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "zh_CN")
DOMAIN = "appliance"
LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_FOLDER, languages=[language], fallback=language == "en")


@dataclass(frozen=True)
class Message:
    """A template and its values; `str()` renders it in the language of the current context."""

    template: str
    params: tuple[tuple[str, object], ...] = ()

    def render(self, language: str) -> str:
        """Return the text in `language`, one of `LANGUAGES`."""
        text = _catalogue(language).gettext(self.template) if self.template else ""
        if not self.params:
            return text
        values = {name: value.render(language) if isinstance(value, Message) else value for name, value in self.params}
        return text.format(**values)

    def __str__(self) -> str:
        return self.render(_language.get())

    def to_data(self) -> dict[str, object]:
        """Return plain data for another process; values that JSON has no form for become text."""
        values: dict[str, object] = {}
        for name, value in self.params:
            if isinstance(value, Message):
                values[name] = {"message": value.to_data()}
            else:
                values[name] = value if isinstance(value, str | int | float | None) else str(value)
        return {"template": self.template, "params": values}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Message":
        """Return the message that `to_data` wrote."""
        values = (
            (name, cls.from_data(value["message"]) if isinstance(value, dict) else value)
            for name, value in data["params"].items()
        )
        return cls(data["template"], tuple(values))


def _(template: str, /, **params: object) -> Message:
    """Mark `template` for translation and bind its values (`str.format` fields)."""
    return Message(template, tuple(params.items()))


def one_or_many(number: int | None, one: Message, many: Message) -> Message:
    """Return `one` where the number is 1, else `many`: English says the two differently, and both are translated."""
    return one if number == 1 else many


def current_language() -> str:
    """Return the language of the current context, one of `LANGUAGES`."""
    return _language.get()


def set_language(language: str) -> None:
    """Set the language of the current context (a process's main context, or one request)."""
    _language.set(negotiate(language))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Render messages in `language` inside the block."""
    token = _language.set(negotiate(language))
    try:
        yield
    finally:
        _language.reset(token)


def negotiate(wanted: str | None, default: str = "en") -> str:
    """Pick one of `LANGUAGES` for a locale name or an Accept-Language header (RFC 9110, without weights sorted in)."""
    for part in (wanted or "").split(","):
        tag = part.split(";")[0].split(".")[0].strip().replace("_", "-").lower()
        if tag == "zh" or tag.startswith("zh-"):
            return "zh_CN"
        if tag == "en" or tag.startswith("en-"):
            return "en"
    return default
