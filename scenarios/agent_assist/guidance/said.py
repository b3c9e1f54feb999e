"""Phrases of the YAML files of this folder, numbered so that a turn is searched once for all of a book's."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appliance.core.messages import Message, _

from ..reading.files import wrong
from ..rules.phrases import PhraseError, read_phrase
from ..rules.scanning import Scanner
from .choosing import read_terms

Written = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
IntentName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
SlotName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


_READ = 5000  # characters of a turn that are searched: minutes of speech


class Form(BaseModel):
    """A part of a YAML file; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Said(Form):
    """Phrases, any of which counts, whatever language the rest of the turn is in; written as those of the rules are."""

    en: tuple[Written, ...] = Field(default=(), max_length=100)
    zh: tuple[Written, ...] = Field(default=(), max_length=100)

    def __bool__(self) -> bool:
        """Tell whether there is a phrase."""
        return bool(self.en or self.zh)


class Ear:
    """The phrases of one book."""

    def __init__(self) -> None:
        self._scanner = Scanner()

    def take(self, said: Said, path: Path, entry: str) -> int | None:
        """Number phrases; None where there is none. Raises `ConfigError` for one that cannot be read."""
        phrases = []
        for language, written in (("en", said.en), ("zh", said.zh)):
            for text in written:
                try:
                    phrases.append(read_phrase(text, language, {}))
                except PhraseError as error:
                    reason = _("the phrase {phrase}: {reason}", phrase=text, reason=error.message)
                    raise wrong(path, f"{entry}.{language}", reason) from error
        return self._scanner.add(phrases, ()) if phrases else None

    def hear(self, text: str) -> frozenset[int]:
        """Return the numbers of the phrases that a text has, of a very long one its beginning."""
        _count, found = self._scanner.scan(text[:_READ])
        return frozenset(found)


def unknown_intents(entry: str, names: Collection[str]) -> tuple[Message, ...]:
    """Return a warning for each intent that the pack does not ship: it may be the bank's own, or misspelt."""
    return tuple(
        _(
            "{entry}: no shipped intent is called {name}; it counts once an own intent has that name.",
            entry=entry,
            name=name,
        )
        for name in sorted(set(names) - read_terms().keys())
    )
