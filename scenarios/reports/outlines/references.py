"""References in the texts of an outline: {figure:current_ratio@last} and the other forms, taken apart."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance.core.messages import _

PLAIN: Final = ("subject", "as_of", "periods", "ends", "moved")
VALUES: Final = ("item", "figure", "fact")
FORMS: Final = (*VALUES, "party", "period", "end", "series", "title", "count", "plural", "list", "kind", "findings")
PERIODS: Final = re.compile(r"last(?:-[1-9])?|prior|first|flows|\d{4}-\d{2}-\d{2}")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*(?:\.\*)?")


@dataclass(frozen=True)
class Reference:
    """What stands in braces: {form:name@period|size}; `extra` holds what follows a second colon."""

    form: str
    name: str = ""
    period: str | None = None
    size: bool = False
    extra: str = ""

    @property
    def within(self) -> "Reference":
        """The reference that this one is about: {title:figure:roe@last} is about figure:roe@last."""
        return Reference(self.extra, self.name, self.period)


def parse(text: str) -> Reference:
    """Return a reference as it is written without its braces. Raises `ValueError` with a `Message`."""
    body, bar, word = text.strip().partition("|")
    if bar and word.strip() != "size":
        raise ValueError(_("{text} is no reference: behind | only size may stand", text=text))
    body = body.strip()
    if body in PLAIN:
        return Reference(body)
    form, colon, rest = body.partition(":")
    if not colon or form not in FORMS or not rest:
        forms = ", ".join([*PLAIN, *(f"{one}:…" for one in FORMS)])
        raise ValueError(_("{text} is no reference; there are {forms}", text="{" + text + "}", forms=forms))
    if form in ("period", "end"):
        return Reference(form, "", _period(rest))
    if form in ("series", "title"):
        kind, colon, rest = rest.partition(":")
        if not colon or kind not in VALUES:
            raise ValueError(
                _("{text} must name an item, a figure or a fact, such as {form}:item:revenue", text=text, form=form)
            )
        return _named(form, rest, bool(bar), kind, text)
    if form in ("plural", "list"):
        rest, colon, extra = rest.partition(":")
        if not colon or not extra or (form == "plural" and extra.count("/") != 1):
            raise ValueError(_("{text} must be written such as {example}", text=text, example=_EXAMPLES[form]))
        return _named(form, rest, bool(bar), extra, text)
    return _named(form, rest, bool(bar), "", text)


_EXAMPLES: Final = {"plural": "plural:case:case/cases", "list": "list:shareholder:shareholder_name"}


def _named(form: str, rest: str, size: bool, extra: str, text: str) -> Reference:
    name, at, period = rest.partition("@")
    if not _NAME.fullmatch(name):
        raise ValueError(_("{text} names nothing: names are small letters, digits, _ and .", text=text))
    return Reference(form, name, _period(period) if at else None, size, extra)


def _period(text: str) -> str:
    if not PERIODS.fullmatch(text):
        raise ValueError(
            _(
                "{period} is no period; there are last, prior, first, last-2, flows and days such as 2025-12-31",
                period=text,
            )
        )
    return text


def pieces(text: str) -> Iterator[str | Reference]:
    """Yield a text's words and references in order. Raises `ValueError` with a `Message`."""
    at = 0
    for match in _BRACES.finditer(text):
        yield _plain(text[at : match.start()])
        yield parse(match[1])
        at = match.end()
    yield _plain(text[at:])


def _plain(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(_("a brace is not closed, or stands within another"))
    return text


def references(text: str) -> Iterator[Reference]:
    """Yield the references of a text."""
    return (one for one in pieces(text) if isinstance(one, Reference))


def own_words(text: str) -> str:
    """Return a text without its references."""
    return _BRACES.sub("\N{OBJECT REPLACEMENT CHARACTER}", text)
