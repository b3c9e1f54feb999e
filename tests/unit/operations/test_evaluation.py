"""Golden questions to a stand-in of the gateway's HTTP API: figures, gate, report."""

import json
from html.parser import HTMLParser

import httpx
import pytest

from appliance.core.errors import InvalidRequest
from appliance.core.messages import speaking
from appliance.core.progress import Progress
from appliance.knowledge.evaluation.golden import Golden
from appliance.operations.client import ApplianceClient
from appliance.operations.evaluation import collect_questions, evaluate, load_gate
from appliance.operations.evaluation_report import render_report, write_report

SENTENCE = "A safe box costs 300 yuan a year."
PLACE = {"document_id": "doc_1", "document": "fees.md", "version": 1, "section": "Fees"}
PASSAGE = {**PLACE, "text": SENTENCE, "start": 0, "score": 1.0}
CITATION = {**PLACE, "quote": SENTENCE, "start": 0, "end": len(SENTENCE), "score": 0.9}
ANSWER = {
    "answered": True, "confidence": 0.9, "short": "300 yuan", "citations": [CITATION],
    "sentences": [{"text": SENTENCE, "kind": "quoted", "citations": [0]}],
}  # fmt: skip
REFUSAL = {"answered": False, "confidence": 0.1, "short": None, "citations": [], "sentences": []}
QUESTIONS = [
    Golden(question="What does a safe box cost?", document="fees.md", quote="300 yuan"),
    Golden(question="What does a <b>lost key</b> cost?", document="fees.md", quote="50 yuan"),
    Golden(question="Who founded the bank?"),
]


class Gateway:
    """Answers what it has an answer for, declines the rest."""

    def __init__(self):
        self.answers = {QUESTIONS[0].question: ANSWER, QUESTIONS[1].question: ANSWER}
        self.asked = []

    def __call__(self, request):
        body = json.loads(request.content or b"{}")
        self.asked.append((request.url.path, body))
        if request.url.path.endswith("/golden"):
            return httpx.Response(200, json={"questions": [{"question": "From feedback?"}]})
        if request.url.path.endswith("/search"):
            return httpx.Response(200, json={"data": [PASSAGE]})
        return httpx.Response(200, json=self.answers.get(body["question"], REFUSAL))


@pytest.fixture
def gateway():
    return Gateway()


@pytest.fixture
def client(gateway):
    with ApplianceClient("http://gateway", "lma-key", transport=httpx.MockTransport(gateway)) as made:
        yield made


def run(client, questions=QUESTIONS, gate=None):
    *news, evaluation = evaluate(client, "bank", questions, gate or {})
    assert all(isinstance(one, Progress) for one in news)
    return evaluation


def test_every_question_is_asked_and_searched_for_on_its_day(client, gateway):
    dated = Golden(question="What did it cost?", document="fees.md", quote="300 yuan", as_of="2025-06-01")
    run(client, [dated])
    assert [body.get("as_of") for _path, body in gateway.asked] == ["2025-06-01", "2025-06-01"]
    assert {body.get("knowledge_base", "bank") for _path, body in gateway.asked} == {"bank"}


def test_the_figures_and_the_gate(client):
    evaluation = run(client, gate={"recall_at_5": {"min": 0.9}, "answered_wrongly": {"max": 0.5}})
    assert evaluation.figures["recall_at_1"] == 0.5
    assert evaluation.figures["right_citation_first"] == 0.5
    assert evaluation.figures["declined_rightly"] == 1.0
    assert [breach.figure for breach in evaluation.breaches] == ["recall_at_5"]
    assert [outcome.golden for outcome in evaluation.failures] == [QUESTIONS[1]]
    told = evaluation.to_dict()
    assert told["failures"][0]["got"] == SENTENCE
    assert json.loads(json.dumps(told)) == told
    assert told["risk_coverage"][-1]["coverage"] == 1.0


class Page(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.words += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Evaluation of the knowledge base bank"), ("zh_CN", "知识库 bank 评测")]
)
def test_the_report_is_one_page_in_each_language(client, tmp_path, language, heading):
    evaluation = run(client, gate={"recall_at_5": {"min": 0.9}})
    with speaking(language):
        write_report(evaluation, tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    words = "\n".join(page.words)
    assert heading in words
    assert ">= 0.9" in words
    assert SENTENCE in words
    assert "<b>lost key</b>" in words  # shown as text: questions are other people's words
    assert "b" not in page.tags
    assert "svg" in page.tags
    assert "http" not in words
    assert "script" not in page.tags


def test_a_report_without_failures_is_whole_too(client):
    assert "<tbody>\n</tbody>" in render_report(run(client, QUESTIONS[:1]))


def test_questions_come_from_files_and_from_reviewed_feedback(client, tmp_path):
    path = tmp_path / "golden.yaml"
    path.write_text('questions: [{question: "One?"}]')
    assert [one.question for one in collect_questions(client, "bank", [path], reviewed=True)] == [
        "One?",
        "From feedback?",
    ]
    with pytest.raises(InvalidRequest, match="no golden question"):
        collect_questions(client, "bank", [], reviewed=False)


@pytest.mark.parametrize("text", ["- a", "{", "recall: {min: 1}", "recall_at_5: 1"])
def test_a_gate_that_cannot_be_used_is_refused_before_anything_is_asked(tmp_path, text):
    path = tmp_path / "gate.yaml"
    path.write_text(text)
    with pytest.raises(InvalidRequest, match="gate"):
        load_gate(path)


def test_a_gate_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match=r"gate .*absent\.yaml"):
        load_gate(tmp_path / "absent.yaml")
