"""The papers of a made-up company: its statements in many layouts, and whole folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import pages
from .books import write_book
from .companies import Company, Truth
from .folders import FAULTS, write_folder
from .layouts import LAYOUTS, Layout
from .sheets import Sheet, sheets_of

__all__ = ["FAULTS", "Written", "statements_pdf", "write_folder", "write_statements"]
Format = Literal["xlsx", "pdf"]


@dataclass(frozen=True)
class Written:
    """A file of statements and every number that is printed in it, in yuan as a reader of the print gets it."""

    path: Path
    truth: tuple[Truth, ...]
    """Lines that print nothing, a dash or a zero are left out."""


def write_statements(
    company: Company, folder: Path, layout: str | Layout, format: Format, years: tuple[int, ...] | None = None  # noqa: A002
) -> list[Written]:  # fmt: skip
    """Write the statements of each of `years` (its three) in a layout; a layout of three columns needs only the last.

    Raises `KeyError` for a layout that there is not.
    """
    how = LAYOUTS[layout] if isinstance(layout, str) else layout
    chosen = years or (company.years if how.columns == 2 else company.years[-1:])
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for year in chosen:
        sheets = sheets_of(company, how, year)
        parts = [[sheet] for sheet in sheets] if how.files == "separate" else [sheets]
        for part in parts:
            name = f"{year}-{part[0].name if how.files == 'separate' else _whole(how)}.{format}".replace(" ", "-")
            path = folder / name
            if format == "xlsx":
                write_book(path, part, stacked=how.files == "stack")
            else:
                path.write_bytes(statements_pdf(part, company.name_in(how.language)))
            written.append(Written(path, tuple(row for sheet in part for row in sheet.truth)))
    return written


def statements_pdf(sheets: list[Sheet], company: str) -> bytes:
    """Return statements as pages, each statement on pages of its own."""
    layout = sheets[0].layout
    large = layout.name == "long_pages"
    begin = pages.start(
        sheets[0].title, layout.language, flipped=layout.landscape,
        size=9.5 if large else 7.0 if layout.landscape else 8.2, margin="1.5cm", head=company,
    )  # fmt: skip
    return pages.pdf(begin + "#pagebreak()\n".join(pages.statement(sheet) for sheet in sheets))


def _whole(layout: Layout) -> str:
    return "financial-statements" if layout.language == "en" else "财务报表"
