"""Sections put together sentence by sentence, with ids, and with the sources of the figures beside the others."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from appliance.scenario.words import Words

from .models import Block, Cell, Figure, Paragraph, Place, Section, Sentence, SentenceKind, Table, TableBlock

Style = Literal["text", "item", "opinion", "warning", "quotation"]
QUOTE: Final = 600
"""Most characters of a quotation."""


class Texts:
    """The texts of a YAML file in one language."""

    def __init__(self, words: Mapping[str, Words], language: str) -> None:
        self._words = words
        self.language = language

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text with its values. Raises `KeyError` for a name that the file does not have."""
        text = self._words[name].within(self.language)
        return text.format(**values) if values else text

    def has(self, name: str) -> bool:
        """Whether there is such a text."""
        return name in self._words


class SectionDraft:
    """A section while it grows."""

    def __init__(self, section_id: str, title: str, level: int = 1) -> None:
        self.id = section_id
        self._title = title
        self._level = level
        self._blocks: list[Block] = []

    def say(
        self,
        text: str,
        kind: SentenceKind,
        *,
        figures: Iterable[Figure] = (),
        places: Iterable[Place] = (),
        style: Style = "text",
    ) -> None:
        """Add a paragraph of one sentence."""
        self.paragraph([(text, kind, tuple(figures), tuple(places))], style)

    def paragraph(
        self, sentences: Sequence[tuple[str, SentenceKind, Sequence[Figure], Sequence[Place]]], style: Style = "text"
    ) -> None:
        """Add sentences that stand together, each as text, kind, figures and places."""
        number = len(self._blocks) + 1
        self._blocks.append(
            Paragraph(
                style=style,
                sentences=tuple(
                    Sentence(
                        id=f"{self.id}.{number}.{position}",
                        text=text,
                        kind=kind,
                        figures=tuple(figure.id for figure in figures),
                        places=tuple(
                            dict.fromkeys([*places, *(place for figure in figures for place in figure.places)])
                        ),
                    )
                    for position, (text, kind, figures, places) in enumerate(sentences, start=1)
                ),
            )
        )

    def table(
        self,
        name: str,
        caption: str,
        columns: Sequence[tuple[str, bool, float]],
        rows: Iterable[Sequence[Cell]],
        note: str = "",
    ) -> None:
        """Add a table; a column is its title, whether it is numeric, and its share of the width."""
        self._blocks.append(
            TableBlock(
                table=Table(
                    id=f"{self.id}.{name}",
                    caption=caption,
                    columns=tuple(title for title, _numeric, _width in columns),
                    numeric=tuple(numeric for _title, numeric, _width in columns),
                    widths=tuple(width for _title, _numeric, width in columns),
                    rows=tuple(tuple(row) for row in rows),
                    note=note,
                )
            )
        )

    @property
    def empty(self) -> bool:
        """Whether nothing was added."""
        return not self._blocks

    def finish(self) -> Section:
        """Return the section."""
        return Section(id=self.id, title=self._title, level=self._level, blocks=tuple(self._blocks))


def shortened(text: str, most: int = QUOTE) -> str:
    """Return a text of at most `most` characters, with an ellipsis where some are left out; no number is cut."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    if cut[-1].isdigit() or text[most - 1].isdigit():
        cut = re.sub(r"[\d.,，]+$", "", cut)
    return f"{cut.rstrip()}…"
