"""PDF tables and places, and the pictures of pages with places marked."""

import io

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

from appliance.core.errors import InvalidRequest, NotFound
from appliance.knowledge.intake.pictures import page_png
from appliance.knowledge.intake.reading import extract
from appliance.knowledge.readers.lookalikes import real_characters
from appliance.knowledge.readers.pdf_lines import paragraphs
from appliance.knowledge.readers.pdf_page import PrintedLine

WIDTH, HEIGHT = A4
GRID = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), "STSong-Light", 10)]
FIVE = "abcde"


@pytest.fixture(scope="module", autouse=True)
def chinese_font():
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def built(tmp_path, *parts):
    path = tmp_path / "a.pdf"
    SimpleDocTemplate(str(path), pagesize=A4).build(list(parts))
    return path


def words(text):
    return Paragraph(text, ParagraphStyle("p", fontName="STSong-Light", fontSize=10, leading=14))


def rows_of(extracted):
    return [
        (block.page, block.table, block.row, {cell.header: block.text[cell.start : cell.end] for cell in block.cells})
        for block in extracted.blocks
        if block.kind == "row"
    ]


def test_a_ruled_table_gives_rows_with_a_header_of_two_levels_and_its_unit(tmp_path):
    cells = [
        ["分行", "2025年", "", "2024年"],
        ["", "存款", "贷款", "存款"],
        ["东城", "1,200", "80", "100"],
        ["西城", "90", "60", "—"],
    ]
    table = Table(cells, style=[*GRID, ("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0))])
    path = built(tmp_path, words("经营情况见下表。"), words("单位：万元"), table, words("以上未经审计。"))
    extracted = extract(path, "a.pdf")
    assert rows_of(extracted) == [
        (1, 1, 1, {"分行": "东城", "2025年 / 存款": "1,200", "2025年 / 贷款": "80", "2024年 / 存款": "100"}),
        (1, 1, 2, {"分行": "西城", "2025年 / 存款": "90", "2025年 / 贷款": "60", "2024年 / 存款": "—"}),
    ]
    assert extracted.captions == ((1, "单位：万元"),)
    assert extracted.text.count("1,200") == 1
    assert [block.text for block in extracted.blocks][-1] == "以上未经审计。"


def test_a_table_that_goes_on_over_pages_is_one_table(tmp_path):
    cells = [["Item", "Fee"], *([f"Item {number}", str(number)] for number in range(1, 101))]
    path = built(tmp_path, Table(cells, style=GRID, repeatRows=1), PageBreak(), words("The end."))
    rows = rows_of(extract(path, "a.pdf"))
    assert [row for _page, _table, row, _cells in rows] == list(range(1, 101))
    assert {table for _page, table, _row, _cells in rows} == {1}
    assert rows[-1] == (3, 1, 100, {"Item": "Item 100", "Fee": "100"})


def test_boxes_and_frames_around_words_are_no_tables(tmp_path):
    path = built(tmp_path, Table([["Only words in a frame, and no table."]], style=GRID), words("After it."))
    extracted = extract(path, "a.pdf")
    assert {block.kind for block in extracted.blocks} == {"text"}
    assert extracted.text.split() == ["Only", "words", "in", "a", "frame,", "and", "no", "table.", "After", "it."]


def drawn(rotation=0, crop=None):
    """A page with one line of text 100 points from the left and 700 from the bottom, and a ruled table."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFont("Helvetica", 20)
    canvas.drawString(100, 700, "The fee is 5 yuan.")
    canvas.save()
    document = pypdfium2.PdfDocument(buffer.getvalue())
    if crop is not None:
        document[0].set_cropbox(*crop)
    document[0].set_rotation(rotation)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (30, 40, 500, 800)])
def test_boxes_lie_on_the_words_in_the_picture_of_the_page(tmp_path, rotation, crop):
    path = tmp_path / "file"
    path.write_bytes(drawn(rotation, crop))
    block = extract(path, "a.pdf").blocks[0]
    (line,) = block.lines
    png = page_png(path, 1, [line.box])
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    dark = Image.eval(picture.convert("L"), lambda value: 255 if value < 100 else 0).getbbox()
    marked = Image.eval(picture.getchannel("B"), lambda value: 255 if value < 200 else 0).getbbox()
    assert dark is not None
    # The mark holds all the ink, and little more.
    assert all(outer <= inner for outer, inner in zip(marked[:2], dark[:2], strict=True))
    assert all(outer >= inner for outer, inner in zip(marked[2:], dark[2:], strict=True))
    assert all(abs(outer - inner) < 20 for outer, inner in zip(marked, dark, strict=True))


def test_cells_of_a_table_have_their_own_boxes(tmp_path):
    cells = [["Item", "Fee"], ["Card", "5"]]
    path = built(tmp_path, Table(cells, style=GRID, colWidths=[200, 100], rowHeights=[20, 20]))
    (block,) = extract(path, "a.pdf").blocks
    first, second = (line.box for line in block.lines)
    assert [round(side) for side in (first[2] - first[0], second[2] - second[0])] == [200, 100]
    assert first[2] == second[0]
    assert block.text[block.lines[1].start :] == "; Fee: 5"


def test_running_headers_with_page_numbers_are_left_out(tmp_path):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for number, letter in enumerate(FIVE, start=1):
        canvas.drawString(60, 810, f"Rules of the bank, printed 2026-01-0{number}")
        canvas.drawString(60, 700, f"Rule {letter} holds.")
        canvas.drawString(60, 30, f"Page {number} of 5, internal")
        canvas.showPage()
    canvas.save()
    path = tmp_path / "file"
    path.write_bytes(buffer.getvalue())
    assert extract(path, "a.pdf").text.split("\n") == [f"Rule {letter} holds." for letter in FIVE]


def test_look_alike_radicals_become_the_characters():
    assert real_characters("人⺠币存款增⻓，⻅附件") == "人民币存款增长，见附件"


def test_pictures_exist_for_pdf_only_and_for_pages_that_exist(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"# Fees\n")
    with pytest.raises(InvalidRequest) as caught:
        page_png(path, 1, [])
    assert caught.value.code == "no_page_pictures"
    assert ".pdf" in str(caught.value.hint)
    path.write_bytes(drawn())
    for page in (0, 2):
        with pytest.raises(NotFound):
            page_png(path, page, [])


def test_the_picture_of_a_huge_page_has_a_bounded_size(tmp_path):
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_000, 7_000)
    path = tmp_path / "file"
    document.save(path)
    assert max(Image.open(io.BytesIO(page_png(path, 1, []))).size) <= 2400


def test_lines_without_width_as_of_a_font_whose_widths_are_missing_are_read():
    lines = [
        PrintedLine("第一句。", 10.0, (50.0, 100.0 + 12 * at, 50.0, 110.0 + 12 * at), 110.0 + 12 * at)
        for at in range(3)
    ]
    assert [line.text for paragraph in paragraphs(lines) for line in paragraph] == ["第一句。"] * 3
