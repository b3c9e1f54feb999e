"""The Word document: whole, numbered, with real footnotes, and in the bank's template."""

import io
import re
import zipfile
from collections import Counter

import pytest
from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from lxml import etree

from appliance.labels.content import make_label
from appliance.labels.files import find_label
from scenarios.reports.output.house_template import house_template
from scenarios.reports.output.rendering import render
from scenarios.reports.output.template_file import HOUSE
from scenarios.reports.output.word import to_docx

from .made import make_report

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PROVIDER = "001191320118MAK93FC72D00000"


@pytest.fixture(scope="module")
def made(report) -> bytes:
    return to_docx(report, None, None, draft=False)


def part(content: bytes, name: str):
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return etree.fromstring(parts.read(name))


def texts(root) -> list[str]:
    return ["".join(t.text or "" for t in p.iter(f"{W}t")) for p in root.iter(f"{W}p")]


def test_the_shipped_template_is_what_the_script_makes():
    assert HOUSE.read_bytes() == house_template()


def test_all_parts_are_xml_typed_and_related(made):
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        names = set(parts.namelist())
        assert len(names) == len(parts.namelist())
        types = etree.fromstring(parts.read("[Content_Types].xml"))
        overrides = {one.get("PartName") for one in types if one.get("PartName")}
        endings = {one.get("Extension") for one in types if one.get("Extension")}
        for name in names - {"[Content_Types].xml"}:
            assert f"/{name}" in overrides or name.rsplit(".", 1)[-1] in endings
            if name.endswith((".xml", ".rels")):
                etree.fromstring(parts.read(name))
            if name.endswith(".rels"):
                folder = name.rsplit("_rels/", 1)[0]
                for relation in etree.fromstring(parts.read(name)):
                    assert relation.get("TargetMode") != "External"
                    target = relation.get("Target")
                    assert (target.lstrip("/") if target.startswith("/") else folder + target) in names
        used = set(re.findall(r'r:(?:embed|id)="(rId\d+)"', parts.read("word/document.xml").decode()))
        related = {one.get("Id") for one in etree.fromstring(parts.read("word/_rels/document.xml.rels"))}
        assert used <= related


def test_ids_of_bookmarks_drawings_and_footnotes_are_unique(made):
    body = part(made, "word/document.xml")
    drawn = [e.get("id") for e in body.iter("{*}docPr")]
    marks = [e.get(f"{W}id") for e in body.iter(f"{W}bookmarkStart")]
    names = [e.get(f"{W}name") for e in body.iter(f"{W}bookmarkStart")]
    for ids in (drawn, marks, names):
        assert ids
        assert max(Counter(ids).values()) == 1
    references = [e.get(f"{W}id") for e in body.iter(f"{W}footnoteReference")]
    notes = [e.get(f"{W}id") for e in part(made, "word/footnotes.xml")]
    assert Counter(references) == Counter(notes[2:])
    assert max(Counter(notes).values()) == 1


def test_styles_and_lists_that_are_used_are_defined(made):
    body, styles = part(made, "word/document.xml"), part(made, "word/styles.xml")
    defined = {e.get(f"{W}styleId") for e in styles.iter(f"{W}style")}
    used = {e.get(f"{W}val") for name in ("pStyle", "rStyle", "tblStyle") for e in body.iter(W + name)}
    assert used <= defined
    numbering = part(made, "word/numbering.xml")
    lists = {e.get(f"{W}numId") for e in numbering.iter(f"{W}num")}
    assert {e.get(f"{W}val") for e in (*body.iter(f"{W}numId"), *styles.iter(f"{W}numId"))} - {"0"} <= lists
    order = [etree.QName(e).localname for e in numbering]
    assert order == sorted(order)  # abstractNum before num: Word finds a file damaged otherwise


def test_captions_are_numbered_by_fields_with_their_values(made):
    body = part(made, "word/document.xml")
    captions = [p for p in body.iter(f"{W}p") if "SEQ" in "".join(e.text or "" for e in p.iter(f"{W}instrText"))]
    shown = ["".join(t.text or "" for t in p.iter(f"{W}t")) for p in captions]
    assert [one.split()[0] for one in shown] == ["表1", "图1", "表2", "图2", "表3", "表4"]


def test_the_contents_show_headings_and_pages_without_an_update(made):
    body = part(made, "word/document.xml")
    entries = ["".join(t.text or "" for t in link.iter(f"{W}t")) for link in body.iter(f"{W}hyperlink")]
    assert entries[0].startswith("1企业基本情况")
    assert entries[-1].startswith("关于本报告")
    assert all(re.search(r"\d$", entry) for entry in entries)
    anchors = {link.get(f"{W}anchor") for link in body.iter(f"{W}hyperlink")}
    assert anchors <= {e.get(f"{W}name") for e in body.iter(f"{W}bookmarkStart")}
    assert part(made, "word/settings.xml").find(f"{W}updateFields") is not None


def test_footnotes_name_file_page_cell_and_quote(made):
    notes = texts(part(made, "word/footnotes.xml"))
    assert any("f01 审计报告2025.pdf" in note and "第12、13、14页" in note for note in notes)
    assert any("工作表“资产负债表” C18、C36" in note and "“流动资产合计 84,210.55”" in note for note in notes)
    assert any("<script>alert(1)</script>" in note for note in notes)
    assert max(map(len, notes)) < 300


def test_long_tables_repeat_their_head_and_rows_stay_whole(made):
    for table in part(made, "word/document.xml").iter(f"{W}tbl"):
        rows = table.findall(f"{W}tr")
        assert rows[0].find(f"{W}trPr/{W}tblHeader") is not None
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
        columns = len(table.findall(f"{W}tblGrid/{W}gridCol"))
        assert {len(row.findall(f"{W}tc")) for row in rows} == {columns}


def test_a_wide_table_stands_on_a_page_turned_on_its_side(made):
    sections = [s.find(f"{W}pgSz") for s in part(made, "word/document.xml").iter(f"{W}sectPr")]
    assert [size.get(f"{W}orient") for size in sections] == [None, None, "landscape", None]
    assert int(sections[2].get(f"{W}w")) > int(sections[2].get(f"{W}h"))


def test_numbers_stand_to_the_right_and_bold_totals_are_bold(made):
    table = Document(io.BytesIO(made)).tables[2]
    assert table.cell(1, 1).paragraphs[0].style.name == "Report Table Number"
    assert table.cell(1, 1).paragraphs[0].runs[0].bold
    assert not table.cell(2, 1).paragraphs[0].runs[0].bold


def test_a_draft_says_so_on_every_page_and_a_final_report_nowhere(report, made):
    draft = to_docx(report, None, None, draft=True)
    for content, wanted in ((draft, True), (made, False)):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            headers = [parts.read(n).decode() for n in parts.namelist() if re.fullmatch(r"word/header\d+\.xml", n)]
            cover = parts.read("word/document.xml").decode()
        assert all(("PowerPlusWaterMarkObject" in header) is wanted for header in headers)
        assert ("草稿，未经签发" in cover) is wanted


def test_properties_name_title_author_and_language(made):
    properties = Document(io.BytesIO(made)).core_properties
    assert properties.title == "公司授信尽职调查报告 - 澜江电力设备股份有限公司（虚构）"
    assert (properties.author, properties.language) == ("key_officer", "zh-CN")


def test_the_label_and_the_notice_stand_in_every_format(report):
    label = make_label(PROVIDER, report.id)
    out = render(report, ["docx", "pdf", "md", "html", "evidence", "evidence-html"], None, label, draft=False)
    for name, content in out.items():
        found = find_label(content, "report.md" if name == "md" else "")
        assert found.label is not None
        assert found.label.produce_id == "rep_0001"
        assert not found.problems, (name, found.problems)


def test_what_code_alone_wrote_carries_no_notice():
    report = make_report(chapters=1, by_model=False)
    out = render(report, ["docx", "pdf", "html", "md"], None, None, draft=False)
    for content in out.values():
        found = find_label(content)
        assert not found.explicit
        assert found.label is None


def test_the_page_about_the_report_says_who_wrote_what(report, made):
    words = texts(part(made, "word/document.xml"))
    by_model = sum(
        s.by == "model"
        for section in report.sections
        for block in section.blocks
        if block.type == "paragraph"
        for s in block.sentences
    )
    assert any(text.startswith(f"{by_model}句的措辞由模型改写") for text in words)
    assert any("经人工修改的章节：主要指标 1 (key_officer)" in text for text in words)


def bank_template(path, *, body: str = "{{p body }}", extra: tuple[str, ...] = (), footer: str = "{{ report_id }}"):
    document = Document()
    style = document.styles.add_style("Report Text", WD_STYLE_TYPE.PARAGRAPH)
    style.font.name = "FangSong"
    document.sections[0].header.paragraphs[0].add_run("{{ ba").font.bold = True
    document.sections[0].header.paragraphs[0].add_run("nk }}")
    document.sections[0].footer.paragraphs[0].text = footer
    document.sections[0].different_first_page_header_footer = True
    document.add_paragraph("{{ title }} / {{ subject }}")
    for line in extra:
        document.add_paragraph(line)
    document.add_paragraph(body)
    document.add_paragraph("end of the bank's pages")
    document.save(path)
    return path


def test_a_banks_template_keeps_its_styles_pages_and_texts(report, tmp_path):
    path = bank_template(
        tmp_path / "template.docx",
        extra=(
            "{%p if draft %}",
            "only in drafts",
            "{%p endif %}",
            "{% if bank %}of {{ bank }}{% else %}of nobody{% endif %}",
        ),
    )
    content = to_docx(report, path, None, draft=False)
    document = Document(io.BytesIO(content))
    lines = [p.text for p in document.paragraphs]
    assert lines[0] == f"{report.title} / {report.subject}"
    assert "of 示例银行" in lines
    assert "only in drafts" not in lines
    assert lines[-1] == "end of the bank's pages"
    text = next(p for p in document.paragraphs if p.text.startswith("截至2025年末"))
    assert text.style.name == "Report Text"
    assert text.style.font.name == "FangSong"
    assert "示例银行" in "".join(part(content, "word/header1.xml").itertext())
    assert len([s for s in document.sections if s.different_first_page_header_footer]) == 1


def test_a_template_with_footnotes_of_its_own_keeps_them(report, tmp_path, made):
    once = tmp_path / "with_notes.docx"
    document = Document(io.BytesIO(made))
    document.add_paragraph("{{p body }}")
    body = document.element.body
    body.append(body.find(f"{W}sectPr"))
    document.save(once)
    again = to_docx(report, once, None, draft=False)
    notes = [e.get(f"{W}id") for e in part(again, "word/footnotes.xml")]
    before = [e.get(f"{W}id") for e in part(made, "word/footnotes.xml")]
    assert len(notes) == 2 * len(before) - 2
    assert max(Counter(notes).values()) == 1


def test_a_note_that_says_the_same_is_told_by_its_number_once_more():
    report = make_report(chapters=1)
    section = report.sections[0]
    twice = section.model_copy(update={"blocks": (section.blocks[0], section.blocks[0])})
    content = to_docx(report.model_copy(update={"sections": (twice,)}), None, None, draft=False)
    body = part(content, "word/document.xml")
    assert len(list(body.iter(f"{W}footnoteReference"))) == 1
    fields = [e.text.split() for e in body.iter(f"{W}instrText") if "NOTEREF" in (e.text or "")]
    assert len(fields) == 1
    assert fields[0][1] in {e.get(f"{W}name") for e in body.iter(f"{W}bookmarkStart")}
