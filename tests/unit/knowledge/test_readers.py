import io
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from appliance.knowledge.intake.chunks import chunk, section_name
from appliance.knowledge.intake.reading import extract

PACK = Path(__file__).resolve().parents[3] / "scenarios" / "knowledge_qa"


def read(tmp_path, name, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    return extract(path, name)


def sample(name):
    return extract(PACK / "documents" / name, name)


def places(extracted, phrase):
    """Return (page, section with clause, row) of the sentences that hold a phrase."""
    return [
        (piece.page, section_name(piece.headings, sentence.clause), sentence.row)
        for piece in chunk(extracted)
        for sentence in piece.sentences
        if phrase in extracted.text[sentence.start : sentence.end]
    ]


def test_chinese_pdf_gives_page_chapter_and_clause():
    extracted = sample("个人定期存款产品条款.pdf")
    assert extracted.pages == 2
    title = "青岚银行个人定期存款产品条款"
    assert places(extracted, "自动转存次数不限") == [(1, f"{title} > 第三章 提前支取与逾期 > 第十二条", None)]
    assert places(extracted, "补领新存单的工本费") == [(2, f"{title} > 第四章 挂失与继承 > 第十五条", None)]


def test_running_headers_and_page_numbers_of_a_pdf_are_left_out():
    text = sample("mortgage-guide.pdf").text
    assert "Page 2" not in text
    assert "internal" not in text


def test_paragraphs_of_a_pdf_are_made_whole():
    assert (
        "between 20 and 60 years old when applying, and the loan must be repaid before"
        in sample("mortgage-guide.pdf").text
    )


def test_docx_gives_headings_clauses_and_table_rows_with_headers():
    extracted = sample("个人贷款管理办法.docx")
    assert places(extracted, "不得超过55%") == [(None, "青岚银行个人贷款管理办法 > 第二章 借款人条件 > 第六条", None)]
    rows = [block.text for block in extracted.blocks if block.kind == "row"]
    assert (
        rows[2] == "贷款种类：个人汽车贷款；最高额度：车价的70%；最长期限：5年；年利率下限：4.10%；担保方式：车辆抵押"
    )


def test_xlsx_gives_sheet_row_headers_and_spreads_merged_cells():
    extracted = sample("个人业务收费标准.xlsx")
    assert places(extracted, "短信通知") == [(None, "个人账户与结算", 8)]
    assert "类别：账户服务；收费项目：打印一年以内的账户流水；收费标准：免费" in extracted.text


def test_an_empty_sheet_gives_only_its_name(tmp_path):
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    assert read(tmp_path, "a.xlsx", buffer.getvalue()).text == "Sheet"


def test_html_gives_tables_and_drops_scripts_comments_and_hidden_parts(tmp_path):
    page = """<!DOCTYPE html><html><head><title>x</title></head><body><script>steal()</script><!-- secret -->
    <h1>Fees</h1><div>Plain <b>bold</b> words<p hidden>unseen</p></div><ul><li>First</li></ul>
    <table><tr><th>Item</th><th>Fee</th></tr><tr><td>Card</td><td>5 yuan</td></tr></table></body></html>"""
    extracted = read(tmp_path, "page.html", page.encode())
    assert extracted.text.split("\n") == ["Fees", "Plain bold words", "First", "Item: Card; Fee: 5 yuan"]


def test_markdown_and_text_headings(tmp_path):
    markdown = read(tmp_path, "a.md", b"---\nauthor: x\n---\n# Top\n\n## Part\n\nA rule\nover two lines.\n")
    assert [(block.kind, block.level, block.text) for block in markdown.blocks] == [
        ("heading", 1, "Top"),
        ("heading", 2, "Part"),
        ("text", 0, "A rule over two lines."),
    ]
    assert places(sample("lost-card-and-emergency.txt"), "Call 119")[0][1].endswith("> Fire")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_files_in_the_encodings_of_chinese_offices(tmp_path, encoding):
    assert read(tmp_path, "a.txt", "手续费五元".encode(encoding)).text == "手续费五元"


def test_every_sentence_is_literally_in_the_text_and_in_order():
    extracted = sample("credit-card-terms.docx")
    last = 0
    for piece in chunk(extracted):
        assert piece.start >= last
        last = piece.end
        for sentence in piece.sentences:
            quoted = extracted.text[sentence.start : sentence.end]
            assert quoted == quoted.strip()
            assert piece.start <= sentence.start < sentence.end <= piece.end


def rows_of(extracted):
    """Return (table, row, {header: text}) of each table row, cut out of the text by the offsets of its cells."""
    return [
        (block.table, block.row, {cell.header: block.text[cell.start : cell.end] for cell in block.cells})
        for block in extracted.blocks
        if block.kind == "row"
    ]


def saved(document):
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_xlsx_joins_the_levels_of_a_merged_header_and_spreads_merges_both_ways(tmp_path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (
        ["分行经营指标"], ["单位：万元"],
        ["分行", "2025年", None, "2024年", None], [None, "存款", "贷款", "存款", "贷款"],
        ["东城", 120, 80, 100, 70], ["西城", 90, "不适用", None, 60], [None, 91, 61, 81, 51],
        ["注：存款含保证金存款，不含同业存放。"],
    ):  # fmt: skip
        sheet.append(row)
    for area in ("A1:E1", "A3:A4", "B3:C3", "D3:E3", "C6:D6", "A6:A7"):
        sheet.merge_cells(area)
    second = workbook.create_sheet("费用")
    second.append(["Item", "Fee"])
    second.append(["Card", 5.0])
    extracted = read(tmp_path, "a.xlsx", saved(workbook))
    names = ["分行", "2025年 / 存款", "2025年 / 贷款", "2024年 / 存款", "2024年 / 贷款"]
    assert rows_of(extracted) == [
        (1, 5, dict(zip(names, ["东城", "120", "80", "100", "70"], strict=True))),
        (1, 6, dict(zip(names, ["西城", "90", "不适用", "不适用", "60"], strict=True))),
        (1, 7, dict(zip(names, ["西城", "91", "61", "81", "51"], strict=True))),
        (2, 2, {"Item": "Card", "Fee": "5"}),
    ]
    assert extracted.captions == ((1, "分行经营指标 单位：万元"),)
    assert "注：存款含保证金存款，不含同业存放。" in [b.text for b in extracted.blocks if b.kind == "text"]


def test_docx_tables_keep_merged_cells_captions_and_lists_keep_their_depth(tmp_path):
    document = docx.Document()
    document.add_paragraph("Loans are priced as follows.")
    document.add_paragraph("Table 1 Loan prices")
    document.add_paragraph("in CNY million")
    table = document.add_table(rows=4, cols=3)
    for row, texts in zip(
        table.rows, [["Product", "Amount", ""], ["", "from", "to"], ["Car", "1", "2"], ["", "3", "—"]], strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(2, 0).merge(table.cell(3, 0))
    document.add_paragraph("Outer", style="List Bullet")
    document.add_paragraph("Inner", style="List Bullet 2")
    extracted = read(tmp_path, "a.docx", saved(document))
    assert rows_of(extracted) == [
        (1, 1, {"Product": "Car", "Amount / from": "1", "Amount / to": "2"}),
        (1, 2, {"Product": "Car", "Amount / from": "3", "Amount / to": "—"}),
    ]
    assert extracted.captions == ((1, "Table 1 Loan prices in CNY million"),)
    assert [block.text for block in extracted.blocks if block.kind == "item"] == ["Outer", "Inner"]


def test_html_tables_with_spans_and_caption(tmp_path):
    page = """<table><caption>Fees, in RMB million</caption>
    <tr><th rowspan=2>Item</th><th colspan=2>Fee</th></tr><tr><th>2025</th><th>2024</th></tr>
    <tr><td>Cards</td><td>5</td><td>4</td></tr><tr><td colspan=3>Abroad</td></tr>
    <tr><td>Transfers</td><td>-</td><td>7</td></tr></table>"""
    extracted = read(tmp_path, "a.html", page.encode())
    assert rows_of(extracted) == [
        (1, 1, {"Item": "Cards", "Fee / 2025": "5", "Fee / 2024": "4"}),
        (1, 2, {"": "Abroad"}),
        (1, 3, {"Item": "Transfers", "Fee / 2025": "-", "Fee / 2024": "7"}),
    ]
    assert extracted.captions == ((1, "Fees, in RMB million"),)


def test_a_markdown_table_takes_the_unit_above_it(tmp_path):
    extracted = read(tmp_path, "a.md", "# 费用\n\n单位：元\n\n| 项目 | 金额 |\n|---|---|\n| 补卡 | 5 |\n".encode())
    assert rows_of(extracted) == [(1, 1, {"项目": "补卡", "金额": "5"})]
    assert extracted.captions == ((1, "单位：元"),)


def test_pptx_gives_titles_bullets_tables_and_notes_by_slide(tmp_path):
    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Fraud training"
    first.placeholders[1].text = "Call 110\nKeep the proof"
    first.notes_slide.notes_text_frame.text = "Say this slowly."
    second = presentation.slides.add_slide(presentation.slide_layouts[5])
    second.shapes.title.text = "Limits"
    table = second.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for number, text in enumerate(["Channel", "Limit", "App", "50,000", "", "60,000"]):
        table.cell(number // 2, number % 2).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    extracted = read(tmp_path, "a.pptx", saved(presentation))
    assert extracted.pages == 2
    assert [(block.page, block.kind, block.level, block.text) for block in extracted.blocks[:5]] == [
        (1, "heading", 1, "Fraud training"),
        (1, "item", 0, "Call 110"),
        (1, "item", 0, "Keep the proof"),
        (1, "text", 0, "Say this slowly."),
        (2, "heading", 2, "Limits"),
    ]
    assert rows_of(extracted) == [
        (1, 1, {"Channel": "App", "Limit": "50,000"}),
        (1, 2, {"Channel": "App", "Limit": "60,000"}),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_csv_with_any_separator_and_encoding(tmp_path, separator, encoding):
    text = '名称|额度\n甲公司|"1,000;\n或更少"\n乙公司|5\n'.replace("|", separator)
    extracted = read(tmp_path, "a.csv", text.encode(encoding))
    assert rows_of(extracted) == [
        (1, 2, {"名称": "甲公司", "额度": "1,000;或更少"}),
        (1, 3, {"名称": "乙公司", "额度": "5"}),
    ]


def mail(subject, text, html=None):
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "Lin <lin@example.com>"
    message["Date"] = "Thu, 05 Nov 2026 10:30:00 +0800"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


def test_eml_gives_subject_people_text_and_names_of_attachments(tmp_path):
    message = mail("通知：升级", "系统于周六升级。\n\n请提前保存。", "<p>not this</p>")
    message.add_attachment(b"secret words", "text", "plain", filename="计划.txt")
    message.add_attachment(mail("Older", "", "<h2>Why</h2><p>Forwarded words.</p>"))
    extracted = read(tmp_path, "a.eml", message.as_bytes())
    assert [(block.kind, block.level, block.text) for block in extracted.blocks] == [
        ("heading", 1, "通知：升级"),
        ("text", 0, "From: Lin <lin@example.com>"),
        ("text", 0, "Date: Thu, 05 Nov 2026 10:30:00 +0800"),
        ("text", 0, "系统于周六升级。"),
        ("text", 0, "请提前保存。"),
        ("item", 0, "Attachment: 计划.txt"),
        ("heading", 2, "Older"),
        ("text", 0, "From: Lin <lin@example.com>"),
        ("text", 0, "Date: Thu, 05 Nov 2026 10:30:00 +0800"),
        ("heading", 2, "Why"),
        ("text", 0, "Forwarded words."),
    ]


def test_a_word_document_without_headings_is_named_by_its_file(tmp_path):
    document = docx.Document()
    document.add_paragraph("第一章 总则")
    document.add_paragraph("第一条 本办法自发布之日起施行。")
    buffer = io.BytesIO()
    document.save(buffer)
    extracted = read(tmp_path, "办法.docx", buffer.getvalue())
    assert places(extracted, "发布之日") == [(None, "第一章 总则 > 第一条", None)]
