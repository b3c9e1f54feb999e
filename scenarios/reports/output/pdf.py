"""The report as a PDF: Typst sets a page program of ours over data, so no text of a report can act as code."""

import calendar
import json
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.labels.content import ContentLabel
from appliance.scenario.charts import font_file

from ..models import Report
from .arranging import TALL_CELL, Heading, Layout, Piece, Prose, Tabled, arrange
from .labelling import labelled
from .notes import Note
from .vectors import safe_svg
from .wording import breakable, clean, display_width

if TYPE_CHECKING:
    import typst

_PROGRAM: Final = Path(__file__).with_name("report.typ")
_HIGHEST: Final = 0.62  # of a chart, as a share of the text's width
_CHART_WIDTH: Final = 0.86
_LONG_TITLE: Final = 32  # halves of a Chinese character
_STANDARD: Final = "a-2a"


@dataclass(frozen=True)
class Printed:
    """A PDF, and the page (from 1) of each heading by its anchor; `about` is the page about the report."""

    content: bytes
    pages: dict[str, int]


def to_pdf(report: Report, template: Path | None, label: ContentLabel | None, draft: bool) -> bytes:
    """Return the report as PDF/A with tags; `template` is for Word and changes nothing here. Raises `Unavailable`."""
    return labelled(print_pages(arrange(report, draft=draft, labelled=label is not None)).content, label, "report.pdf")


def print_pages(layout: Layout) -> Printed:
    """Set the pages of a report. Raises `Unavailable` where the type-setter or its font is missing or fails."""
    import typst

    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(_PROGRAM.read_bytes())
        data = _data(layout, folder)
        (folder / "report.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        try:
            compiler = typst.Compiler(
                folder / "report.typ",
                root=folder,
                font_paths=_fonts(),
                ignore_system_fonts=True,
                package_path=folder,
                package_cache_path=folder,
            )
            content = _compiled(compiler, layout.report.made_at)
            found = json.loads(compiler.query("<at>", field="value"))
        except typst.TypstError as error:
            raise Unavailable(
                _("The pages of the report cannot be set: {reason}.", reason=str(error)[:300].rstrip(". ")),
                _("Other formats are not concerned; report this with the report's number."),
            ) from error
    return Printed(content, dict(found))


def _compiled(compiler: "typst.Compiler", made_at: str) -> bytes:
    """Return the file as PDF/A; a sign that the font lacks is no reason to have none: then as a plain tagged PDF."""
    import typst

    when: dict[str, Any] = {"format": "pdf", "timestamp": _seconds(made_at)}
    try:
        made = compiler.compile(pdf_standards=[_STANDARD], **when)
    except typst.TypstError:
        made = compiler.compile(**when)
    if not isinstance(made, bytes):
        raise TypeError("Typst returned no single file")
    return made


@cache
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[font_file().parent])


def _data(layout: Layout, folder: Path) -> dict[str, Any]:
    report, words, given = layout.report, layout.words, layout.fields
    cover = ("as_of", "version", "author", "sign_off", "report_id", "made_at")
    page = words("page", page="\x00", pages="\x00").split("\x00")
    return {
        "lang": "zh" if words.chinese else "en",
        "region": "cn" if words.chinese else "gb",
        "title": given["title"],
        "subject": given["subject"],
        "bank": given["bank"],
        "author": given["author"],
        "keywords": [report.template, report.id],
        "running": given["running"],
        "long": display_width(given["title"]) > _LONG_TITLE,
        "subtitle": given["subtitle"],
        "draft": layout.draft,
        "notice": layout.notice,
        "contents": layout.with_contents,
        "cover": [(given[f"{name}_label"], given[name]) for name in cover if given[name]],
        "imprint": layout.imprint,
        "about": layout.about,
        "words": {name: words(name) for name in ("contents", "about", "confidential", "draft", "draft_notice")}
        | {"page": page},
        "pieces": _grouped(layout.pieces, folder),
    }


def _grouped(pieces: tuple[Piece, ...], folder: Path) -> list[dict[str, Any]]:
    """Return the pieces as data; wide tables that follow each other share pages turned on their side."""
    out: list[dict[str, Any]] = []
    for piece in pieces:
        data = _piece(piece, folder)
        if not (isinstance(piece, Tabled) and piece.wide):
            out.append(data)
        elif out and out[-1]["type"] == "turned":
            out[-1]["pieces"].append(data)
        else:
            out.append({"type": "turned", "pieces": [data]})
    return out


def _piece(piece: Piece, folder: Path) -> dict[str, Any]:
    if isinstance(piece, Heading):
        return {
            "type": "heading",
            "title": breakable(piece.title),
            "level": piece.level,
            "anchor": piece.anchor,
            "edited": piece.edited,
            "new_page": piece.new_page,
        }
    note = _note(piece.note)
    if isinstance(piece, Prose):
        return {"type": "prose", "style": piece.style, "text": breakable(piece.text), "mark": piece.mark, "note": note}
    if isinstance(piece, Tabled):
        return _table(piece) | {"note": note}
    name = f"chart-{piece.number}"
    svg = safe_svg(piece.picture.svg, f"{name}-")
    file = f"{name}.svg" if svg is not None else f"{name}.png" if piece.png else None
    if file is not None:
        (folder / file).write_bytes(svg.encode() if svg is not None else piece.png)
    return {
        "type": "picture",
        "label": piece.label,
        "caption": clean(piece.picture.caption),
        "file": file,
        "alt": clean(piece.picture.alt) or clean(piece.picture.caption),
        "width": min(_CHART_WIDTH, _HIGHEST / piece.ratio),
        "remark": clean(piece.picture.note),
        "note": note,
    }


def _table(piece: Tabled) -> dict[str, Any]:
    table = piece.table
    count = len(table.columns)
    return {
        "type": "table",
        "label": piece.label,
        "caption": clean(table.caption),
        "columns": [breakable(clean(title)) for title in table.columns],
        "numeric": [*table.numeric, *[False] * count][:count],
        "widths": piece.widths,
        "size": 9 if count <= 6 else 8 if count <= 12 else 7,
        "whole": piece.whole,
        "remark": clean(table.note),
        "rows": [
            [
                {"text": breakable(clean(cell.text)), "strong": cell.strong, "tall": len(cell.text) > 3 * TALL_CELL}
                for cell in piece.cells(row)
            ]
            for row in table.rows
        ],
    }


def _note(note: Note | None) -> dict[str, Any] | None:
    if note is None:
        return None
    return {"mark": f"note-{note.number}", "again": note.again, "text": breakable(note.text)}


def _seconds(made_at: str) -> int:
    """Return the time of making in seconds, so that the same report gives the same file."""
    try:
        return calendar.timegm(time.strptime(made_at[:19].replace(" ", "T"), "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0
