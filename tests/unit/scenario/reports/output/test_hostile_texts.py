"""Nothing that a source, a company or a file is called acts as code in any format."""

import io
import json
import re
import zipfile

import pypdf
import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from scenarios.reports.models import Cell, Paragraph, Place, Section, Sentence, Table, TableBlock
from scenarios.reports.output.rendering import FILES, render
from scenarios.reports.output.vectors import safe_svg
from scenarios.reports.output.wording import breakable, clean

from .made import chart, make_report

HOSTILE = (
    '#read("/etc/passwd")',
    '#eval("1+1") #import "x.typ" $x^2$ @ref <label> *b* _i_ `raw` \\u{41} // c /* c */ ~ --- [x] #[y]',
    "{{ 7*7 }} {% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %} {#x#}",
    "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; \" ' ]]> <!-- -->",
    "| a | b |\n|---|---|\n# heading\n- item\n[x](javascript:alert(1)) ![y](http://example.invalid/y.png)\n[^1]: z",
    "\x00\x01\x1f\ufffe\u202efdp.exe\u2066",
    "]]></w:t></w:r></w:p><w:p/>",
    '=HYPERLINK("http://example.invalid") +1 -1 @SUM(A1)',
    "𠮷野家 😀 العربية ﷽",
)


def _report_of(text: str, language: str = "zh_CN"):
    place = Place(file="f01", name=text[:200] or "x", page=1, sheet=text[:50] or None, quote=text[:500])
    sentence = Sentence(id="a.1.1", text=text, kind="fact", places=(place,))
    table = Table(
        id="t",
        caption=text,
        columns=(text, text),
        numeric=(False, True),
        rows=((Cell(text=text), Cell(text=text)),),
        note=text,
    )
    picture = chart(1, text).picture.model_copy(update={"alt": text, "note": text})
    styles = ("text", "item", "opinion", "warning", "quotation")
    blocks = (
        *(Paragraph(style=style, sentences=(sentence,)) for style in styles),
        TableBlock(table=table),
        chart(1, text).model_copy(update={"picture": picture}),
    )
    section = Section(id="a", title=text, level=1, blocks=blocks, edited_by=text)
    names = dict.fromkeys(("title", "subject", "author", "bank", "template", "id", "as_of", "made_at"), text)
    return make_report(language, chapters=1, sections=(section,), **names)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stands_in_every_file_as_text(text):
    out = render(_report_of(text), list(FILES), None, None, draft=True)
    shown = "".join(clean(text).split())
    words = "".join(Document(io.BytesIO(out["docx"])).element.itertext())
    assert shown in "".join(words.split())
    for name in ("html", "evidence-html"):
        assert shown in "".join(_harmless(out[name].decode()).split())
    assert json.loads(out["evidence"])["report"]["title"]
    _harmless(MarkdownIt("commonmark", {"html": True}).enable("table").render(out["md"].decode()))


def _harmless(page: str) -> str:
    """Check a page's elements and attributes; return its text."""
    root = etree.HTML(page)
    for element in root.iter(etree.Element):
        assert element.tag not in ("script", "iframe", "object", "embed", "form", "link", "base")
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            if name.lower().endswith(("href", "src")):
                assert value.startswith(("#", "data:image/png"))
    return "".join(root.itertext())


def test_typst_code_in_a_text_reads_nothing_and_shows_as_written():
    out = render(_report_of(HOSTILE[0]), ["pdf"], None, None, draft=False)["pdf"]
    pages = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(out)).pages)
    assert '#read("/etc/passwd")' in pages.replace("\u200b", "")
    assert "root:" not in pages


ANY_TEXT = st.text(min_size=1, max_size=120) | st.text("#$@*_`\\[]{}<>\"'/%|~=-+^&;\n", min_size=1, max_size=80)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(st.characters(codec=None), min_size=1, max_size=120)
    | st.text("#$@*_`\\[]{}<>\"'/%|~=-+^&;\n", min_size=1, max_size=80)
)
def test_any_text_makes_whole_files(text):
    out = render(_report_of(text, "en"), ["docx", "pdf", "html", "md", "evidence"], None, None, draft=False)
    Document(io.BytesIO(out["docx"]))
    assert len(pypdf.PdfReader(io.BytesIO(out["pdf"])).pages) >= 2
    with zipfile.ZipFile(io.BytesIO(out["docx"])) as parts:
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(parts.read(name))


@given(st.text("ab/.-?&=中 1", max_size=200))
def test_places_to_break_change_no_character(text):
    assert breakable(text).replace("\u200b", "") == text


def test_a_long_word_gets_places_to_break_and_a_number_none():
    assert "\u200b" in breakable("x" * 40)
    assert breakable("-1,234,567,890.12") == "-1,234,567,890.12"


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<image xlink:href="http://example.invalid/x.png"/>',
        '<image href="file:///etc/passwd"/>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="x()"/></foreignObject>',
        '<path d="M0 0" onclick="alert(1)"/>',
        '<use href="http://example.invalid/x.svg#a"/>',
        "<style>@import url(http://example.invalid/x.css)</style>",
        '<rect style="fill:url(http://example.invalid/a)"/>',
        '<a xlink:href="javascript:alert(1)"><rect/></a>',
        '<set attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_a_drawing_keeps_nothing_that_runs_or_fetches(inside):
    kept = safe_svg(SVG.format(inside + '<rect id="good" width="1"/>'), "c-")
    assert 'id="c-good"' in kept
    assert not re.search(r"script|example\.invalid|passwd|onclick|onload|foreignObject|@import", kept)


def test_a_drawing_with_entities_or_no_drawing_is_refused():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + SVG.format("<text>&a;</text>")
    assert safe_svg(bomb, "c-") is None
    assert safe_svg("<html xmlns='http://www.w3.org/1999/xhtml'/>", "c-") is None
    assert safe_svg("not xml", "c-") is None


def test_two_drawings_do_not_share_ids():
    svg = chart(1, "x").picture.svg
    first, second = safe_svg(svg, "a-"), safe_svg(svg, "b-")
    assert "url(#a-clip)" in first
    assert 'id="b-clip"' in second
