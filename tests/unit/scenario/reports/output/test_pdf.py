"""The PDF: cover, contents, outline, tags, repeated heads, vector charts; and Markdown and HTML beside it."""

import io
import re

import pypdf
import pypdfium2
import pytest
from lxml import etree
from markdown_it import MarkdownIt

from appliance.core.errors import InvalidRequest
from scenarios.reports.models import Cell, Place, Section, Table
from scenarios.reports.output.arranging import Tabled, arrange
from scenarios.reports.output.html import to_html
from scenarios.reports.output.markdown import to_markdown
from scenarios.reports.output.notes import NoteBook
from scenarios.reports.output.pdf import print_pages, to_pdf
from scenarios.reports.output.rendering import render
from scenarios.reports.output.widths import column_widths
from scenarios.reports.output.wording import Wording

from .made import EN, make_report, paragraph, table


@pytest.fixture(scope="module")
def printed(report):
    return print_pages(arrange(report, draft=False, labelled=False))


@pytest.fixture(scope="module")
def pages(printed) -> list[str]:
    with pypdfium2.PdfDocument(printed.content) as document:
        return [document[number].get_textpage().get_text_range() for number in range(len(document))]


def test_headings_stand_on_the_pages_that_the_contents_name(printed, pages, report):
    for number, section in enumerate(report.sections, start=1):
        assert section.title in pages[printed.pages[f"s{number}"] - 1]
        assert re.search(rf"{re.escape(section.title)}.*?{printed.pages[f's{number}']}", pages[1])


def test_the_outline_language_title_and_tags_are_set(printed):
    reader = pypdf.PdfReader(io.BytesIO(printed.content))
    assert reader.outline[0].title.endswith("企业基本情况")
    assert reader.metadata.title == "公司授信尽职调查报告"
    root = reader.trailer["/Root"]
    assert root["/Lang"].startswith("zh")
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfaid:part" in root["/Metadata"].get_data()


def test_a_table_over_pages_repeats_its_head(pages):
    with_rows = [page for page in pages if re.search(r"合同资产 (?:2|3|4|5)\d\b", page)]
    assert len(with_rows) >= 2
    assert all("项目" in page for page in with_rows)


def test_no_heading_stands_last_on_its_page(printed, pages, report):
    for number, section in enumerate(report.sections, start=1):
        page = pages[printed.pages[f"s{number}"] - 1]
        after = page.split(section.title)[-1]
        assert len(after) > 60


def test_a_footnote_stands_on_the_page_of_its_caption():
    sections = tuple(
        Section(
            id=f"s{n}",
            title=f"Section {n}",
            level=1 + n % 3,
            blocks=(
                *(paragraph(f"s{n}", "text", EN, n + order) for order in range(1 + n % 5)),
                table(f"t{n}", f"Values {n}", 8, 4 + n % 3, chinese=False),
            ),
        )
        for n in range(30)
    )
    layout = arrange(make_report("en", sections=sections), draft=False, labelled=False)
    with pypdfium2.PdfDocument(print_pages(layout).content) as document:
        pages = ["".join(document[n].get_textpage().get_text_range().split()) for n in range(len(document))]
    captions = [piece for piece in layout.pieces if isinstance(piece, Tabled)]
    assert len(captions) == 30
    for piece in captions:
        shown = "".join(f"{piece.label}{piece.table.caption}{piece.note.number}".split())
        here = next(page for page in pages if shown in page)
        assert piece.note.again or f"{piece.note.number}{''.join(piece.note.text.split())}" in here


def test_charts_are_vectors(printed):
    reader = pypdf.PdfReader(io.BytesIO(printed.content))
    assert not any(page.images for page in reader.pages)


def test_a_draft_is_marked_on_every_page_and_a_final_report_on_none(report, pages):
    draft = to_pdf(report, None, None, draft=True)
    with pypdfium2.PdfDocument(draft) as document:
        shown = [document[number].get_textpage().get_text_range() for number in range(len(document))]
    assert all("草稿" in page for page in shown)
    assert not any("草稿" in page for page in pages)


def test_the_same_report_gives_the_same_file(report, printed):
    assert print_pages(arrange(report, draft=False, labelled=False)).content == printed.content


def test_a_picture_that_is_none_becomes_its_description():
    report = make_report("en", chapters=1)
    blocks = list(report.sections[1].blocks)
    broken = blocks[-1].picture.model_copy(update={"svg": "no drawing", "png_base64": "***", "alt": "Bars by year"})
    blocks[-1] = blocks[-1].model_copy(update={"picture": broken})
    section = report.sections[1].model_copy(update={"blocks": tuple(blocks)})
    out = render(
        report.model_copy(update={"sections": (section,)}), ["docx", "pdf", "html", "md"], None, None, draft=False
    )
    assert "Bars by year" in out["html"].decode()
    assert "Bars by year" in out["md"].decode()
    with pypdfium2.PdfDocument(out["pdf"]) as document:
        assert any("Bars by year" in document[n].get_textpage().get_text_range() for n in range(len(document)))


def test_an_empty_report_still_makes_every_file():
    out = render(
        make_report("en", sections=(), figures=(), files=()), ["docx", "pdf", "md", "html"], None, None, draft=True
    )
    assert all(out.values())


def test_an_unknown_format_is_refused(report):
    with pytest.raises(InvalidRequest, match="xlsx"):
        render(report, ["xlsx"], None, None, draft=False)


def test_footnotes_of_the_page_lead_both_ways(report):
    root = etree.HTML(to_html(report, None, None, draft=False))
    ids = {element.get("id") for element in root.iter(etree.Element) if element.get("id")}
    links = [a.get("href") for a in root.iter("a")]
    assert links
    assert all(link[1:] in ids for link in links)
    notes = [one for one in ids if one.startswith("note-")]
    assert len(notes) == len([one for one in ids if one.startswith("ref-")]) > 20
    assert root.get("lang") == "zh-CN"
    assert len(list(root.iter("{*}svg", "svg"))) == 2


def test_markdown_tables_have_a_row_for_each_row(report):
    text = to_markdown(report, None, None, draft=False).decode()
    page = etree.HTML(MarkdownIt("commonmark").enable("table").render(text))
    tables = list(page.iter("table"))
    assert [len(list(table.iter("tr"))) for table in tables] == [10, 10, 61, 31]
    assert len(list(page.iter("img"))) == 2


def place(page: int, file: str = "f01", **more) -> Place:
    return Place(file=file, name=f"{file}.pdf", page=page, quote=f"quote {page}", **more)


def test_what_a_note_and_its_text_both_say_is_quoted_once():
    book = NoteBook(Wording("en"))
    first = book.note([place(3)], 'It says "quote  3".')
    assert first.text == "f01 f01.pdf p. 3."
    assert book.note([place(3).model_copy(update={"line": 7})], "quote 3").text == "f01 p. 3."


def test_a_note_names_a_file_once_in_a_chapter_and_caps_its_places():
    book = NoteBook(Wording("en"))
    assert book.note([place(3)]).text == 'f01 f01.pdf p. 3: "quote 3".'
    assert book.note([place(4)]).text == 'f01 p. 4: "quote 4".'
    many = book.note([place(n) for n in range(10, 40)]).text
    assert many == "f01 pp. 10, 11, 12, 13, 14, 15; 24 more in the evidence file."
    again = book.note([place(n) for n in range(10, 40)])
    assert (again.number, again.again) == (3, True)
    assert len(book.notes) == 3
    book.begin_chapter()
    assert book.note([place(4)]).text.startswith("f01 f01.pdf")
    assert book.note([]) is None


def test_columns_of_numbers_get_the_room_that_their_numbers_need():
    rows = tuple(
        (Cell(text="A very long name of an item that may wrap " * 3), Cell(text="-1,234,567.89")) for _ in range(3)
    )
    widths = column_widths(Table(id="t", caption="", columns=("Item", "2025"), numeric=(False, True), rows=rows))
    assert sum(widths) == pytest.approx(1.0)
    assert 0.2 < widths[1] < 0.5


def test_given_widths_are_kept_and_short_rows_filled():
    given = Table(
        id="t", caption="c", columns=("a", "b"), numeric=(False, True), rows=((Cell(text="x"),),), widths=(1, 3)
    )
    assert column_widths(given) == (0.25, 0.75)


def test_a_number_stays_on_one_line_also_where_the_given_widths_are_too_small():
    row = (Cell(text="A text that may wrap over several lines of its column"), Cell(text="270.40万元"))
    given = Table(id="t", caption="c", columns=("a", "b"), numeric=(False, True), rows=(row,), widths=(0.97, 0.03))
    assert column_widths(given)[1] >= 0.1
