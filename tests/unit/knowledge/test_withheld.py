"""What is left of an answer without some of its citations."""

import pytest

from appliance.knowledge.answers.withheld import citing_only
from appliance.knowledge.models import Answer, AnswerSentence, Calculation, CalculationInput, Citation, Conflict


def citation(quote, score=0.5):
    return Citation(
        document_id="d", document="a.md", version=1, section="", quote=quote, start=0, end=len(quote), score=score
    )


def answer(**more):
    quotes = ("Alpha is one.", "Beta is two.", "Gamma is six.")
    whole = Answer(
        question="?", answered=True, text=" ".join(quotes), short="one", confidence=0.9, language="en",
        sentences=tuple(AnswerSentence(text=quote, kind="quoted", citations=[n]) for n, quote in enumerate(quotes)),
        citations=tuple(citation(quote) for quote in quotes), as_of="2026-11-26",
        conflicts=(Conflict(citations=[0, 1], note="x"), Conflict(citations=[1, 2], note="y")),
        nearest=(citation("near"), citation("far")),
    )  # fmt: skip
    return whole.model_copy(update=more)


def test_places_are_counted_anew():
    left = citing_only(answer(), [1, 2], [1])
    assert left.text == "Beta is two. Gamma is six."
    assert [one.citations for one in left.sentences] == [[0], [1]]
    assert [one.quote for one in left.citations] == ["Beta is two.", "Gamma is six."]
    assert [(one.citations, one.note) for one in left.conflicts] == [([0, 1], "y")]
    assert [one.quote for one in left.nearest] == ["far"]
    assert (left.short, left.confidence, left.answered) == (None, 0.5, True)


def test_the_best_citation_keeps_what_rests_on_it():
    left = citing_only(answer(), [0], [])
    assert (left.text, left.short, left.confidence) == ("Alpha is one.", "one", 0.9)


@pytest.mark.parametrize(
    "text", ["说明（英文）：Alpha is one. Beta is two. Gamma is six.", "Alpha is one.Beta is two."]
)
def test_the_text_never_keeps_what_was_taken_out(text):
    left = citing_only(answer(text=text), [1], [])
    assert "Alpha" not in left.text
    assert left.text.endswith("Beta is two.")


def test_a_figure_goes_with_one_of_its_cells():
    inputs = [CalculationInput(label="a", text="1", value=1, citation=place) for place in (0, 2)]
    figure = Calculation(operation="sum", formula="1 + 1", value=2, text="2", inputs=inputs)
    sentence = AnswerSentence(text="It is 2.", kind="computed", citations=[0, 2])
    computed = answer(calculation=figure, sentences=(sentence,), text="It is 2.")
    kept = citing_only(computed, [0, 2], [])
    assert [one.citation for one in kept.calculation.inputs] == [0, 1]
    assert kept.sentences[0].citations == [0, 1]
    gone = citing_only(computed, [0, 1], [0])
    assert (gone.answered, gone.calculation, gone.sentences, gone.confidence) == (False, None, (), 0.0)
    assert gone.text == "The documents do not answer this question."
    assert [one.quote for one in gone.nearest] == ["near", "Alpha is one.", "Beta is two."]


def test_a_refusal_loses_only_places_to_look():
    refused = answer(answered=False, text="No.", citations=(), sentences=(), conflicts=())
    left = citing_only(refused, [], [0])
    assert left == refused.model_copy(update={"nearest": refused.nearest[:1]})
