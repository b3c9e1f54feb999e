"""What places and sections are called in tables."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from ..models import Place
from ..outlines.models import Outline
from ..output.notes import OFFICER, spots_of
from ..output.wording import Wording
from .sources import Sources

HASH: Final = 16
"""Characters of a fingerprint that a table shows; the evidence file has all."""


@cache
def wording(language: str) -> Wording:
    """Return the words of the footnotes, read once."""
    return Wording(language)


def place_title(place: Place, sources: Sources) -> str:
    """Return a place as a reader finds it, in the words of the footnotes: file, page, sheet and cell."""
    return places_title([place], sources)


def places_title(places: Sequence[Place], sources: Sources) -> str:
    """Return several places, each file once."""
    chinese = sources.language.startswith("zh")
    found = []
    for file in dict.fromkeys(one.file for one in places):
        if file == OFFICER:
            found.append(sources.say("officer"))
            continue
        here = [one for one in places if one.file == file]
        spots = spots_of(here, wording(sources.language))
        comma = "，" if chinese else " " if spots.startswith(" (") else ", "
        found.append(f"{here[0].name}{comma}{spots.strip()}" if spots else here[0].name)
    return ("；" if chinese else "; ").join(found)


def capital(text: str, sources: Sources) -> str:
    """Return a title as it stands in a table: in English with a capital."""
    return text if sources.language.startswith("zh") else f"{text[:1].upper()}{text[1:]}"


def section_titles(outline: Outline, sources: Sources) -> dict[str, str]:
    """Return the titles of the sections by id."""
    return {one.id: one.title.within(sources.language) for one in outline.sections}
