"""The papers that a company hands in for a loan: one function a paper."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import pages, tables, values
from .blocks import parse, to_html, to_markdown, to_pdf, to_typst, write_docx
from .books import write_book
from .companies import Company
from .flows import Accounts
from .layouts import LAYOUTS, Layout
from .planted import Planted
from .scans import scanned_pdf
from .sheets import Sheet, sheets_of
from .story import Story

TEXTS: Final = Path(__file__).with_name("texts")
BASIC_ACCOUNT: Final = "8800 0123 4567 0918"
GENERAL_ACCOUNT: Final = "6600 0456 7801 2203"


@dataclass(frozen=True)
class Desk:
    """Where the papers of one folder are made."""

    folder: Path
    story: Story
    unaudited: Company
    faults: frozenset[str]
    planted: Planted
    accounts: Accounts

    @property
    def company(self) -> Company:
        """Return whose papers they are."""
        return self.story.company

    def text(self, name: str, more: dict[str, str] | None = None) -> str:
        """Return a paper's text with its values."""
        source = (TEXTS / ("zh" if self.story.chinese else "en") / f"{name}.txt").read_text(encoding="utf-8")
        return source.format_map(values.common(self.story) | (more or {}))

    def layout(self, chinese: str, english: str = "english") -> Layout:
        """Return a layout; without the cash flow where that is a fault."""
        return LAYOUTS[chinese if self.story.chinese else english]


Paper = Callable[[Desk, Path], None]


def from_text(name: str, number: int | None = None) -> Paper:
    """Return what writes a text of the folder texts; `number` is that of a contract."""

    def write(desk: Desk, path: Path) -> None:
        more = {} if number is None else values.contract(desk.story, number)
        more |= values.tax(desk.story) if name == "tax" else {}
        source = desk.text(name, more)
        blocks, language = parse(source), desk.story.language
        if path.suffix == ".docx":
            write_docx(path, blocks, language)
        elif path.suffix == ".md":
            path.write_text(to_markdown(blocks, language), encoding="utf-8")
        else:
            head = "" if name in ("licence", "tax") else desk.company.name_in(language)
            size = 12.5 if name == "licence" else 10.5
            path.write_bytes(to_pdf(blocks, path.stem, language, head=head, size=size))

    return write


def licence(desk: Desk, path: Path) -> None:
    """Write the licence; as a picture without text where that is a fault."""
    if "scan" not in desk.faults:
        from_text("licence")(desk, path)
        return
    begin = pages.start(path.stem, desk.story.language, size=12.5)
    path.write_bytes(scanned_pdf(begin + to_typst(parse(desk.text("licence")))))
    desk.planted.scanned.append(path.name)


def statements(year: int) -> Paper:
    """Return what writes the company's own statements of a year."""

    def write(desk: Desk, path: Path) -> None:
        names = {2023: "one_sided_notes", 2024: "one_sided_notes", 2025: "group_together"}
        layout = desk.layout(
            "merged_headers" if "merged_headers" in desk.faults else names.get(year, "one_sided_notes")
        )
        write_book(path, _kept(desk, sheets_of(desk.unaudited, layout, year)))

    return write


def _kept(desk: Desk, sheets: list[Sheet]) -> list[Sheet]:
    if "missing_cash_flow" not in desk.faults:
        return sheets
    return [sheet for sheet in sheets if not any(word in sheet.title for word in ("现金流量", "Cash Flow"))]


def audit(year: int) -> Paper:
    """Return what writes the audit report of a year: cover, opinion, statements, notes."""

    def write(desk: Desk, path: Path) -> None:
        more = values.audit(desk.story, year)
        language, company = desk.story.language, desk.company
        layout = desk.layout("long_pages" if year % 2 else "one_sided_notes")
        statements = _kept(desk, sheets_of(company, layout, year))
        cover = pages.title(company.name_in(language), "1.9em")
        heading = pages.title(desk.story.word(f"{year}年度审计报告", f"Annual audit report {year}"), "2em")
        sign = pages.title(more["audit_date"] + "\n" + values.common(desk.story)["auditor"], "1.1em")
        parts = [
            pages.start(path.stem, language, head=f"{company.name_in(language)}　{year}"),
            f"#v(5cm)\n{cover}#v(1cm)\n{heading}#v(6cm)\n{sign}#pagebreak()\n",
            to_typst(parse(desk.text("audit", more))),
            "#pagebreak()\n#set text(size: 8.6pt)\n",
            "#pagebreak()\n".join(pages.statement(sheet) for sheet in statements),
            "#pagebreak()\n#set text(size: 10.5pt)\n",
            to_typst(parse(desk.text("notes", more))),
        ]
        path.write_bytes(pages.pdf("".join(parts)))

    return write


def basic(desk: Desk, path: Path) -> None:
    """Write the basic account."""
    tables.write_csv_statement(path, desk.story, desk.accounts.basic(), BASIC_ACCOUNT)


def general(desk: Desk, path: Path) -> None:
    """Write the second account, of which a month is missing."""
    tables.write_book_statement(path, desk.story, desk.accounts.general(), GENERAL_ACCOUNT)


def enforcement(desk: Desk, path: Path) -> None:
    """Write the search of enforcement as a saved web page."""
    story = desk.story
    rows = [tables.case_row(story, case) for case in story.cases if case.filed_on < "2025" and not case.defendant]
    word = story.word
    header = word("||案号|立案日期|执行法院|案由|申请执行人|被执行人|企业身份|执行标的（元）|状态",
                  "||Case number|Filed on|Court|Cause|Applicant|Respondent|Role|Amount (CNY)|Status")  # fmt: skip
    body = [[f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [word("= 执行信息查询结果", "= Enforcement search"), "",
             word("查询对象：", "Subject: ") + desk.company.name_in(story.language),
             word("查询日期：2026-04-18", "Date: 2026-04-18"), "", header, *("|" + "|".join(row) for row in body),
             "", word("未查询到该企业作为被执行人的记录，未查询到失信被执行人记录。",
                      "No record of the company as a judgment debtor was found.")]  # fmt: skip
    path.write_text(to_html(parse("\n".join(lines)), path.stem, story.language), encoding="utf-8")


def of_table(write: Callable[[Path, Story], None]) -> Paper:
    """Return what writes a paper that is only a table."""
    return lambda desk, path: write(path, desk.story)
