"""The bank's own intents: the file `intents.yaml`, and what is learnt from its examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy
from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.scenario.words import Words

from ..reading.files import read_yaml, wrong
from .weights import Floats, Weights

LEAST_EXAMPLES = 5
MOST_EXAMPLES = 200
MOST_OWN = 500
_DOUBT = 0.5  # how much an own intent gains by each nat of entropy in what the first model says
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\??$", max_length=64)]
_Example = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class Entry(BaseModel):
    """One intent of a file: shipped with a title only, of the bank's own with examples too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    title: Words | None = None
    examples: tuple[_Example, ...] = Field(default=(), max_length=MOST_EXAMPLES)
    replaces: tuple[_Name, ...] = Field(default=(), max_length=50)
    """Shipped intents whose place it takes: what they would have been told for counts for it."""
    disabled: bool = False
    """Whether a shipped intent is never shown, or one of the bank's own not yet."""

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len(set(self.examples)) < len(self.examples):
            raise Fault(_("an example stands there twice"))
        return self


class IntentFile(BaseModel):
    """The whole of intents.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intents: tuple[Entry, ...] = Field(default=(), max_length=MOST_OWN)


def read_shipped(path: Path) -> dict[str, Words]:
    """Return the titles of the shipped intents. Raises `ConfigError`."""
    return {entry.name: entry.title for entry in read_yaml(path, IntentFile).intents if entry.title is not None}


def read_own(path: Path, shipped: Sequence[str]) -> tuple[Entry, ...]:
    """Return the bank's own entries, checked against the names of the shipped ones. Raises `ConfigError`."""
    entries = read_yaml(path, IntentFile).intents
    seen: set[str] = set()
    for entry in entries:
        place = f"intents ({entry.name})"
        if entry.name in seen:
            raise wrong(path, place, _("this name stands there twice"))
        seen.add(entry.name)
        for replaced in entry.replaces:
            if replaced not in shipped:
                raise wrong(path, f"{place}.replaces", _("no shipped intent is called {name}", name=replaced))
        if entry.disabled or entry.name in shipped:
            continue
        if entry.title is None:
            raise wrong(path, f"{place}.title", _("an own intent needs a title in both languages"))
    for entry in entries:
        few = len(entry.examples) < LEAST_EXAMPLES and not entry.disabled
        if few and (entry.examples or (entry.name not in shipped and not entry.replaces)):
            raise wrong(
                path,
                f"intents ({entry.name}).examples",
                _(
                    "an intent needs at least {least} examples of what customers say, and it has {count}",
                    least=LEAST_EXAMPLES,
                    count=len(entry.examples),
                ),
            )
    return entries


@dataclass(frozen=True, eq=False)
class OwnIntents:
    """The second model with the bank's own intents in it; all arrays are of its space, a row an intent."""

    names: tuple[str, ...]
    _linear: Floats
    _square: Floats
    _constant: Floats

    @classmethod
    def learn(cls, weights: Weights, examples: Sequence[tuple[str, Floats]]) -> "OwnIntents":
        """Take in intents by name and centred embeddings of their examples, of shape (examples, d). No iterations."""
        rows = [vectors @ weights.space for _name, vectors in examples]
        d = len(weights.spread)
        means = numpy.stack([*weights.means, numpy.zeros(d), *(row.mean(axis=0) for row in rows)])
        counts = numpy.array([*weights.counts, 0.0, *map(len, rows)])[:, None]
        # The mean of an intent is known only as well as its examples are many: drawn to the middle, and wider.
        gained = counts * weights.spread / (counts * weights.spread + 1)
        middle, width = means * gained, 1 + weights.spread * (1 - gained)
        constant = -0.5 * ((middle**2 / width) + numpy.log(width)).sum(axis=1)
        return cls(
            tuple(name for name, _vectors in examples),
            (middle / width).T.astype(numpy.float32),
            (-0.5 / width).T.astype(numpy.float32),
            constant.astype(numpy.float32),
        )

    def shares(self, weights: Weights, centred: Floats, shipped: Floats) -> Floats:
        """Return how likely each own intent is, of shape (own,), given what the first model says of the shipped ones.

        Where the first model is in doubt, of shape (k + 1,) with the sum 1, an own intent is the likelier.
        """
        logits = self.logits(weights, centred) / float(weights.own_temperature)
        doubt = -float(shipped @ numpy.log(numpy.maximum(shipped, 1e-12)))
        logits[len(logits) - len(self.names) :] += _DOUBT * doubt
        chances = numpy.exp(logits - logits.max())
        found: Floats = (chances / chances.sum())[len(chances) - len(self.names) :]
        return found

    def logits(self, weights: Weights, centred: Floats) -> Floats:
        """Return the logits of all: the shipped classes, an intent never heard of, and the own ones."""
        point = centred @ weights.space
        return (point @ self._linear + point**2 @ self._square + self._constant).astype(numpy.float32)
