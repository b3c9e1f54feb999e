"""A report arranged for reading, the same for all formats: numbered headings, captions and notes, in their order."""

import base64
import binascii
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.labels.wording import explicit_text

from ..models import Cell, Paragraph, Picture, PictureBlock, Place, Report, Section, Sentence, Table, TableBlock
from ..showing import day_title
from .notes import Note, NoteBook
from .remarks import Remark, remarks_of
from .widths import column_widths
from .wording import Wording, clean, display_width

_LONG_REPORT: Final = 60  # blocks from which chapters begin on a new page
_WHOLE_CHAPTER: Final = 25  # lines from which a chapter of a long report begins on a new page
_WITH_CONTENTS: Final = 4  # headings from which a table of contents is worth its page
_WIDE_TABLE: Final = 9  # columns that need a page turned on its side
TALL_CELL: Final = 200
"""Signs of a cell from which its row is so tall that tables and rows may break."""
_WHOLE_TABLE: Final = 16  # rows up to which a table stands on one page
_PNG: Final = b"\x89PNG\r\n\x1a\n"
LABELLED: Final = ("subject", "as_of", "author", "version", "sign_off", "report_id", "template", "made_at", "files")
"""Fields whose name in the report's language is a tag too, such as `subject_label`."""
FIELDS: Final = (
    "title", "bank", *LABELLED, "confidential", "draft", "notice", "contents_title", "subtitle", "running",
    *(f"{name}_label" for name in LABELLED),
)  # fmt: skip
"""What the tags of a template may be, besides the blocks."""
_LINE: Final = 90  # halves of a Chinese character on a line
_CHART: Final = 14  # lines that a chart takes
_MARKED: Final = {"opinion": "opinion", "warning": "warning"}


@dataclass(frozen=True)
class Heading:
    """A numbered heading."""

    number: str
    title: str
    level: int
    anchor: str
    edited: str = ""
    """Who changed the section, in words."""
    new_page: bool = False


@dataclass(frozen=True)
class Prose:
    """A paragraph with its footnote; `mark` is the word that an opinion or a warning begins with."""

    style: str
    sentences: tuple[Sentence, ...]
    text: str
    note: Note | None
    mark: str = ""


@dataclass(frozen=True)
class Tabled:
    """A table with its caption."""

    number: int
    label: str
    table: Table
    widths: tuple[float, ...]
    note: Note | None
    wide: bool
    whole: bool
    """Whether it stands on one page."""

    def cells(self, row: tuple[Cell, ...]) -> tuple[Cell, ...]:
        """Return a row with a cell for each column, whatever was given."""
        count = len(self.table.columns)
        return (*row, *[Cell(text="")] * (count - len(row)))[:count]


@dataclass(frozen=True)
class Pictured:
    """A chart with its caption; `ratio` is height by width."""

    number: int
    label: str
    picture: Picture
    png: bytes
    ratio: float
    note: Note | None


Piece = Heading | Prose | Tabled | Pictured


@dataclass(frozen=True)
class Layout:
    """A report in reading order."""

    report: Report
    words: Wording
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]
    draft: bool
    notice: str
    """What tells people that AI generated parts of it; empty where it must not stand there."""
    about: tuple[str, ...]
    imprint: tuple[tuple[str, str], ...]
    fields: dict[str, str]
    """What the tags of a template stand for."""
    remarks: tuple[Remark, ...] = ()
    """What people remarked on it, where the file is to carry that."""

    @property
    def headings(self) -> tuple[Heading, ...]:
        """Return the headings alone."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Heading))

    @property
    def with_contents(self) -> bool:
        """Tell whether it is long enough for a table of contents."""
        return len(self.headings) >= _WITH_CONTENTS


def arrange(report: Report, *, draft: bool, labelled: bool) -> Layout:
    """Arrange a report. `labelled`: the notice for people stands in it even if no model phrased any of it."""
    words = Wording(report.language)
    book = NoteBook(words)
    pieces = tuple(_pieces(report, words, book))
    notice = explicit_text(report.language) if labelled or report.by_model else ""
    given = _fields(report, words, draft=draft, notice=notice)
    named = ("report_id", "template", "version", "made_at", "author", "sign_off", "files")
    imprint = tuple((given[f"{name}_label"], given[name]) for name in named if given[name])
    remarks = remarks_of(report, [piece for piece in pieces if isinstance(piece, Heading)], words)
    about = _about(report, words)
    return Layout(report, words, pieces, tuple(book.notes), draft, notice, about, imprint, given, remarks)


def _fields(report: Report, words: Wording, *, draft: bool, notice: str) -> dict[str, str]:
    """Return what the tags of a template stand for, all plain texts."""
    values = {
        "title": report.title,
        "subject": report.subject,
        "bank": report.bank,
        "as_of": _day(report.as_of, report.language),
        "author": report.author,
        "version": str(report.version),
        "sign_off": _sign_off(report, words),
        "report_id": report.id,
        "template": " ".join(filter(None, (report.template, report.template_version))),
        "made_at": moment(report.made_at),
        "files": str(len(report.files)),
        "confidential": words("confidential"),
        "draft": words("draft_notice") if draft else "",
        "notice": notice,
        "contents_title": words("contents"),
        # Titles often name the subject already.
        "subtitle": "" if report.subject in report.title else report.subject,
        "running": " · ".join(
            filter(None, (report.bank, report.title, "" if report.subject in report.title else report.subject))
        ),
    }
    for name in LABELLED:
        values[f"{name}_label"] = words(name)
    return {name: clean(value) for name, value in values.items()}


def _pieces(report: Report, words: Wording, notes: NoteBook) -> Iterator[Piece]:
    counts = {"table": 0, "figure": 0}
    places = {figure.id: figure.places for figure in report.figures}
    for heading, section in zip(_headings(report.sections, words), report.sections, strict=True):
        yield heading
        if heading.level == 1:
            notes.begin_chapter()
        for block in section.blocks:
            if isinstance(block, Paragraph):
                yield _prose(block, words, notes)
                continue
            name = "table" if isinstance(block, TableBlock) else "figure"
            counts[name] += 1
            label = words(name, number=counts[name])
            if isinstance(block, TableBlock):
                yield _tabled(block, counts[name], label, notes, places)
            else:
                yield _pictured(block, counts[name], label, notes, places)


def _headings(sections: Sequence[Section], words: Wording) -> Iterator[Heading]:
    counts: list[int] = []
    long = sum(len(section.blocks) for section in sections) >= _LONG_REPORT
    for order, section in enumerate(sections):
        level = min(section.level, len(counts) + 1)
        counts = [*counts[:level], *[0] * (level - len(counts))]
        counts[level - 1] += 1
        number = ".".join(map(str, counts))
        new_page = long and level == 1 and order > 0 and _lines_of_chapter(sections, order) >= _WHOLE_CHAPTER
        edited = clean(words("edited_by", by=section.edited_by)) if section.edited_by else ""
        yield Heading(number, clean(section.title), level, f"s{order + 1}", edited, new_page)


def _lines_of_chapter(sections: Sequence[Section], first: int) -> float:
    """Return about how many lines a chapter takes, up to the next one."""
    lines = 0.0
    for order, section in enumerate(sections[first:]):
        if order and section.level == 1:
            break
        for block in section.blocks:
            if isinstance(block, Paragraph):
                lines += 1 + sum(display_width(sentence.text) for sentence in block.sentences) / _LINE
            else:
                lines += len(block.table.rows) + 3 if isinstance(block, TableBlock) else _CHART
    return lines


def _prose(block: Paragraph, words: Wording, notes: NoteBook) -> Prose:
    text = words.sentence_gap.join(clean(sentence.text).strip() for sentence in block.sentences)
    places = [place for sentence in block.sentences for place in sentence.places]
    mark = words(_MARKED[block.style]) if block.style in _MARKED else ""
    if text.lstrip("【[(（ ").startswith(mark):
        mark = ""
    return Prose(block.style, block.sentences, text, notes.note(places, text), mark)


def _tabled(
    block: TableBlock, number: int, label: str, notes: NoteBook, figures: dict[str, tuple[Place, ...]]
) -> Tabled:
    table = block.table
    places: list[Place] = []
    for cell in (cell for row in table.rows for cell in row):
        places += [cell.place] if cell.place is not None else figures.get(cell.figure or "", ())
    wide = len(table.columns) >= _WIDE_TABLE
    whole = len(table.rows) <= _WHOLE_TABLE and all(len(cell.text) <= TALL_CELL for row in table.rows for cell in row)
    return Tabled(number, label, table, column_widths(table), notes.note(places), wide, whole)


def _pictured(
    block: PictureBlock, number: int, label: str, notes: NoteBook, figures: dict[str, tuple[Place, ...]]
) -> Pictured:
    picture = block.picture
    try:
        png = base64.b64decode(picture.png_base64)
    except binascii.Error:
        png = b""
    places = [*picture.places, *(place for name in picture.figures for place in figures.get(name, ()))]
    return Pictured(number, label, picture, png, _ratio(png), notes.note(places))


def _ratio(png: bytes) -> float:
    """Return height by width of a PNG; of anything else that of a common chart."""
    if not png.startswith(_PNG) or len(png) < 24:
        return 0.5
    width, height = struct.unpack(">II", png[16:24])
    return height / width if width and height else 0.5


def _about(report: Report, words: Wording) -> tuple[str, ...]:
    """Say who wrote what: code, a model, a person."""
    sentences = [
        sentence
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Paragraph)
        for sentence in block.sentences
    ]
    by_model = sum(sentence.by == "model" for sentence in sentences)
    edited = [clean(f"{section.title} ({section.edited_by})") for section in report.sections if section.edited_by]
    comma = "、" if words.chinese else ", "
    return (
        words("written_code", count=len(sentences) - by_model),
        words("written_model", count=by_model) if by_model else words("written_model_none"),
        words("written_person", sections=comma.join(edited)) if edited else words("written_person_none"),
        words("written_figures"),
        words("evidence_hint"),
    )


def _sign_off(report: Report, words: Wording) -> str:
    signed = report.sign_off
    if signed is None:
        return words("sign_off_none")
    if signed.status in ("pending", "expired"):
        return words(f"sign_off_{signed.status}")
    return words(f"sign_off_{signed.status}", by=signed.by or words("nobody"), at=moment(signed.at or ""))


def moment(text: str) -> str:
    """Return day and minute of an ISO time."""
    found = re.match(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d))?", text)
    return " ".join(filter(None, found.groups())) if found else text


def _day(text: str, language: str) -> str:
    try:
        return day_title(text, language)
    except ValueError:
        return text
