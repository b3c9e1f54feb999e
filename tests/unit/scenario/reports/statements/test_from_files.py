"""Statements from real files, through the real confined reading."""

import io

import docx
import openpyxl
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from scenarios.reports.reading.files import read_file
from scenarios.reports.samples.companies import company
from scenarios.reports.samples.papers import write_statements
from scenarios.reports.statements.extracting import extract

from .made import BALANCE, balance, values

FLOWS = [
    ("一、经营活动产生的现金流量：", "", ""),
    ("销售商品、提供劳务收到的现金", "1,300.00", "1,000.00"),
    ("经营活动现金流入小计", "1,300.00", "1,000.00"),
    ("购买商品、接受劳务支付的现金", "900.00", "800.00"),
    ("经营活动现金流出小计", "900.00", "800.00"),
    ("经营活动产生的现金流量净额", "400.00", "200.00"),
    ("二、投资活动产生的现金流量：", "", ""),
    ("购建固定资产、无形资产和其他长期资产支付的|现金", "(50.00)", "60.00"),
    ("投资活动产生的现金流量净额", "50.00", "－60.00"),
    ("五、现金及现金等价物净增加额", "450.00", "140.00"),
    ("加：期初现金及现金等价物余额", "300.00", "160.00"),
    ("六、期末现金及现金等价物余额", "750.00", "300.00"),
]


def read(tmp_path, name, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    reading = read_file(path, "f01", name, "en")
    assert reading.file.fault is None
    return extract([reading], "en", None)


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def without_rules():
    """Return a PDF of two pages without a line, its second page without a header."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    y = 0.0

    def row(*cells):
        nonlocal y
        canvas.setFont("STSong-Light", 10)
        for part in cells[0].split("|"):
            canvas.drawString(60, y, part)
            y -= 14
        for text, right in zip(cells[1:], (400, 520), strict=False):
            canvas.drawRightString(right, y + 14, text)

    for page in (FLOWS[:6], FLOWS[6:]):
        y = 780.0
        if page[0] is FLOWS[0]:
            canvas.setFont("STSong-Light", 14)
            canvas.drawCentredString(A4[0] / 2, 805, "现金流量表")
            row("编制单位：某某（虚构）公司 2025年度", "", "单位：千元")
            row("项目", "本期金额", "上期金额")
        for cells in page:
            row(*cells)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def test_pages_without_ruling_lines_and_with_a_name_on_two_lines(tmp_path):
    extraction = read(tmp_path, "a.pdf", without_rules())
    found = values(extraction)
    assert found["operating_cash_flow", "2025-12-31"] == 400_000
    assert found["capital_expenditure", "2025-12-31"] == -50_000
    assert found["capital_expenditure", "2024-12-31"] == 60_000
    assert found["closing_cash", "2024-12-31"] == 300_000
    item = next(item for item in extraction.items if item.account == "closing_cash" and item.period == "2025-12-31")
    assert item.place.page == 2
    assert "750.00" in item.place.quote
    assert [check.name for check in extraction.checks if not check.holds] == []


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_statement_as_csv_names_its_lines(tmp_path, encoding):
    text = "\n".join(",".join(row) for row in balance())
    extraction = read(tmp_path, "a.csv", text.encode(encoding))
    item = next(item for item in extraction.items if item.account == "total_assets" and item.period == "2025-12-31")
    assert (item.value, item.place.line) == (5_000_000, 10)


def test_a_statement_as_a_word_table(tmp_path):
    document = docx.Document()
    document.add_paragraph("资产负债表")
    document.add_paragraph("2025年12月31日")
    document.add_paragraph("单位：百万元")
    table = document.add_table(rows=0, cols=3)
    for row in (("项目", "期末余额", "年初余额"), *BALANCE):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    assert values(read(tmp_path, "a.docx", saved(document)))["cash", "2024-12-31"] == 80_000_000


def test_numbers_of_a_workbook_keep_their_fen_in_every_unit(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in balance(rows=[["货币资金", 123456789.0123, 0.01], ["资产总计", 987654321.0987, 1], ["负债合计", 3, 4]]):
        sheet.append(row)
    sheet.append(["实收资本", "=1+1", 2])
    sheet.append(["所有者权益合计", 5, 6])
    extraction = read(tmp_path, "a.xlsx", saved(book))
    found = values(extraction)
    assert found["cash", "2025-12-31"] == 1_234_567_890_123.0
    assert found["cash", "2024-12-31"] == 100.0
    assert ("paid_in_capital", "2025-12-31") not in found
    assert any(gap.about == "file:f01" for gap in extraction.gaps)


@pytest.mark.parametrize(
    ("number", "layout", "form"),
    [(0, "small_company", "pdf"), (7, "group_together", "xlsx"), (1, "long_pages", "pdf"), (18, "english", "pdf")],
)
def test_made_up_companies_are_read_to_the_last_cell(tmp_path, number, layout, form):
    for written in write_statements(company(number), tmp_path, layout, form, years=(2025,)):
        extraction = extract([read_file(written.path, "f01", written.path.name, "en")], "en", None)
        found = {(item.account, item.period, item.months, item.scope): item.value for item in extraction.items}
        wrong = [
            one for one in written.truth if found.get((one.account, one.period, one.months, one.scope)) != one.value
        ]
        assert wrong == []
        assert [check.name for check in extraction.checks if not check.holds and not check.information] == []
        assert extraction.questions == ()
