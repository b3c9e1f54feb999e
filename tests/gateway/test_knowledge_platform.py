"""Original files, pages with the quotation marked, figures from tables, answers as events, and the golden gate."""

import hashlib
import io
import json
from html import unescape
from pathlib import Path

import pytest
import yaml
from PIL import Image

from appliance.cluster.instance import processes_of, read_instance
from appliance.config.home import Home
from tests.gateway.documents import ASK, SAMPLES, SCENARIO, add, ask, documents_of, ok

PACK = Path(__file__).resolve().parents[2] / "scenarios" / "knowledge_qa"
DEPOSITS = "个人定期存款产品条款.pdf"
RENEWAL = "取消自动转存要在什么时候之前？"
PROFIT = "What was the net profit in 2024?"


@pytest.fixture(scope="module")
def ids(stack) -> dict[str, str]:
    """Return the ids of the sample documents by name."""
    with stack.client() as http:
        listed = ok(http.get(documents_of(SAMPLES)))["data"]
    assert {document["status"] for document in listed} == {"indexed"}
    return {document["name"]: document["id"] for document in listed}


def events_of(http, **fields) -> list[tuple[str, dict]]:
    """Return the events of a streamed answer."""
    with http.stream("POST", ASK, json={**fields, "stream": True}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        text = "".join(response.iter_text())
    blocks = [block.split("\n", 1) for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


@pytest.mark.parametrize("name", [DEPOSITS, "个人贷款管理办法.docx", "key-figures.xlsx", "手机银行七月升级通知.eml"])
def test_the_original_file_comes_back_to_the_byte(http, ids, name):
    content = (PACK / "documents" / name).read_bytes()
    address = f"{documents_of(SAMPLES)}/{ids[name]}"
    fetched = http.get(f"{address}/file")
    assert fetched.status_code == 200
    assert fetched.content == content
    assert fetched.headers["content-length"] == str(len(content))
    shown = ok(http.get(address))
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    assert fetched.headers["content-type"].split(";")[0] == shown["media_type"]


def test_the_command_line_fetches_an_older_version(stack, http, base, tmp_path):
    document = add(http, base, "rule.md", "# Rule\n\nThe first words.\n")
    add(http, base, "rule.md", "# Rule\n\nOther words.\n", document=document["id"], wait=False)
    path = tmp_path / "old.md"
    fetched = stack.cli("kb", "get", "rule.md", "--kb", base, "--version", "1", "--output", str(path))
    assert fetched.returncode == 0, fetched.stderr
    assert path.read_text(encoding="utf-8") == "# Rule\n\nThe first words.\n"


def readers(home: Path) -> set[int]:
    """Return the Ray workers that hold no replica: what reads documents and runs functions of packs."""
    instance = read_instance(Home(home).instance_file)
    assert instance is not None
    kinds = ("ray::IDLE", "ray::_prepare", "ray::_work")
    return {one.pid for one in processes_of(instance) if "".join(one.cmdline()).startswith(kinds)}


def test_a_document_is_read_by_a_worker_that_is_there_from_the_one_before(stack, http, base):
    def read(number: int) -> set[int]:
        add(http, base, f"note-{number}.md", f"# Note {number}\n\nCounter {number} opens at nine.\n")
        return readers(stack.home)

    there = read(0)
    for number in range(1, 5):  # Ray looks for idle workers now and then, and ends those that it finds
        before, there = there, read(number)
        if before and there == before:
            return
    pytest.fail(f"each document had other workers, {before} and {there} the last two")


def yellow(picture: Image.Image) -> int:
    """Return how many pixels have a highlighter's colour."""
    return sum(
        count for count, (red, green, blue) in picture.getcolors(1 << 24) if red > 200 and green > 180 and blue < 120
    )


def test_a_page_picture_marks_the_quotation_and_nothing_else(http, ids):
    citation = ask(http, RENEWAL)["citations"][0]
    assert citation["document"] == DEPOSITS
    address = f"{documents_of(SAMPLES)}/{ids[DEPOSITS]}/pages/{citation['page']}.png"
    span = {name: citation[name] for name in ("version", "start", "end")}
    marked, plain = http.get(address, params=span), http.get(address)
    for response in (marked, plain):
        assert response.status_code == 200
        assert response.headers["content-type"] == "image/png"
    page = Image.open(io.BytesIO(marked.content)).convert("RGB")
    assert yellow(Image.open(io.BytesIO(plain.content)).convert("RGB")) == 0
    assert citation["boxes"]
    scale = page.width / 595.3  # A4 in points
    inside = 0
    for box in citation["boxes"]:
        line = tuple(round(side * scale) for side in box)
        assert yellow(page.crop(line)) > 0, box
        inside += yellow(page.crop((line[0] - 6, line[1] - 6, line[2] + 6, line[3] + 6)))
    assert yellow(page) <= inside


@pytest.mark.parametrize(
    ("page", "name", "status"),
    [(99, DEPOSITS, 404), (0, DEPOSITS, 400), (1, "key-figures.xlsx", 400)],
    ids=["no such page", "page 0", "a workbook"],
)
def test_a_page_that_has_no_picture_says_so(http, ids, page, name, status):
    refused = http.get(f"{documents_of(SAMPLES)}/{ids[name]}/pages/{page}.png")
    assert refused.status_code == status, refused.text
    assert refused.json()["error"]["message"]


FIGURES = [
    ("江南分行2025年净利润比2024年增长了多少？", "分行经营指标对比.xlsx", "difference", 1680, "万元"),
    ("东城分行2025年净利润比上一年增长百分之多少？", "分行经营指标对比.xlsx", "change_percent", 3.23, "%"),
    ("What was the sum of corporate loans and retail loans in 2025?", "key-figures.xlsx", "sum", 344_900, "CNY"),
]


@pytest.mark.parametrize(("question", "document", "operation", "value", "unit"), FIGURES)
def test_a_figure_is_computed_from_cited_cells(http, question, document, operation, value, unit):
    answer = ask(http, question)
    calculation = answer["calculation"]
    assert (calculation["operation"], calculation["value"]) == (operation, pytest.approx(value, abs=0.005))
    assert unit in calculation["unit"]
    assert len(calculation["inputs"]) == 2
    for given in calculation["inputs"]:
        citation = answer["citations"][given["citation"]]
        assert citation["document"] == document
        assert given["text"] in {cell["text"] for cell in citation["cells"]}
        assert given["text"] in calculation["formula"]
    (sentence,) = (one for one in answer["sentences"] if one["kind"] == "computed")
    assert calculation["text"] in sentence["text"]
    assert answer["short"] == calculation["text"]
    assert answer["language"] == "en" or "change" not in sentence["text"]


@pytest.mark.parametrize(
    ("question", "document", "cell", "row", "short"),
    [
        (
            "江南分行2025年赚了多少净利润？", "分行经营指标对比.xlsx",
            {"row": "江南分行", "column": "净利润2025年", "text": "19950", "unit": "万元"}, 4, "19950万元",
        ),
        (
            PROFIT, "key-figures.xlsx",
            {"row": "Net profit", "column": "2024", "text": "3428", "unit": "million CNY"}, 14, "CNY 3428 million",
        ),
    ],
    ids=["zh", "en"],
)  # fmt: skip
def test_a_figure_is_looked_up_with_its_row_column_and_unit(http, question, document, cell, row, short):
    answer = ask(http, question)
    first = answer["citations"][0]
    assert (first["document"], first["row"]) == (document, row)
    assert [{name: one[name] for name in cell} for one in first["cells"]] == [cell]
    assert answer["short"].replace(",", "") == short
    at = first["cells"][0]["start"] - first["start"]
    assert first["quote"][at : at + len(cell["text"])] == cell["text"]


@pytest.mark.parametrize("question", [RENEWAL, PROFIT, "青岚银行食堂几点开饭？"])
def test_a_streamed_answer_is_the_whole_answer_in_pieces(http, question):
    events = events_of(http, question=question, write=False)
    whole = ask(http, question)
    assert events[-1] == ("done", whole)
    names = [name for name, _data in events]
    assert names == ["citation"] * len(whole["citations"]) + ["sentence"] * len(whole["sentences"]) + ["done"]
    assert [{**data, "index": None} for name, data in events if name == "citation"] == [
        {**citation, "index": None} for citation in whole["citations"]
    ]
    assert [data["index"] for name, data in events if name == "citation"] == list(range(len(whole["citations"])))
    assert [data for name, data in events if name == "sentence"] == whole["sentences"]


def test_what_the_model_writes_comes_after_the_quotations(http):
    events = events_of(http, question=PROFIT, write=True, max_citations=1)
    kinds = [data["kind"] for name, data in events if name == "sentence"]
    assert kinds == sorted(kinds, key=lambda kind: kind == "written")
    name, done = events[-1]
    assert name == "done"
    assert [data for name, data in events if name == "sentence"] == done["sentences"] + done["written"]
    assert (done["label"] is None) == (not done["written"])


def test_what_is_wrong_before_the_first_event_is_an_answer_of_its_own(http):
    for fields, status in (
        ({"question": ""}, 400),
        ({"question": "Fees?", "knowledge_base": "no-such-base"}, 404),
        ({"question": "Fees?", "conversation_id": "conversation_0"}, 404),
    ):
        refused = http.post(ASK, json={**fields, "stream": True})
        assert refused.status_code == status
        assert refused.headers["content-type"] == "application/json"
        assert refused.json()["error"]["message"]


def test_what_goes_wrong_on_the_way_is_an_event_and_the_end(http):
    conversation = f"{SCENARIO}/conversations"
    begun = ok(http.post(conversation, json={}), 201)
    # The model writes for a while; meanwhile the conversation that would keep the turn goes away.
    fields = {"question": PROFIT, "conversation_id": begun["id"], "write": True, "stream": True}
    with http.stream("POST", ASK, json=fields) as response:
        lines = response.iter_lines()
        assert next(lines) == "event: citation"
        ok(http.delete(f"{conversation}/{begun['id']}"))
        rest = [line for line in lines if line]
    assert rest[-2] == "event: error"
    assert json.loads(rest[-1].removeprefix("data: "))["error"]["code"] == "conversation_not_found"
    assert "event: done" not in rest


def test_the_golden_questions_pass_the_gate(stack, tmp_path):
    sets = [PACK / "evaluation" / name for name in ("golden_zh.yaml", "golden_en.yaml")]
    report = tmp_path / "report.html"
    evaluated = stack.cli(
        "kb", "eval", *map(str, sets), "--kb", SAMPLES, "--gate", str(PACK / "evaluation" / "gate.yaml"),
        "--report", str(report), "--json", timeout=900,
    )  # fmt: skip
    assert report.is_file(), evaluated.stderr
    outcome = json.loads(evaluated.stdout)
    assert evaluated.returncode == 0, (outcome["figures"], outcome["breaches"])
    questions = [entry for path in sets for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["questions"]]
    assert outcome["figures"]["answerable"] + outcome["figures"]["unanswerable"] == len(questions)
    told = unescape(report.read_text(encoding="utf-8"))
    assert all(failure["question"] in told for failure in outcome["failures"])
