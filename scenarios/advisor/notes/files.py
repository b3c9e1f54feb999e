"""What a file says of itself in its first lines: date, author, kind, securities."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from appliance.knowledge.models import Passage

_FIELDS: Final = {
    "date": "日期|发布日期|date",
    "author": "作者|撰稿人|author",
    "kind": "性质|类型|kind|type",
    "securities": "证券|标的|securities|security",
}
_ANY = "|".join(_FIELDS.values())
_FIELD: Final = re.compile(
    rf"(?P<name>{_ANY})\s*[：:]\s*(?P<value>.*?)(?=\s*(?:{_ANY})\s*[：:]|[\n。]|$)", re.IGNORECASE
)
_DAY: Final = re.compile(r"(20\d\d)\s*[-年./]\s*(\d{1,2})\s*[-月./]\s*(\d{1,2})")
_HOUSE: Final = re.compile(r"本行观点|本行研究|house view", re.IGNORECASE)
_ANNOUNCED: Final = re.compile(r"公告|announcement|filing", re.IGNORECASE)
_DISCLAIMED: Final = re.compile(r"均为虚构，仅供演示|fictitious and for demonstration only")


@dataclass(frozen=True)
class Head:
    """What a file says of itself, as far as it does; the file's name stands in for what it does not."""

    document_id: str
    document: str
    day: date | None = None
    author: str | None = None
    kind: str | None = None
    securities: tuple[tuple[str, ...], ...] = ()
    """Each security by all names that the file gives it."""

    @property
    def house(self) -> bool:
        """Whether it is the bank's own view."""
        return self.kind is not None and _HOUSE.search(self.kind) is not None

    @property
    def announces(self) -> bool:
        """Whether it is an announcement."""
        return _ANNOUNCED.search(self.kind or self.document) is not None

    def names_of(self, wanted: str) -> tuple[str, ...]:
        """Return all names of the security that a text names, () where the file is about none in it."""
        text = wanted.casefold()
        for names in self.securities:
            if any(_named(name, text) for name in names):
                return names
        return ()


def head_of(passages: Iterable[Passage]) -> Head:
    """Return the head of the file that the passages, one or more, are from."""
    ordered = sorted(passages, key=lambda one: one.start)
    found: dict[str, str] = {}
    for passage in ordered:
        for match in _FIELD.finditer(passage.text):
            field = _field_of(match["name"])
            if match["value"].strip():
                found.setdefault(field, match["value"].strip())
        if found:
            break
    first = ordered[0]
    return Head(
        document_id=first.document_id, document=first.document, day=_day(found.get("date", "")) or _day(first.document),
        author=found.get("author"), kind=found.get("kind"), securities=_securities(found.get("securities", "")),
    )  # fmt: skip


def is_head(line: str) -> bool:
    """Tell whether a line says something of the file, not of its subject."""
    return _FIELD.match(line.strip()) is not None or _DISCLAIMED.search(line) is not None


def _named(name: str, text: str) -> bool:
    """Tell whether a text names a security: its code as a word, its name anywhere, or the other way round."""
    name = name.casefold()
    if re.fullmatch(r"[a-z0-9.]+", name):
        return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) is not None
    return name in text or (len(text) >= 2 and text in name)


def _field_of(name: str) -> str:
    return next(field for field, ways in _FIELDS.items() if re.fullmatch(ways, name, re.IGNORECASE))


def _day(text: str) -> date | None:
    match = _DAY.search(text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _securities(text: str) -> tuple[tuple[str, ...], ...]:
    parts = (tuple(name.strip() for name in one.split("/") if name.strip()) for one in re.split(r"[;；]", text))
    return tuple(names for names in parts if names)
