import io
from pathlib import Path

import docx
import openpyxl
import pytest

from appliance.knowledge.chunks import chunk, section_name
from appliance.knowledge.reading import extract

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


def test_a_word_document_without_headings_is_named_by_its_file(tmp_path):
    document = docx.Document()
    document.add_paragraph("第一章 总则")
    document.add_paragraph("第一条 本办法自发布之日起施行。")
    buffer = io.BytesIO()
    document.save(buffer)
    extracted = read(tmp_path, "办法.docx", buffer.getvalue())
    assert places(extracted, "发布之日") == [(None, "第一章 总则 > 第一条", None)]
