"""What places and sections are called in tables."""

from typing import Final

from ..models import Place
from ..outlines.models import Outline
from .sources import Sources

HASH: Final = 16
"""Characters of a fingerprint that a table shows; the evidence file has all."""


def place_title(place: Place, sources: Sources) -> str:
    """Return a place as a reader finds it: file, page, sheet and cell."""
    if place.file == "officer":
        return sources.say("officer")
    parts = [place.name]
    if place.page is not None:
        parts.append(sources.say("page", page=place.page))
    if place.sheet:
        parts.append(sources.say("sheet", sheet=place.sheet))
    if place.cell:
        parts.append(place.cell)
    return ("，" if sources.language.startswith("zh") else ", ").join(parts)


def section_titles(outline: Outline, sources: Sources) -> dict[str, str]:
    """Return the titles of the sections by id."""
    return {one.id: one.title.within(sources.language) for one in outline.sections}
