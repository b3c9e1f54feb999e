"""Recorded calls to try the pack with, as YAML files in `samples/`."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.scenario.words import Words

from ..models import Direction, Part
from .shapes import GivenTurn, Language

FOLDER = Path(__file__).resolve().parents[1] / "samples"


class Sample(BaseModel):
    """A recorded call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Words
    language: Language
    direction: Direction
    seat: str
    product: str | None = None
    turns: list[GivenTurn] = Field(min_length=1)


class SampleFacts(Part):
    """A recorded call in a list."""

    name: str
    title: str
    language: Language = Field(description="Language that the seat is shown things in.")
    direction: Direction
    turns: int
    duration_s: float


class Samples(Part):
    """The recorded calls."""

    data: list[SampleFacts]


def names() -> list[str]:
    """Return the names of the recorded calls, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def sample(name: str) -> Sample:
    """Return a recorded call. Raises `NotFound`."""
    if name not in names():
        raise NotFound(
            _("There is no recorded call {name}.", name=repr(name)),
            _("There are: {names}.", names=", ".join(names())),
            param="sample",
            code="sample_not_found",
        )
    values: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    values["turns"] = [{"id": f"t{number}", **turn} for number, turn in enumerate(values["turns"], 1)]
    return Sample.model_validate(values)


def samples(language: str) -> Samples:
    """Return the recorded calls, titles in `language`."""
    return Samples(data=[_facts(name, sample(name), language) for name in names()])


def _facts(name: str, one: Sample, language: str) -> SampleFacts:
    duration = max(turn.start_s if turn.end_s is None else turn.end_s for turn in one.turns)
    return SampleFacts(
        name=name,
        title=one.title.within(language),
        language=one.language,
        direction=one.direction,
        turns=len(one.turns),
        duration_s=duration,
    )
