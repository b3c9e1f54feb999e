"""What was found in one turn, kept beside it so that no text is searched twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Span = tuple[int, int]
"""Where words begin and end in a turn's text, in characters."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The places in one turn where the phrases of a book were said.

    Cheap to make again and therefore not stored. Marks of another version of the book are made anew by `judge`.
    """

    version: str
    words: int
    """Chinese characters and words of other scripts."""
    hits: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    """By number of the group of phrases in the book."""
