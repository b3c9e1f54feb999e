"""The bank's own names that are read as slots: products, branches, and slots that the bank defines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import ahocorasick
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.scenario.words import Words

from .files import read_yaml, wrong
from .found import Found
from .templates import number_pattern

SHIPPED = Path(__file__).with_name("vocabulary.yaml")
BUILT_IN = ("amount", "date", "card", "account", "phone", "id_number", "product", "branch")
"""Names of slots that the bank cannot use for its own."""
_PATTERN_RANK, _NAME_RANK = 1, 6
_BEFORE = 24  # characters in front of a pattern in which its word must stand
_Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
_Spelling = Annotated[str, Field(min_length=1, max_length=60)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name


class _Named(_Entry):
    """A product, a branch or a value of a slot: its title and what people also call it, in either language."""

    title: Words
    also: tuple[_Spelling, ...] = Field(default=(), max_length=100)

    def spellings(self) -> Iterator[str]:
        yield from (self.title.en, self.title.zh, *self.also)


class _OwnSlot(_Entry):
    """A slot of the bank's own: a list of values or the pattern of a number."""

    title: Words
    values: tuple[_Named, ...] = Field(default=(), max_length=2000)
    pattern: str | None = None
    after: tuple[_Spelling, ...] = Field(default=(), max_length=20)
    """One of these must stand shortly before a number of the pattern."""
    hide: bool = False
    """Whether only the last four characters are shown."""

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in BUILT_IN:
            raise Fault(_("{name} is the name of a slot that is there already", name=name))
        return name

    @field_validator("pattern")
    @classmethod
    def _readable(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            number_pattern(pattern)
        return pattern

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.values) == (self.pattern is not None):
            raise Fault(_("a slot has either values or a pattern"))
        return self


class _File(BaseModel):
    """The whole of vocabulary.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shipped: bool = True
    """In a bank's own file: false leaves out all shipped entries, which are those of a fictitious bank."""
    products: tuple[_Named, ...] = Field(default=(), max_length=5000)
    branches: tuple[_Named, ...] = Field(default=(), max_length=5000)
    slots: tuple[_OwnSlot, ...] = Field(default=(), max_length=50)


@dataclass(frozen=True)
class _Number:
    """The compiled pattern of one of the bank's own slots."""

    slot: str
    pattern: re.Pattern[str]
    after: tuple[str, ...]
    hide: bool


class Vocabulary:
    """Finds the bank's names in a turn."""

    def __init__(self, titles: Mapping[tuple[str, str], Words], numbers: Sequence[_Number], names: Any) -> None:  # noqa: ANN401 - the library has no types
        self.titles = titles
        """Titles that people read, by the name of the slot and its value; of a slot itself under the value ""."""
        self._numbers = tuple(numbers)
        self._names = names

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Vocabulary":
        """Read the shipped file and the bank's own, whose entries replace those of the same name.

        Raises `ConfigError`, which names the file and the entry.
        """
        paths = [shipped, *([own] if own is not None and own.exists() else [])]
        files = [(path, read_yaml(path, _File)) for path in paths]
        for path, file in files:
            _check_names(path, file)
        if not files[-1][1].shipped:
            files = files[-1:]
        named = {
            "product": _merged([file.products for _path, file in files]),
            "branch": _merged([file.branches for _path, file in files]),
        }
        slots = _merged([file.slots for _path, file in files])
        titles = {(slot.name, ""): slot.title for slot in slots}
        numbers = [
            _Number(slot.name, re.compile(number_pattern(slot.pattern)), tuple(map(str.lower, slot.after)), slot.hide)
            for slot in slots
            if slot.pattern is not None
        ]
        named |= {slot.name: slot.values for slot in slots if slot.values}
        names = ahocorasick.Automaton()
        for slot_name, entries in named.items():
            for entry in entries:
                titles[slot_name, entry.name] = entry.title
                for spelling in entry.spellings():
                    names.add_word(small(spelling), (slot_name, entry.name, len(spelling)))
        names.make_automaton()
        return cls(titles, numbers, names)

    def find(self, folded: str) -> Iterator[Found]:
        """Yield the products, branches and own slots of a folded text."""
        lowered = small(folded)
        if len(self._names):
            for last, (slot, value, length) in self._names.iter(lowered):
                start = last + 1 - length
                if whole_words(lowered, start, last + 1):
                    yield Found(slot, value, start, last + 1, _NAME_RANK)
        for number in self._numbers:
            for match in number.pattern.finditer(lowered):
                before = lowered[max(0, match.start() - _BEFORE) : match.start()]
                if number.after and not any(word in before for word in number.after):
                    continue
                value = re.sub("[ -]", "", match.group()).upper()
                shown = f"****{value[-4:]}" if number.hide else None
                yield Found(number.slot, shown or value, match.start(), match.end(), _PATTERN_RANK, shown=shown)


def _merged(lists: "Sequence[tuple[Any, ...]]") -> tuple[Any, ...]:
    return tuple({entry.name: entry for entries in lists for entry in entries}.values())


def _check_names(path: Path, file: _File) -> None:
    """Refuse a name that stands twice in one list of one file."""
    lists: dict[str, Sequence[_Entry]] = {"products": file.products, "branches": file.branches, "slots": file.slots}
    lists |= {f"slots.{slot.name}.values": slot.values for slot in file.slots}
    for where, entries in lists.items():
        names = [entry.name for entry in entries]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice is not None:
            raise wrong(path, where, _("the name {name} stands there twice", name=twice))


def small(text: str) -> str:
    """Return `text` in small letters, each at its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def whole_words(text: str, start: int, end: int) -> bool:
    """Tell whether Latin letters and digits at the ends of `text[start:end]` are not cut out of a longer word."""
    return not (
        (start > 0 and _latin(text[start]) and _latin(text[start - 1]))
        or (end < len(text) and _latin(text[end - 1]) and _latin(text[end]))
    )


def _latin(char: str) -> bool:
    return char.isalnum() and char < "\u2e80"
