"""The evidence leads from each sentence and each number to what it rests on."""

import json
import re
from html.parser import HTMLParser

import jsonschema

from scenarios.reports.output.evidence import SCHEMA_FILE, evidence, to_evidence
from scenarios.reports.output.evidence_page import evidence_html

from .made import figures, make_report, place


def test_the_file_keeps_its_published_schema(report):
    data = json.loads(to_evidence(report, None, None, draft=True))
    jsonschema.validate(data, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
    assert data["draft"] is True


def test_every_sentence_leads_to_file_hash_and_quote(report):
    data = evidence(report)
    sentences = [
        sentence
        for section in data["sections"]
        for block in section["blocks"]
        if block["type"] == "paragraph"
        for sentence in block["sentences"]
    ]
    assert len(sentences) == sum(
        len(block.sentences) for section in report.sections for block in section.blocks if block.type == "paragraph"
    )
    with_places = [one for one in sentences if one["kind"] != "opinion"]
    assert with_places
    for sentence in with_places:
        assert sentence["places"]
        for name in sentence["places"]:
            found = data["places"][name]
            assert found["sha256"] == data["files"][found["file"]]["sha256"]
            assert found["quote"]
    assert all(one["rests_on"] for one in sentences if one["kind"] == "opinion")


def test_every_cell_with_a_number_has_row_column_and_place(report):
    data = evidence(report)
    tables = [block for section in data["sections"] for block in section["blocks"] if block["type"] == "table"]
    cells = [cell for table in tables for cell in table["cells"] if cell["column"] > 1]
    assert len(cells) == 3 * 9 + 3 * 9 + 60 * 4 + 30 * 11
    assert all(cell["places"] and cell["row_title"] and cell["column_title"] for cell in cells)


def test_a_figure_has_formula_and_inputs_with_their_places(report):
    figure = evidence(report)["figures"]["current_ratio@2025-12-31"]
    assert figure["formula"] == "流动资产合计 ÷ 流动负债合计"
    places = evidence(report)["places"]
    assert [places[one["place"]]["cell"] for one in figure["inputs"]] == ["C18", "C36"]


def test_a_value_that_is_no_number_is_null_and_the_file_still_json():
    odd = figures()[0].model_copy(update={"value": float("inf")})
    data = json.loads(to_evidence(make_report(chapters=1, figures=(odd,)), None, None, draft=False))
    assert data["figures"]["current_ratio@2025-12-31"]["value"] is None


class _Details(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened, self.found, self.tags = 0, 0, set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += tag == "details"


def test_the_page_opens_each_sentence_without_a_script(report):
    page = evidence_html(report, None, None, draft=False).decode()
    seen = _Details()
    seen.feed(page)
    sentences = sum(len(b.sentences) for s in report.sections for b in s.blocks if b.type == "paragraph")
    rows = sum(len(b.table.rows) for s in report.sections for b in s.blocks if b.type == "table")
    pictures = sum(b.type == "picture" for s in report.sections for b in s.blocks)
    assert seen.found == sentences + rows + pictures
    assert not seen.tags & {"script", "iframe", "object", "form", "link"}
    assert "流动资产合计 ÷ 流动负债合计" in page
    assert report.files[0].sha256 in page
    assert re.search(r"工作表“资产负债表” C18", page)


def test_an_answer_of_the_officer_is_a_source_without_a_file():
    answer = place(0).model_copy(update={"file": "officer", "name": "", "quote": "是"})
    made = make_report(chapters=1)
    paragraph = made.sections[0].blocks[0]
    sentence = paragraph.sentences[0].model_copy(update={"places": (answer,)})
    section = made.sections[0].model_copy(update={"blocks": (paragraph.model_copy(update={"sentences": (sentence,)}),)})
    page = evidence_html(made.model_copy(update={"sections": (section,)}), None, None, draft=False).decode()
    assert "经办人答复" in page
