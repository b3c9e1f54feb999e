"""People's remarks in the files: comments of Word where they belong, a list elsewhere, nothing where there are none."""

import io
import json
import zipfile

import jsonschema
import pytest
from docx import Document
from lxml import etree

from scenarios.reports.output.evidence import SCHEMA_FILE, to_evidence
from scenarios.reports.output.evidence_page import evidence_html
from scenarios.reports.output.html import to_html
from scenarios.reports.output.markdown import to_markdown
from scenarios.reports.output.word import to_docx

from .made import make_report

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def remark(number, text, section=None, sentence=None, **more):
    return {
        "id": f"rec_{number}", "by": "lma-chen", "at": f"2026-11-2{number}T08:15:00.000Z", "version": 1,
        "section": section, "sentence": sentence, "text": text,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def told():
    """A report with remarks on a sentence, a section, the whole, and on what is gone."""
    plain = make_report(chapters=1, long_rows=3)
    section = next(one for one in plain.sections if one.blocks[0].type == "paragraph")
    sentence = next(b.sentences[0] for b in section.blocks if b.type == "paragraph")
    remarks = (
        remark(1, "金额要核对\n见第12页", section.id, sentence.id),
        remark(2, "Shorter, please <b>", section.id),
        remark(3, "整体可用\x08"),
        remark(4, "gone", section.id, "no.such.sentence"),
        remark(5, "gone too", "no-section"),
    )
    return plain.model_copy(update={"comments": remarks}), section, sentence


def inside(body, number):
    """Return the text between the marks of a comment."""
    shown, on = "", False
    for element in body.iter():
        if element.tag in (f"{W}commentRangeStart", f"{W}commentRangeEnd") and element.get(f"{W}id") == str(number):
            on = element.tag.endswith("Start")
        elif on and element.tag == f"{W}t":
            shown += element.text or ""
    return shown


def test_word_has_comments_where_they_belong(told):
    report, section, sentence = told
    content = to_docx(report, None, None, draft=True)
    document = Document(io.BytesIO(content))
    made = list(document.comments)
    assert [one.text for one in made] == [
        "金额要核对\n见第12页", "Shorter, please <b>", "整体可用", "gone", "gone too",
    ]  # fmt: skip
    assert {one.author for one in made} == {"lma-chen"}
    assert [one.timestamp.date().isoformat() for one in made] == [f"2026-11-2{day}" for day in range(1, 6)]
    body = document.element.body
    ranges = [inside(body, one.comment_id) for one in made]
    assert ranges == [sentence.text.strip(), section.title, "关于本报告", section.title, "关于本报告"]
    references = [e.get(f"{W}id") for e in body.iter(f"{W}commentReference")]
    assert sorted(references) == sorted(str(one.comment_id) for one in made)
    paragraph = next(p for p in document.paragraphs if sentence.text.strip() in p.text)
    block = next(b for b in section.blocks if b.type == "paragraph" and sentence in b.sentences)
    assert "".join(one.text.strip() for one in block.sentences) in paragraph.text


def test_a_template_keeps_its_own_comments(told, tmp_path):
    from scenarios.reports.output.template_file import HOUSE

    document = Document(io.BytesIO(HOUSE.read_bytes()))
    first = next(paragraph for paragraph in document.paragraphs if paragraph.runs)
    document.add_comment(first.runs, "of the bank", "bank", "B")
    template = tmp_path / "template.docx"
    document.save(template)
    made = list(Document(io.BytesIO(to_docx(told[0], template, None, draft=False))).comments)
    assert [one.text for one in made][:1] == ["of the bank"]
    assert len({one.comment_id for one in made}) == len(made) == 6


def test_the_other_formats_list_them_at_the_end(told):
    report, _section, sentence = told
    markdown = to_markdown(report, None, None, draft=False).decode()
    listed = markdown.split("## 批注\n\n")[1].split("\n\n")[0].splitlines()
    assert len(listed) == 5
    assert listed[0].startswith("- 2026\\-11\\-21 08:15 · lma\\-chen · ") or "2026-11-21 08:15" in listed[0]
    assert "整份报告" in listed[2]
    assert "\\<b\\>" in listed[1]
    for page in (
        to_html(report, None, None, draft=False).decode(),
        evidence_html(report, None, None, draft=False).decode(),
    ):
        assert "Shorter, please &lt;b&gt;" in page.split('id="remarks"')[1]
        assert sentence.text[:20] in page.split('id="remarks"')[1]
    data = json.loads(to_evidence(report, None, None, draft=False))
    jsonschema.validate(data, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert [one["id"] for one in data["comments"]] == [f"rec_{number}" for number in range(1, 6)]


def test_without_remarks_there_is_no_trace_of_any(report):
    with zipfile.ZipFile(io.BytesIO(to_docx(report, None, None, draft=False))) as parts:
        assert not any("comments" in name for name in parts.namelist())
        assert not list(etree.fromstring(parts.read("word/document.xml")).iter(f"{W}commentReference"))
    assert "批注" not in to_markdown(report, None, None, draft=False).decode()
    assert 'id="remarks"' not in to_html(report, None, None, draft=False).decode()
    assert "comments" not in json.loads(to_evidence(report, None, None, draft=False))
