"""The evidence as a page: each sentence and each number opens what it rests on. Nothing runs in it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from appliance.labels.content import ContentLabel

from ..models import Cell, Figure, Paragraph, Place, Report, Sentence
from .arranging import Heading, Layout, Pictured, Piece, Prose, Tabled, arrange
from .html import page, remarks, text
from .labelling import labelled
from .notes import name_of, spot_of
from .wording import Wording

_SHORT: Final = 12  # signs of a hash beside a place; the whole stands in the list of files
_MOST_PLACES: Final = 40


def evidence_html(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the evidence as a page in UTF-8; `template` is for Word and changes nothing here."""
    layout = arrange(report, draft=draft, labelled=label is not None)
    return labelled(_EvidencePage(layout).whole().encode(), label, "evidence.html")


class _EvidencePage:
    """Writes the page of one report."""

    def __init__(self, layout: Layout) -> None:
        report = layout.report
        self._layout = layout
        self._words: Wording = layout.words
        self._figures = {figure.id: figure for figure in report.figures}
        self._linked: dict[str, int] = {}
        self._hashes = {file.id: file.sha256 for file in report.files}
        self._sentences = {
            sentence.id: sentence
            for section in report.sections
            for block in section.blocks
            if isinstance(block, Paragraph)
            for sentence in block.sentences
        }

    def whole(self) -> str:
        words, given = self._words, self._layout.fields
        title = f"{words('evidence')} - {given['title']} - {given['subject']}"
        parts = [
            f"<h1>{text(words('evidence'))}</h1>",
            f'<p class="subject">{text(given["running"])}</p>',
        ]
        parts.append(f"<p>{text(given['version_label'])} {text(given['version'])} · {text(given['report_id'])}</p>")
        parts += [f'<p class="draft">{text(given["draft"])}</p>'] if self._layout.draft else []
        parts += [f"<p><b>{text(self._layout.notice)}</b></p>"] if self._layout.notice else []
        parts.append(f'<p class="quiet">{text(words("evidence_intro"))}</p>')
        for piece in self._layout.pieces:
            parts += self._piece(piece)
        parts += [*self._all_figures(), *self._all_files(), *remarks(self._layout)]
        return page(title, words, "\n".join(parts), author=given["author"])

    def _piece(self, piece: Piece) -> Iterator[str]:
        if isinstance(piece, Heading):
            level = piece.level + 1
            yield f'<h{level} id="{piece.anchor}">{piece.number} {text(piece.title)}</h{level}>'
        elif isinstance(piece, Prose):
            for sentence in piece.sentences:
                yield self._sentence(sentence)
        elif isinstance(piece, Tabled):
            yield f"<p><b>{text(piece.label)}</b> {text(piece.table.caption)}</p>"
            yield from self._table(piece)
        else:
            yield self._picture(piece)

    def _sentence(self, sentence: Sentence) -> str:
        inner = list(self._sources(sentence.figures, sentence.places))
        for name in sentence.rests_on:
            other = self._sentences.get(name)
            shown = f'<a href="#s-{text(name)}">{text(other.text)}</a>' if other else text(name)
            inner.append(f"<p>{text(self._words('rests_on'))} {shown}</p>")
        if not inner:
            inner.append(f'<p class="quiet">{text(self._words("no_source"))}</p>')
        inner.append(f'<p class="quiet">{text(sentence.id)} · {text(self._words(f"by_{sentence.by}"))}</p>')
        summary = f"<summary>{text(sentence.text)}</summary>"
        return f'<details id="s-{text(sentence.id)}">{summary}<div>{"".join(inner)}</div></details>'

    def _table(self, piece: Tabled) -> Iterator[str]:
        for row in piece.table.rows:
            cells = [
                (title, cell)
                for title, cell in zip(piece.table.columns, piece.cells(row), strict=True)
                if cell.figure or cell.figures or cell.place is not None or cell.places
            ]
            if not cells:
                continue
            inner = "".join(self._cell(title, cell) for title, cell in cells)
            shown = " · ".join(text(cell.text) for cell in piece.cells(row) if cell.text)
            yield f"<details><summary>{shown}</summary><div>{inner}</div></details>"

    def _cell(self, title: str, cell: Cell) -> str:
        places = [*([cell.place] if cell.place is not None else []), *cell.places]
        figures = [*([cell.figure] if cell.figure else []), *cell.figures]
        sources = "".join(self._sources(dict.fromkeys(figures), places))
        return f"<p><b>{text(title)}</b> {text(cell.text)}</p>{sources}"

    def _picture(self, piece: Pictured) -> str:
        picture = piece.picture
        inner = "".join(self._sources(picture.figures, picture.places))
        summary = f"<summary><b>{text(piece.label)}</b> {text(picture.caption)}</summary>"
        return f"<details>{summary}<div>{inner}</div></details>"

    def _sources(self, figures: Iterable[str], places: Iterable[Place]) -> Iterator[str]:
        told: set[Place] = set()
        for name in figures:
            if (figure := self._figures.get(name)) is not None:
                told.update(figure.places)
                yield self._figure(figure)
        rest = [place for place in places if place not in told]
        for place in rest[:_MOST_PLACES]:
            yield self._place(place)
        if len(rest) > _MOST_PLACES:
            yield f"<p>{text(self._words('more_places', count=len(rest) - _MOST_PLACES))}</p>"

    def _figure(self, figure: Figure) -> str:
        """Write a figure with its inputs; a figure among those is a link to where it stands once."""
        words = self._words
        head = f"<p><b>{text(figure.title)}</b> {text(figure.period)} = {text(figure.shown)}</p>"
        note = f"<p>{text(figure.note)}</p>" if figure.note else ""
        lines = [f"<p>{text(words('formula'))} <code>{text(figure.formula)}</code></p>", note]
        for one in figure.inputs:
            shown = f"{text(one.symbol)} = {text(one.shown)}"
            below = self._figures.get(one.figure or "")
            if below is not None:
                self._linked.setdefault(below.id, len(self._linked) + 1)
                shown = f'<a href="#figure-{self._linked[below.id]}">{shown}</a>'
            lines.append(f"<p>{shown}</p>")
            if one.place is not None and below is None:
                lines.append(self._place(one.place))
        return f'<div class="source">{head}{"".join(lines)}</div>'

    def _all_figures(self) -> Iterator[str]:
        """Write the figures that others rest on, and those that these rest on in turn."""
        done = 0
        while done < len(self._linked):
            if not done:
                yield f"<h2>{text(self._words('figures'))}</h2>"
            name = list(self._linked)[done]
            done += 1
            figure = self._figures[name]
            summary = f"<summary>{text(figure.title)} {text(figure.period)} = {text(figure.shown)}</summary>"
            yield f'<details>{summary}<div id="figure-{self._linked[name]}">{self._figure(figure)}</div></details>'

    def _all_files(self) -> Iterator[str]:
        yield f"<h2>{text(self._words('files_title'))}</h2>"
        for file in self._layout.report.files:
            yield f'<p id="file-{text(file.id)}">{text(file.id)} {text(file.name)}<br>'
            yield f'<span class="hash">SHA-256 {text(file.sha256)}</span></p>'

    def _place(self, place: Place) -> str:
        words = self._words
        quote = f"<p>{text(words('quote'))} <q>{text(place.quote)}</q></p>" if place.quote else ""
        digest = self._hashes.get(place.file)
        hashed = ""
        if digest:
            short = f"{text(digest[:_SHORT])}…"
            hashed = f' <a class="hash" href="#file-{text(place.file)}" title="{text(words("hash"))}">{short}</a>'
        where = f"<p>{text(name_of(place, words))} {text(spot_of(place, words))}{hashed}</p>"
        return f'<div class="source">{where}{quote}</div>'
