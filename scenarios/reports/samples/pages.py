"""Pages as PDF by Typst, offline, with the Chinese font that a package of ours brings."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .marks import mark
from .sheets import SIGNATURES, Cell, Sheet

if TYPE_CHECKING:
    import typst

_MADE: Final = datetime(2026, 3, 20, tzinfo=UTC)
"""Stands in the PDF as the time of its making, so that the same paper has the same bytes."""
_START: Final = """
#set document(title: {title})
#set page(paper: "a4", flipped: {flipped}, margin: (x: {margin}, top: 2.2cm, bottom: 2cm), footer: context [
  #set text(size: 7.5pt, fill: luma(110))
  #{mark} #h(1fr) #counter(page).display("1 / 1", both: true)
], header: [#set text(size: 8pt, fill: luma(90)); #{head}])
#set text(font: ({font}), size: {size}pt, lang: "{lang}")
#set par(leading: 0.75em, spacing: 1.05em, justify: true)
#let b(it) = {bold}
#let para(it) = par(first-line-indent: (amount: {indent}, all: true), it)
#show table: set par(justify: false)
#show table: set text(hyphenate: false)
#show heading: it => block(above: 1.4em, below: 0.9em, b(it.body))
#show heading.where(level: 1): set text(size: 0.92em)
#show heading.where(level: 2): set text(size: 0.9em)
"""


@cache
def _compiler() -> "typst.Compiler":
    import typst

    found = find_spec("zhplot")  # not imported: it would set up matplotlib
    fonts = [Path(place) / "fonts" for place in (found.submodule_search_locations or ()) if found] if found else []
    return typst.Compiler(font_paths=[str(folder) for folder in fonts], ignore_system_fonts=True)


def pdf(markup: str) -> bytes:
    """Return the pages of Typst markup."""
    made = _compiler().compile(input=markup.encode(), format="pdf", timestamp=_MADE)
    assert isinstance(made, bytes)
    return made


def png(markup: str, ppi: float = 110.0) -> bytes:
    """Return the first page of Typst markup as pixels, as a scanner gives it."""
    made = _compiler().compile(input=markup.encode(), format="png", ppi=ppi, timestamp=_MADE)
    return made[0] if isinstance(made, list) else made or b""


def quoted(text: str) -> str:
    """Return a text as a string of Typst, so that nothing in it is markup."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def start(
    title: str, language: str, *, flipped: bool = False, size: float = 10.5, margin: str = "2.3cm", head: str = ""
) -> str:
    """Return the beginning of a document: page, fonts, header and the footer that says that it is made up."""
    chinese = language.startswith("zh")
    return _START.format(
        title=quoted(title), flipped=str(flipped).lower(), margin=margin, mark=quoted(mark(language)),
        head=quoted(head), font='"Noto Sans SC",' if chinese else '"Libertinus Serif", "Noto Sans SC"', size=size,
        lang="zh" if chinese else "en",
        bold="text(stroke: 0.016em, it)" if chinese else 'text(weight: "bold", it)', indent="2em" if chinese else "0em",
    )  # fmt: skip


def heading(text: str, level: int = 1) -> str:
    """Return a heading."""
    return f"#heading(level: {level}, {quoted(text)})\n"


def title(text: str, size: str = "1.6em") -> str:
    """Return a centred title."""
    return f"#align(center, block(above: 0.5em, below: 1.2em, text(size: {size}, b({quoted(text)}))))\n"


def paragraph(text: str) -> str:
    """Return a paragraph with its first line indented, in Chinese."""
    return f"#para({quoted(text)})\n"


def right(*lines: str) -> str:
    """Return lines at the right, such as a signature."""
    return "".join(f"#align(right, {quoted(line)})\n" for line in lines)


@cache
def seal(name: str) -> str:
    """Return a red seal over the lines before it, as companies stamp papers: a picture, so that no text is added."""
    words = quoted(name if len(name) < 13 else name[: len(name) // 2] + "\n" + name[len(name) // 2 :])
    drawn = png(
        "#set page(width: 3.4cm, height: 3.4cm, margin: 0.1cm, fill: none)\n"
        '#set text(font: ("Libertinus Serif", "Noto Sans SC"), fill: rgb("#c8322c"))\n'
        '#circle(radius: 1.55cm, stroke: 1.6pt + rgb("#c8322c"), align(center + horizon, text(size: 6.5pt, '
        f"par(justify: false, leading: 0.4em, {words})) + v(-0.6em) + text(size: 15pt, sym.star.filled)))\n"
    )
    data = ", ".join(str(byte) for byte in drawn)
    return f"#place(right, dx: -1.2cm, dy: -2.7cm, image(bytes(({data})), width: 3.3cm))\n"


def pairs(rows: Iterable[tuple[str, str]], widths: str = "(32%, 1fr)") -> str:
    """Return a table of names and values, as forms have."""
    cells = ", ".join(f"b({quoted(name)}), {quoted(value)}" for name, value in rows)
    return f"#table(columns: {widths}, stroke: 0.5pt + luma(120), inset: 6.5pt, align: horizon + left, {cells})\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: str, *, numeric: Sequence[int] = ()) -> str:
    """Return a ruled table whose header stands on every page; `numeric` are columns that stand to the right."""
    aligns = ", ".join("right" if index in numeric else "left" for index in range(len(header)))
    top = ", ".join(f"table.cell(align: center, b({quoted(name)}))" for name in header)
    cells = ", ".join(quoted(value) for row in rows for value in row)
    return (
        f"#table(columns: {widths}, stroke: 0.5pt + luma(120), inset: 5pt, align: ({aligns},), "
        f"table.header(repeat: true, {top}), {cells})\n"
    )


def statement(sheet: Sheet) -> str:
    """Return a statement as markup: title, lines above, ruled table with repeated header."""
    layout = sheet.layout
    head = (
        f"#align(center, text(size: 1.45em, b({quoted(sheet.title)})))\n"
        f"#align(center, {quoted(sheet.middle)})\n"
        f"#grid(columns: (1fr, auto), {quoted(sheet.left)}, {quoted(sheet.right)})\n#v(-0.4em)\n"
    )
    columns = ", ".join(f"{width}fr" for width in sheet.widths)
    per_side = len(sheet.widths) // (2 if layout.two_sided and len(sheet.rows[0]) == len(sheet.widths) else 1)
    top = ", ".join(_cell(cell, "center") for row in sheet.header for cell in row)
    body = ", ".join(
        _cell(cell, _side(cell, index, per_side, layout.index or layout.notes))
        for row in sheet.rows
        for index, cell in enumerate(row)
    )
    inset = "(x: 3.5pt, y: 2.1pt)" if layout.landscape else "(x: 4pt, y: 4.2pt)"
    return (
        f"{head}#table(columns: ({columns}), stroke: 0.45pt + luma(100), inset: {inset}, align: horizon, "
        f"table.header(repeat: true, {top}), {body})\n"
        f"#v(0.2em)\n#{quoted(SIGNATURES[layout.language])}\n"
    )


def _side(cell: Cell, index: int, per_side: int, extra: bool) -> str:
    if cell.value is not None or index % per_side > (1 if extra else 0):
        return "right"
    return "center" if extra and index % per_side == 1 else "left"


def _cell(cell: Cell, align: str) -> str:
    text = quoted(cell.text)
    text = f"b({text})" if cell.strong else text
    span = (f"colspan: {cell.across}, " if cell.across > 1 else "") + (
        f"rowspan: {cell.down}, " if cell.down > 1 else ""
    )
    return f"table.cell({span}align: {align} + horizon, {text})"
