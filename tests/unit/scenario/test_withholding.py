"""What is left of an answer without some of its sources."""

import importlib
from datetime import date

import pytest

from appliance.knowledge.models import AnswerSentence, Calculation, CalculationInput, Citation, Conflict
from appliance.scenario.loading import load_pack
from tests.unit.scenario.conftest import PACK


@pytest.fixture(scope="module")
def answers():
    """The pack's module, under the name that the loader gave it."""
    return importlib.import_module(f"{load_pack(PACK).create.__module__}.answers")


def cited(document, quote):
    return Citation(
        document_id=document, document=f"{document}.md", version=1, section="", quote=quote, start=0, end=9, score=0.9
    )  # fmt: skip


def sentence(text, *citations, kind="quoted"):
    return AnswerSentence(text=text, kind=kind, citations=list(citations))


@pytest.fixture
def answer(answers):
    given = CalculationInput(label="a", text="1", value=1.0, citation=0)
    return answers.AskResponse(
        answer="Secret one. Open two. Open three.", answered=True, confidence=0.9, language="en",
        as_of=date(2026, 1, 1),
        citations=[cited("secret", "Secret one."), cited("open", "Open two."), cited("other", "Open three.")],
        sentences=[sentence("Secret one.", 0), sentence("Open two.", 1), sentence("Open three.", 2)],
        written=[sentence("It is secret.", 0, 1, kind="written"), sentence("It is open.", 2, kind="written")],
        model_text="It is secret. It is open.", label="AI", short="Secret",
        calculation=Calculation(operation="sum", formula="1", value=1.0, text="1", inputs=[given]),
        conflicts=[Conflict(citations=[0, 1], note="secret"), Conflict(citations=[1, 2], note="open")],
    )  # fmt: skip


def test_nothing_is_left_out_for_who_may_read_all(answers, answer):
    assert answers.withhold(answer, frozenset({"secret", "open", "other"})) == (answer, 0)


def test_what_rests_on_a_source_goes_with_it(answers, answer):
    left, gone = answers.withhold(answer, frozenset({"open", "other"}))
    assert gone == 1
    assert "secret" not in left.model_dump_json().lower()
    assert left.answer == "Open two. Open three."
    assert [one.document_id for one in left.citations] == ["open", "other"]
    assert left.sentences == [sentence("Open two.", 0), sentence("Open three.", 1)]
    assert left.written == [sentence("It is open.", 1, kind="written")]
    assert left.model_text == "It is open."
    assert "AI" in left.label
    assert left.conflicts == [Conflict(citations=[0, 1], note="open")]
    assert (left.short, left.calculation) == (None, None)


def test_nothing_may_be_left(answers, answer):
    left, gone = answers.withhold(answer, frozenset())
    assert gone == 3
    assert (left.citations, left.sentences, left.written, left.model_text, left.label) == ([], [], [], None, None)
    assert "not open to you" in left.answer
