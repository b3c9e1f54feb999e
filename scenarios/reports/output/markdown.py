"""The report as Markdown: footnotes, pipe tables, charts as data at the end of the file."""

import base64
import re
from pathlib import Path
from typing import Final

from appliance.labels.content import ContentLabel

from ..models import Report, Table
from .arranging import Heading, Layout, Pictured, Piece, Prose, Tabled, arrange, moment
from .labelling import labelled
from .notes import Note
from .wording import clean, one_line

_SIGNS: Final = re.compile(r"([\\`*_{}\[\]<>#|~$!&^])")
_LINE_MARK: Final = re.compile(r"^(\d+)([.)])|^([-+=:])")
"""What a line may begin a list or an underlined heading with."""


def to_markdown(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the report as Markdown in UTF-8; `template` is for Word and changes nothing here."""
    layout = arrange(report, draft=draft, labelled=label is not None)
    return labelled(write_markdown(layout).encode(), label, "report.md")


def write_markdown(layout: Layout) -> str:
    """Return the text of the file."""
    given, words = layout.fields, layout.words
    parts = [f"# {_escaped(given['title'])}", f"**{_escaped(given['subject'])}**"]
    cover = ("bank", "as_of", "version", "author", "sign_off", "report_id", "made_at")
    labels = {name: given.get(f"{name}_label", "") for name in cover}
    gap = "：" if words.chinese else ": "
    lines = [
        f"{_escaped(labels[name])}{gap if labels[name] else ''}{_escaped(given[name])}" for name in cover if given[name]
    ]
    parts.append("\n".join(f"- {line}" for line in lines))
    parts += [f"**{_escaped(text)}**" for text in (given["draft"], given["confidential"]) if text]
    if layout.notice:
        parts.append(layout.notice)
    parts += [_piece(piece) for piece in layout.pieces]
    parts.append(f"## {words('about')}")
    parts.append("\n".join(f"- {_escaped(name)}{gap}{_escaped(value)}" for name, value in layout.imprint))
    parts += [_escaped(text) for text in layout.about]
    if layout.notice:
        parts.append(layout.notice)
    if layout.remarks:
        parts.append(f"## {words('remarks')}")
        parts.append("\n".join(
            f"- {_escaped(moment(one.at))} · {_escaped(one.by)} · {_escaped(one.where)}{gap}{_escaped(one.text)}"
            for one in layout.remarks
        ))  # fmt: skip
    parts += [f"[^{note.number}]: {_note_text(note)}" for note in layout.notes]
    parts += [_chart_data(one.number, one.png) for one in layout.pieces if isinstance(one, Pictured) and one.png]
    return "\n\n".join(parts) + "\n"


def _piece(piece: Piece) -> str:
    if isinstance(piece, Heading):
        head = f"{'#' * (piece.level + 1)} {piece.number} {_escaped(piece.title)}"
        return f"{head}\n\n*{_escaped(piece.edited)}*" if piece.edited else head
    if isinstance(piece, Prose):
        mark = f"**{_escaped(piece.mark)}** " if piece.mark else ""
        text = mark + _escaped(piece.text) + _mark(piece.note)
        if piece.style == "item":
            return f"- {text}"
        return f"> {text}" if piece.style in ("opinion", "warning", "quotation") else text
    if isinstance(piece, Tabled):
        after = f"\n\n{_escaped(piece.table.note)}" if piece.table.note.strip() else ""
        return f"**{piece.label}** {_escaped(piece.table.caption)}{_mark(piece.note)}\n\n{_table(piece)}{after}"
    picture = piece.picture
    after = f"\n\n{_escaped(picture.note)}" if picture.note.strip() else ""
    alt = _escaped(picture.alt or picture.caption)
    shown = f"![{alt}][chart-{piece.number}]" if piece.png else alt
    return f"{shown}\n\n**{piece.label}** {_escaped(picture.caption)}{_mark(piece.note)}{after}"


def _table(piece: Tabled) -> str:
    table: Table = piece.table
    numeric = [*table.numeric, *[False] * len(table.columns)][: len(table.columns)]
    rows = ["| " + " | ".join(_cell(title) for title in table.columns) + " |"]
    rows.append("|" + "|".join("---:" if number else "---" for number in numeric) + "|")
    for row in table.rows:
        texts = (
            f"**{_cell(cell.text)}**" if cell.strong and cell.text.strip() else _cell(cell.text)
            for cell in piece.cells(row)
        )
        rows.append("| " + " | ".join(texts) + " |")
    return "\n".join(rows)


def _mark(note: Note | None) -> str:
    return f"[^{note.number}]" if note is not None else ""


def _note_text(note: Note) -> str:
    """Return a note's text; one single word would be the address of a link to readers without footnotes."""
    text = _escaped(note.text)
    return text if " " in text else f"{text} \u200b"


def _chart_data(number: int, png: bytes) -> str:
    return f"[chart-{number}]: data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _cell(text: str) -> str:
    return _SIGNS.sub(r"\\\1", one_line(text, 10_000))


def _escaped(text: str) -> str:
    """Return the text so that nothing in it acts as Markdown or HTML; its lines become one."""
    line = _SIGNS.sub(r"\\\1", " ".join(clean(text).split()))
    return _LINE_MARK.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", line)
