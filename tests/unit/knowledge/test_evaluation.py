"""Golden sets, figures, gates and the list of a folder's documents."""

import pytest

from appliance.core.errors import InvalidRequest
from appliance.knowledge.evaluation.golden import Golden, Outcome, breaches, confidences, figures, load_questions
from appliance.knowledge.evaluation.manifest import load_series
from appliance.knowledge.models import Citation, Passage

TEXT = "A safe box costs 300 yuan a year. The deposit is 500 yuan."


def passage(document="fees.md", text=TEXT, version=1):
    return Passage(
        document_id=f"doc_{document}", document=document, version=version, section="Fees", text=text, start=0, score=1
    )


def citation(quote="A safe box costs 300 yuan a year.", document="fees.md", start=0, version=1):
    return Citation(
        document_id=f"doc_{document}", document=document, version=version, section="Fees > Boxes", quote=quote,
        start=start, end=start + len(quote), score=0.9,
    )  # fmt: skip


def outcome(golden, *cited, passages=(), confidence=0.9, short=None):
    return Outcome(golden, bool(cited), confidence, cited, passages, short, 0.1)


ASKED = Golden(question="What does a safe box cost?", document="fees.md", quote="300 yuan", answer="300 yuan")
UNANSWERED = Golden(question="Who founded the bank?")


def test_the_figures_of_a_small_set():
    neighbour = citation("The deposit is 500 yuan.", start=34)
    outcomes = [
        outcome(ASKED, citation(), neighbour, passages=[passage()], short="300yuan"),
        outcome(ASKED, citation("It is free.", "other.md"), passages=[passage("other.md", "It is free."), passage()]),
        outcome(ASKED, passages=[passage("other.md", "It is free.")]),
        outcome(UNANSWERED),
        outcome(UNANSWERED, citation()),
    ]
    found = figures(outcomes)
    assert (found["answerable"], found["unanswerable"]) == (3, 2)
    assert found["recall_at_1"] == pytest.approx(1 / 3, abs=0.001)
    assert found["recall_at_5"] == pytest.approx(2 / 3, abs=0.001)
    assert found["right_citation_first"] == pytest.approx(1 / 3, abs=0.001)
    assert found["citation_precision"] == pytest.approx(2 / 3, abs=0.001)  # the neighbour stands in the right passage
    assert found["citation_recall"] == pytest.approx(1 / 3, abs=0.001)
    assert found["exact_match"] == pytest.approx(1 / 3, abs=0.001)
    assert found["declined_wrongly"] == pytest.approx(1 / 3, abs=0.001)
    assert found["answered_wrongly"] == pytest.approx(2 / 5)
    assert found["declined_rightly"] == 0.5
    assert confidences(outcomes)[0] == (0.9, True)
    assert confidences(outcomes)[1] == (0.9, False)


def test_a_citation_of_another_version_or_place_is_wrong():
    old = Golden(question="q", document="fees.md", quote="300 yuan", version=2)
    assert not outcome(old, citation()).right
    assert outcome(old, citation(version=2)).right
    assert not outcome(Golden(question="q", document="fees.md", quote="300 yuan", section="Loans"), citation()).right


def test_a_gate_names_what_is_outside():
    measured = figures([outcome(ASKED, citation(), passages=[passage()]), outcome(UNANSWERED, citation())])
    gate = {"recall_at_5": {"min": 0.95}, "answered_wrongly": {"max": 0.03}, "declined_rightly": {"min": 0.9}}
    assert [(breach.figure, breach.bound) for breach in breaches(measured, gate)] == [
        ("answered_wrongly", "<= 0.03"),
        ("declined_rightly", ">= 0.9"),
    ]
    for wrong in ({"recall": {"min": 1}}, {"recall_at_5": 0.9}, {"recall_at_5": {"least": 1}}):
        with pytest.raises(InvalidRequest, match="gate"):
            breaches(measured, wrong)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("questions: [{question: a}, {question: b, document: c.md}]", "question 2"),
        ("questions: [{question: ''}]", "question 1"),
        ("questions: [{question: a, answers: b}]", "answers"),
        ("- a", "questions"),
        ("{", "questions"),
        ("questions: [{question: a, as_of: 2026-02-30}]", "day is out of range"),
        ("questions: [{question: a, as_of: '2026-02-30'}]", "as_of"),
    ],
)
def test_a_golden_set_that_cannot_be_used_is_refused(tmp_path, text, told):
    path = tmp_path / "golden.yaml"
    path.write_text(text)
    with pytest.raises(InvalidRequest, match=told):
        load_questions(path)


def test_a_golden_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidRequest, match=r"absent\.yaml"):
        load_questions(tmp_path / "absent.yaml")


@pytest.fixture
def folder(tmp_path):
    """Give a folder with a document in three versions, and one that its list does not name."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("a.md", "a-2024.md", "a-2025.md", "b.md"):
        (folder / name).write_text(name)
    return folder


def test_versions_come_oldest_first_and_unlisted_files_too(folder):
    folder.with_suffix(".yaml").write_text(
        "- {file: a.md, department: Finance, effective_on: 2026-01-01}\n"
        "- {file: a-2025.md, version_of: a.md, effective_on: 2025-01-01}\n"
        "- {file: a-2024.md, version_of: a.md, effective_on: 2024-01-01}\n"
    )
    series = load_series(folder)
    assert [[entry.file for entry in versions] for versions in series] == [["a-2024.md", "a-2025.md", "a.md"], ["b.md"]]
    assert series[0][2].details.department == "Finance"


@pytest.mark.parametrize(
    "text",
    [
        "- {file: absent.md}",
        "- {file: a.md, version_of: absent.md}",
        "- {name: a.md}",
        "file: a.md",
        "- {file: a.md, ",
        "- {file: a.md, effective_on: 2026-02-30}",
    ],
)
def test_a_list_of_documents_that_is_wrong_is_refused(folder, text):
    folder.with_suffix(".yaml").write_text(text)
    with pytest.raises(InvalidRequest, match=r"documents\.yaml"):
        load_series(folder)


def test_without_a_list_each_file_is_a_document(folder):
    assert [len(versions) for versions in load_series(folder)] == [1, 1, 1, 1]
