"""How notes are put in order, from `sections.yaml`: sections, measures, and what is not passed on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.words import Words

FILE: Final = Path(__file__).with_name("sections.yaml")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Words
    about: Words
    headings: tuple[str, ...]
    cues: tuple[str, ...]
    opinion: bool = False


class _Measure(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["money", "percent"]
    ways: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: dict[str, _Section]
    order: tuple[str, ...]
    measures: dict[str, _Measure]
    recommends: tuple[str, ...]
    disclosures: tuple[Words, ...] = Field(min_length=1)
    made_up: Words


@dataclass(frozen=True)
class Section:
    """One section of notes."""

    name: str
    title: Words
    about: Words
    opinion: bool
    """What stands in it is somebody's opinion."""
    headings: re.Pattern[str] | None
    cues: re.Pattern[str] | None


@dataclass(frozen=True)
class NoteWords:
    """All of it; patterns are over lower-case text."""

    sections: tuple[Section, ...]
    """In the order in which they are tried."""
    order: tuple[str, ...]
    """In which they are shown."""
    measures: Mapping[str, tuple[str, re.Pattern[str]]]
    """By name: its unit, money or percent, and how it is written."""
    recommends: re.Pattern[str]
    disclosures: tuple[Words, ...]
    made_up: Words
    """Said where sample files are quoted."""

    def section(self, heading: str, text: str, announcement: bool) -> Section | None:
        """Return where a sentence belongs, by its headings, then by its words; None: nowhere."""
        heading, text = heading.casefold(), text.casefold()
        for one in self.sections:
            if one.headings is not None and heading and one.headings.search(heading):
                return one
        for one in self.sections:
            if one.cues is not None and one.cues.search(text):
                return one
        return next(one for one in self.sections if one.name == "announcements") if announcement else None


@cache
def note_words() -> NoteWords:
    """Return what the pack ships. Raises `pydantic.ValidationError` or `re.error` for a faulty file."""
    file = _File.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    sections = tuple(
        Section(name, one.title, one.about, one.opinion, _either(one.headings), _either(one.cues))
        for name, one in file.sections.items()
    )
    measures = {name: (one.unit, re.compile("|".join(one.ways))) for name, one in file.measures.items()}
    return NoteWords(
        sections, file.order, measures, re.compile("|".join(file.recommends)), file.disclosures, file.made_up
    )


def _either(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(patterns)) if patterns else None
