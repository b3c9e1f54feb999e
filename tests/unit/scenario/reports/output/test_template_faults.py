"""Templates that cannot be used are refused with their place; hostile ones before anything is read out of them."""

import io
import re
import shutil
import zipfile

import pytest
from docx import Document

from appliance.core.errors import ConfigError
from scenarios.reports.output.arranging import FIELDS
from scenarios.reports.output.template_file import HOUSE, read_template
from scenarios.reports.output.word import to_docx

from .made import make_report
from .test_word import bank_template


def refusal(path) -> str:
    with pytest.raises(ConfigError) as error:
        read_template(path)
    return f"{error.value.message.render('en')} {error.value.hint.render('en')}"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("{{ titel }}", "the body, paragraph 2: the tag {{ titel }}: there is no such tag. Did you mean title?"),
        ("{{ title }", "paragraph 2: the tag {{ title }"),
        ("{{ title", "paragraph 2: the tag {{ title"),
        ("title }}", "paragraph 2: the tag title }}"),
        ("{% if bank %}x", "it is not closed in its paragraph"),
        ("x{% endif %}", "no if tag of its kind stands before it"),
        ("{%p if bank %}", "the tag {%p if bank %}: it is never closed"),
        ("{%p if bank %} x {%p endif %}", "it leaves out whole paragraphs"),
        ("{{ body }}", "Write {{p body }}, alone in its paragraph."),
        ("see {{p imprint }}", "Give it a paragraph of its own in the body."),
        ("{{p boddy }}", "Did you mean body?"),
        ("{{p body }}", "it stands there twice"),
        ("{# note #}", "the tag {# note #}"),
        ("{% for x in files %}{{ x }}{% endfor %}", "nothing is computed in a template"),
        ("{{ title|upper }}", "nothing is computed in a template"),
        ("{{ title.upper() }}", "nothing is computed in a template"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "nothing is computed in a template"),
        ("{{ self.__init__.__globals__ }}", "nothing is computed in a template"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "nothing is computed in a template"),
        ("{{ config }}", "there is no such tag"),
        ("{% include '/etc/passwd' %}", "nothing is computed in a template"),
        ("{% set x = 1 %}", "nothing is computed in a template"),
        ("{{ 'a' * 10**9 }}", "nothing is computed in a template"),
        ("{% colspan title %}", "nothing is computed in a template"),
    ],
)
def test_a_tag_that_cannot_be_filled_is_named_with_its_place(tmp_path, tag, said):
    assert said in refusal(bank_template(tmp_path / "template.docx", extra=(tag,)))


def test_a_tag_in_a_footer_is_named_with_the_footer(tmp_path):
    said = refusal(bank_template(tmp_path / "template.docx", footer="{{ vresion }}"))
    assert "the footer footer1.xml, paragraph 1: the tag {{ vresion }}" in said
    assert "Did you mean version?" in said


def test_a_template_without_a_place_for_the_sections_is_refused(tmp_path):
    assert "the body: the tag {{p body }}: it is missing" in refusal(bank_template(tmp_path / "t.docx", body="x"))


def test_a_body_inside_a_table_is_refused(tmp_path):
    document = Document()
    document.add_table(1, 1).cell(0, 0).text = "{{p body }}"
    document.save(tmp_path / "t.docx")
    assert "Give it a paragraph of its own in the body." in refusal(tmp_path / "t.docx")


def test_a_tag_in_the_properties_is_checked_too(tmp_path):
    path = bank_template(tmp_path / "t.docx")
    document = Document(path)
    document.core_properties.comments = "{{ lipsum.__globals__ }}"
    document.save(path)
    assert "the properties: the tag {{ lipsum.__globals__ }}" in refusal(path)


def changed(path, changes):
    """Write a template anew with parts changed or added: name to bytes, or to a function of the old text."""
    old = zipfile.ZipFile(io.BytesIO(bank_template(path).read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            change = changes.get(name)
            content = old.read(name)
            new.writestr(name, change(content.decode()).encode() if callable(change) else change or content)
        for name, content in changes.items():
            if isinstance(content, bytes) and name not in old.namelist():
                new.writestr(name, content)
    return path


MACROS = "ms-word.document.macroEnabled.main"
RELS = "word/_rels/document.xml.rels"


def relation(kind: str, target: str):
    added = (
        f'<Relationship Id="rId999" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}" TargetMode="External"/></Relationships>'
    )
    return lambda text: text.replace("</Relationships>", added)


def field(code: str):
    run = f'<w:p><w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r></w:p><w:sectPr'
    return lambda text: text.replace("<w:sectPr", run, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({RELS: relation("image", "http://example.invalid/x.png")}, "from outside the file"),
        ({RELS: relation("image", "file:///etc/passwd")}, "from outside the file"),
        ({RELS: relation("attachedTemplate", "http://example.invalid/x.dotm")}, "could run or replace something"),
        ({RELS: relation("hyperlink", "file://server/share")}, "from outside the file"),
        ({RELS: relation("subDocument", "http://example.invalid/x.docx")}, "from outside the file"),
        ({"word/vbaProject.bin": b"x"}, "a program or an embedded file"),
        ({"word/embeddings/oleObject1.bin": b"x"}, "a program or an embedded file"),
        ({"word/activeX/activeX1.xml": b"<x/>"}, "a program or an embedded file"),
        (
            {"[Content_Types].xml": lambda text: text.replace("wordprocessingml.document.main", MACROS)},
            "may hold macros",
        ),
        ({"word/document.xml": field("INCLUDEPICTURE http://example.invalid/x.png")}, "a field INCLUDEPICTURE"),
        ({"word/document.xml": field("DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe")}, "a field DDEAUTO"),
        ({"word/document.xml": lambda t: '<!DOCTYPE x [<!ENTITY a "b">]>' + t.split("?>", 1)[1]}, "cannot be used"),
        ({"word/extra.xml": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'}, "cannot be used"),
        ({"../evil.xml": b"<x/>"}, "leads elsewhere"),
        ({"word/document.xml": lambda t: t.replace("<w:body>", '<w:body><w:p w:rsidR="{{ 7*7 }}"/>')}, "{{ 7*7 }}"),
        ({"word/theme/theme1.xml": b"0" * (80 * 1024 * 1024)}, "larger than"),
        ({"word/media/big.xml": b" " * (30 * 1024 * 1024) + b"<x/>"}, "500:1"),
    ],
)
def test_a_hostile_template_is_refused(tmp_path, changes, said):
    assert said in refusal(changed(tmp_path / "template.docx", changes))


def test_a_hyperlink_to_the_banks_site_is_no_reason_to_refuse(tmp_path):
    assert read_template(changed(tmp_path / "t.docx", {RELS: relation("hyperlink", "https://bank.example.invalid/")}))


def test_a_tag_torn_over_two_paragraphs_is_refused(tmp_path):
    assert "is not closed" in refusal(bank_template(tmp_path / "t.docx", extra=("a {", "{ title }} b")))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken", b"%PDF-1.7"])
def test_what_is_no_word_file_is_refused(tmp_path, content):
    (tmp_path / "t.docx").write_bytes(content)
    assert "cannot be used" in refusal(tmp_path / "t.docx")


def test_a_missing_template_is_told(tmp_path):
    assert "cannot be read" in refusal(tmp_path / "none.docx")


def test_another_office_file_is_no_template(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.docx", "w") as new:
        new.writestr("xl/workbook.xml", "<x/>")
    assert "it is no Word document" in refusal(tmp_path / "t.docx")


def test_the_house_template_is_accepted_and_every_tag_fills(tmp_path):
    path = tmp_path / "all.docx"
    shutil.copy(HOUSE, path)
    document = Document(path)
    for name in FIELDS:
        document.add_paragraph(f"{name}={{{{ {name} }}}}")
    document.element.body.append(document.element.body.find("{*}sectPr"))
    document.save(path)
    content = to_docx(make_report(chapters=1), path, None, draft=True)
    text = "\n".join(p.text for p in Document(io.BytesIO(content)).paragraphs)
    assert not re.search(r"\{\{|\}\}", text)
    assert all(re.search(rf"^{name}=.", text, re.MULTILINE) for name in FIELDS)
