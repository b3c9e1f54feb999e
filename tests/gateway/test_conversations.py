"""Conversations, feedback and its review, as a system of the bank that shows answers to its users works with them."""

import json

import pytest

from tests.gateway.documents import SCENARIO, add, ask, new_base, ok, search, settled

CONVERSATIONS = f"{SCENARIO}/conversations"
FEEDBACK = f"{SCENARIO}/feedback"
CARDS = "# Cards\n\nA classic card costs 80 yuan a year.\n\nA gold card costs 260 yuan a year.\n"


@pytest.mark.parametrize(
    ("question", "follow_up", "understood_as", "quote"),
    [
        ("个人消费贷款最多能贷多少？", "最长期限呢？", ("个人消费贷款", "最长期限"), "5年"),
        ("What does a classic credit card cost per year?", "And for gold?", ("gold", "cost per year"), None),
    ],
    ids=["zh", "en"],
)
def test_a_follow_up_is_completed_from_the_question_before(http, question, follow_up, understood_as, quote):
    begun = ok(http.post(CONVERSATIONS, json={"title": question}), 201)
    first = ask(http, question, conversation_id=begun["id"])
    second = ask(http, follow_up, conversation_id=begun["id"])
    assert first["understood_as"] is None
    assert first["answered"] is True
    assert all(words in second["understood_as"] for words in understood_as)
    assert second["answered"] is True
    assert quote is None or quote in second["answer"]
    assert ask(http, second["understood_as"])["citations"] == second["citations"]

    kept = ok(http.get(f"{CONVERSATIONS}/{begun['id']}"))
    assert kept["title"] == question
    assert [turn["question"] for turn in kept["turns"]] == [question, follow_up]
    assert [turn["answer"] for turn in kept["turns"]] == [first, second]
    assert [turn["id"] for turn in kept["turns"]] == [first["answer_id"], second["answer_id"]]
    assert kept["turns"][1]["understood_as"] == second["understood_as"]
    assert begun["id"] in {one["id"] for one in ok(http.get(CONVERSATIONS))["data"]}
    assert ok(http.delete(f"{CONVERSATIONS}/{begun['id']}"))["deleted"] is True
    assert http.get(f"{CONVERSATIONS}/{begun['id']}").status_code == 404


def test_a_follow_up_without_a_conversation_stands_alone(http):
    assert ask(http, "最长期限呢？")["understood_as"] is None


def test_a_conversation_keeps_to_its_base_and_its_user(http, base):
    begun = ok(http.post(CONVERSATIONS, json={"knowledge_base": base, "user": "teller-7"}), 201)
    fields = {"question": "Fees?", "conversation_id": begun["id"], "user": "teller-7"}
    other_base = http.post(f"{SCENARIO}/ask", json={**fields, "knowledge_base": "bank-samples"})
    assert (other_base.status_code, other_base.json()["error"]["param"]) == (400, "knowledge_base")
    for user in (None, "teller-8"):
        assert http.post(f"{SCENARIO}/ask", json={**fields, "user": user}).status_code == 404
    assert ok(http.post(f"{SCENARIO}/ask", json=fields))["answered"] is False
    assert ok(http.get(f"{CONVERSATIONS}/{begun['id']}?user=teller-7"))["turn_count"] == 1


def test_feedback_becomes_a_golden_question_that_the_evaluation_asks(stack, http, base, tmp_path):
    add(http, base, "cards.md", CARDS)
    begun = ok(http.post(CONVERSATIONS, json={"knowledge_base": base}), 201)
    ask(http, "What does a classic card cost?", base, conversation_id=begun["id"])
    answer = ask(http, "And a gold card?", base, conversation_id=begun["id"])
    given = ok(http.post(FEEDBACK, json={"verdict": "right", "answer_id": answer["answer_id"]}), 201)
    assert given["question"] == answer["understood_as"]
    waiting = next(one for one in ok(http.get(FEEDBACK))["data"] if one["id"] == given["id"])
    assert waiting["answer"] == answer

    decision = {"decision": "golden", "document": "cards.md", "quote": "260 yuan"}
    reviewed = ok(http.post(f"{FEEDBACK}/{given['id']}/review", json=decision))
    assert (reviewed["status"], reviewed["decision"]) == ("done", "golden")
    assert http.post(f"{FEEDBACK}/{given['id']}/review", json=decision).status_code == 409
    assert given["id"] not in {one["id"] for one in ok(http.get(FEEDBACK))["data"]}
    golden = ok(http.get(f"{SCENARIO}/golden", params={"knowledge_base": base}))
    assert golden["golden_ids"] == [reviewed["golden_id"]]
    assert golden["questions"][0]["question"] == given["question"]

    report = tmp_path / "report.html"
    evaluated = stack.cli("kb", "eval", "--kb", base, "--reviewed", "--report", str(report), "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    outcome = json.loads(evaluated.stdout)
    assert outcome["failures"] == []
    assert outcome["figures"]["answerable"] == 1
    assert base in report.read_text(encoding="utf-8")

    assert ok(http.delete(f"{SCENARIO}/golden/{reviewed['golden_id']}"))["deleted"] is True
    without = stack.cli("kb", "eval", "--kb", base, "--reviewed")
    assert without.returncode not in (0, 1)
    assert without.stderr


def test_a_better_answer_becomes_an_entry_that_is_cited(http, base):
    add(http, base, "cards.md", CARDS)
    question = "Who waives the annual fee of a platinum card?"
    told = {
        "verdict": "better", "question": question, "knowledge_base": base,
        "better_answer": "The head of the branch waives the annual fee of a platinum card.",
    }  # fmt: skip
    given = ok(http.post(FEEDBACK, json=told), 201)
    reviewed = ok(http.post(f"{FEEDBACK}/{given['id']}/review", json={"decision": "entry"}))
    settled(http, base)
    answer = ask(http, question, base)
    assert answer["answered"] is True
    first = answer["citations"][0]
    assert first["document_id"] == reviewed["document_id"]
    assert "head of the branch" in first["quote"]
    assert search(http, base, question)[0]["document_id"] == reviewed["document_id"]


def test_feedback_is_for_the_tenant_that_gave_it_and_review_for_admins(stack, http, caller_key):
    with stack.client(key=caller_key) as caller, new_base(http) as base:
        told = {"verdict": "wrong", "question": "Fees?", "knowledge_base": base}
        given = ok(caller.post(FEEDBACK, json=told), 201)
        for method, path in (
            ("GET", FEEDBACK), ("POST", f"{FEEDBACK}/{given['id']}/review"), ("GET", f"{SCENARIO}/golden"),
        ):  # fmt: skip
            refused = caller.request(method, path, json={"decision": "dismiss"} if method == "POST" else None)
            assert refused.status_code == 403, refused.text
        dismissed = ok(http.post(f"{FEEDBACK}/{given['id']}/review", json={"decision": "dismiss"}))
        assert dismissed["decision"] == "dismiss"
        wrong = http.post(FEEDBACK, json={**told, "better_answer": "5 yuan"})
        assert wrong.status_code == 400
