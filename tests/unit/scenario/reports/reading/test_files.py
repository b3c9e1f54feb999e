import io
import zipfile
from dataclasses import replace
from email.message import EmailMessage

import docx
import openpyxl
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate, Table

from scenarios.reports.reading.files import LIMITS, read_file

WIDTH, HEIGHT = A4
GRID = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), "STSong-Light", 10)]


@pytest.fixture(scope="module", autouse=True)
def chinese_font():
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def read(tmp_path, name, content, language="en", limits=LIMITS):
    path = tmp_path / "file"
    path.write_bytes(content)
    return read_file(path, "f01", name, language, limits)


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def drawn(draw, **kwargs):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, **kwargs)
    draw(canvas)
    canvas.save()
    return buffer.getvalue()


def test_a_sheet_keeps_every_digit_its_rows_and_its_merged_headers(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "资产负债表"
    sheet["A1"] = "项目"
    sheet["B1"] = "金额"
    sheet.merge_cells("B1:C1")
    sheet["A4"], sheet["B4"], sheet["C4"], sheet["D4"] = "货币资金", 1234567890.12, 0.1, 0.5
    sheet["D4"].number_format = "0.00%"
    hidden = book.create_sheet("draft")
    hidden["A1"] = "not for the bank"
    hidden.sheet_state = "hidden"
    reading = read(tmp_path, "a.xlsx", saved(book))
    (grid,) = reading.grids
    assert grid.sheet == "资产负债表"
    assert grid.rows == (("项目", "金额", "金额", ""), ("货币资金", "1234567890.12", "0.1", "50%"))
    assert grid.row_numbers == (1, 4)
    assert reading.file.fault is None
    assert reading.file.size > 0


def test_formulas_without_a_saved_value_are_empty_and_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["短期借款", 100])
    book.active.append(["长期借款", "=B1*2"])
    (grid,) = read(tmp_path, "a.xlsx", saved(book)).grids
    assert grid.rows[1] == ("长期借款", "")
    assert grid.unsaved == ("B2",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_in_any_encoding_keeps_its_rows_and_their_numbers(tmp_path, encoding):
    (grid,) = read(tmp_path, "a.csv", '项目,期末余额\n\n货币资金,"1,234.50"\n'.encode(encoding)).grids
    assert grid.rows == (("项目", "期末余额"), ("货币资金", "1,234.50"))
    assert grid.row_numbers == (1, 3)


def test_a_ruled_table_over_pages_is_one_grid_with_the_page_of_each_row(tmp_path):
    buffer = io.BytesIO()
    rows = [["项目", "期末余额"], *([f"科目{number}", str(number)] for number in range(80))]
    SimpleDocTemplate(buffer, pagesize=A4).build([Table(rows, style=GRID, repeatRows=1)])
    (grid,) = read(tmp_path, "a.pdf", buffer.getvalue()).grids
    assert grid.rows[0] == ("项目", "期末余额")
    assert grid.rows.count(("项目", "期末余额")) == len(set(grid.pages)) > 1
    assert [row[0] for row in grid.rows if row[0] != "项目"] == [f"科目{number}" for number in range(80)]


def test_columns_that_only_blanks_part_are_a_grid(tmp_path):
    rows = [("货币资金", "1,234.50", "99.00"), ("应收账款", "22,000.00", "1,000.00"), ("存货", "(300.00)", "-"),
            ("固定资产", "5,000,000.00", "4,100.25"), ("资产总计", "5,022,934.50", "5,199.25")]  # fmt: skip

    def draw(canvas):
        canvas.setFont("STSong-Light", 10)
        canvas.drawCentredString(WIDTH / 2, 780, "资产负债表")
        canvas.drawString(60, 760, "项目")
        canvas.drawRightString(360, 760, "期末余额")
        canvas.drawRightString(500, 760, "年初余额")
        for number, (name, last, first) in enumerate(rows):
            canvas.drawString(60, 740 - 18 * number, name)
            canvas.drawRightString(360, 740 - 18 * number, last)
            canvas.drawRightString(500, 740 - 18 * number, first)

    (grid,) = read(tmp_path, "a.pdf", drawn(draw)).grids
    assert grid.rows[0][0] == "资产负债表"
    assert grid.rows[1:] == (("项目", "期末余额", "年初余额"), *rows)
    assert set(grid.pages) == {1}


def test_word_web_pages_markdown_and_text_give_their_tables_and_the_lines_above(tmp_path):
    document = docx.Document()
    document.add_heading("估值", 1)
    document.add_paragraph("单位：万元")
    table = document.add_table(rows=0, cols=2)
    for row in (("产品", "净值"), ("甲", "1.0200")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    word = read(tmp_path, "a.docx", saved(document))
    markup = "<p>单位：万元</p><table><tr><th>产品</th><th>净值</th></tr><tr><td>甲</td><td>1.0200</td></tr></table>"
    web = read(tmp_path, "a.html", markup.encode())
    markdown = read(tmp_path, "a.md", "单位：万元\n\n| 产品 | 净值 |\n|---|---|\n| 甲 | 1.0200 |\n".encode())
    text = read(tmp_path, "a.txt", "单位：万元\n产品\t净值\n甲\t1.0200\n乙\t1.0300\n".encode())
    for reading in (word, web, markdown, text):
        (grid,) = reading.grids
        assert grid.rows[:2] == (("产品", "净值"), ("甲", "1.0200")), reading.file.name
        assert "单位：万元" in grid.above
    assert (word.passages[0].text, word.passages[0].level) == ("估值", 1)


def test_the_tables_of_a_mails_attachments_bear_their_names(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "S1"
    book.active.append(["基金", "净值"])
    book.active.append(["甲", 1.0213])
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "估值表", "a@example.com", "b@example.com"
    message.set_content("请查收附件。")
    message.add_attachment(saved(book), maintype="application", subtype="octet-stream", filename="值.xlsx")
    message.add_attachment("基金,净值\n乙,1.5\n".encode("gb18030"), maintype="text", subtype="csv", filename="b.csv")
    reading = read(tmp_path, "a.eml", message.as_bytes())
    assert [(grid.sheet, grid.rows[1]) for grid in reading.grids] == [
        ("值.xlsx / S1", ("甲", "1.0213")), ("b.csv", ("乙", "1.5")),
    ]  # fmt: skip
    assert "请查收附件。" in [passage.text for passage in reading.passages]


def test_scanned_pages_are_named(tmp_path):
    picture = ImageReader(Image.new("RGB", (400, 600), "white"))

    def half(canvas):
        canvas.drawString(60, 700, "The first page has words that can be read.")
        canvas.showPage()
        canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)

    reading = read(tmp_path, "a.pdf", drawn(half))
    assert (reading.file.pages, reading.file.scanned, reading.file.fault) == (2, (2,), None)
    whole = read(tmp_path, "a.pdf", drawn(lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)), "zh_CN")
    assert whole.file.scanned == (1,)
    assert "a.pdf" in (whole.file.fault or "")
    assert any("\u4e00" <= char <= "\u9fff" for char in whole.file.fault or "")


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/media/a.bin", b"\0" * (400 << 20))
    return buffer.getvalue()


BAD = {
    "locked.pdf": lambda: drawn(lambda canvas: canvas.drawString(9, 9, "a"), encrypt=StandardEncryption("secret")),
    "broken.pdf": lambda: b"%PDF-1.7\nnothing more",
    "broken.xlsx": lambda: b"PK\x03\x04 cut off",
    "bomb.xlsx": bomb,
    "old.xls": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n",
    "empty.csv": lambda: b"",
    "unknown.bin": lambda: b"abc",
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_bad_file_is_a_fault_that_names_it_and_nothing_else(tmp_path, name, language):
    reading = read(tmp_path, name, BAD[name](), language)
    assert name in (reading.file.fault or "")
    assert (reading.passages, reading.grids) == ((), ())


def test_an_old_workbook_is_to_be_saved_anew_and_a_web_page_called_xls_is_read(tmp_path):
    old = read(tmp_path, "old.xls", BAD["old.xls"]())
    assert ".xlsx" in (old.file.fault or "")
    page = read(tmp_path, "a.xls", "<html><table><tr><td>货币资金</td><td>1.00</td></tr></table></html>".encode())
    assert page.grids[0].rows == (("货币资金", "1.00"),)


def test_a_file_over_its_limit_and_one_that_is_gone_are_faults(tmp_path):
    large = read(
        tmp_path,
        "a.txt",
        ("一二三四五六七八九十。" * 200 + "\n\n").encode() * 10,
        limits=replace(LIMITS, characters=5000),
    )
    assert "a.txt" in (large.file.fault or "")
    gone = read_file(tmp_path / "none.pdf", "f02", "none.pdf", "en")
    assert "none.pdf" in (gone.file.fault or "")
