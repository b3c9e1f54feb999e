"""Feedback on answers, its review by admins, and the golden set that comes of it."""

import json

import pytest

from appliance.core.errors import Conflict, InvalidRequest, NotFound, PermissionDenied, Unavailable
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.knowledge.evaluation.golden import load_questions
from appliance.knowledge.models import Details
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN, B_CALLER, index_all

LOCKER = "How much does a small locker cost a year?"
COLLEAGUE = Principal("a", "caller", "lma-a-other")
QUOTE = {"document": "lockers.md", "quote": "300 yuan"}


async def say(desk, who=A_CALLER, **fields):
    fields = {"question": LOCKER, "knowledge_base": "rules", "verdict": "wrong"} | fields
    return await desk.call("give-feedback", {name: value for name, value in fields.items() if value is not None}, who)


async def review(desk, feedback, decision, who=A_ADMIN, **fields):
    return await desk.call("review-feedback", {"decision": decision, **fields}, who, feedback_id=feedback["id"])


async def feedback_of(desk, status="open", who=A_ADMIN):
    return (await desk.call("list-feedback", who=who, status=status))["data"]


async def golden_of(desk, who=A_ADMIN):
    return await desk.call("golden-set", who=who, knowledge_base="rules")


async def test_feedback_on_an_answer_names_its_question_and_shows_it_to_admins(desk):
    conversation = await desk.begin(user="li")
    await desk.turn(conversation, LOCKER, user="li")
    reply = await desk.turn(conversation, "And a large locker?", user="li")
    about = {"answer_id": reply["answer_id"], "question": None, "knowledge_base": None, "user": "li"}
    given = await say(desk, verdict="better", better_answer="520 yuan", comment="?", **about)
    assert (given["question"], given["knowledge_base"]) == (reply["understood_as"], "rules")
    (listed,) = await feedback_of(desk)
    assert listed == {**given, "answer": reply}
    await desk.call("delete-conversation", conversation_id=conversation["id"], user="li")
    assert (await feedback_of(desk))[0]["answer"] is None


async def test_an_answer_that_is_somebody_elses_looks_like_a_missing_one(desk):
    conversation = await desk.begin(user="li")
    answer_id = (await desk.turn(conversation, LOCKER, user="li"))["answer_id"]
    for who, user in [(A_CALLER, None), (A_CALLER, "wang"), (COLLEAGUE, "li"), (A_ADMIN, "li"), (B_CALLER, "li")]:
        texts = []
        for place in (answer_id, "turn_" + "0" * 26):
            with pytest.raises(NotFound) as caught:
                await say(desk, who, answer_id=place, question=None, knowledge_base=None, user=user)
            texts.append(str(caught.value).replace(place, ""))
        assert texts[0] == texts[1]
    assert await feedback_of(desk) == []


async def test_feedback_on_a_base_that_is_not_there(desk):
    for who, base in [(B_CALLER, "rules"), (A_CALLER, "nothing")]:
        with pytest.raises(NotFound):
            await say(desk, who, knowledge_base=base)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"verdict": "perhaps"}, "verdict"),
        ({"verdict": None}, "verdict"),
        ({"answer_id": "turn_x"}, None),
        ({"question": None}, None),
        ({"verdict": "better"}, None),
        ({"verdict": "right", "better_answer": "x"}, None),
        ({"question": None, "answer_id": "turn_x"}, None),
        ({"comment": "x" * (1024 * 1024)}, "comment"),
        ({"better_answer": "x" * 8001, "verdict": "better"}, "better_answer"),
    ],
)
async def test_what_may_be_said_is_checked(desk, fields, param):
    with pytest.raises(InvalidRequest) as caught:
        await say(desk, **fields)
    assert caught.value.param in (param, "")
    assert await feedback_of(desk) == []


@pytest.mark.parametrize("name", ["list-feedback", "review-feedback", "golden-set", "delete-golden"])
async def test_reviews_are_for_admins(desk, name):
    with pytest.raises(PermissionDenied):
        await desk.call(name, {"nonsense": True})


async def test_an_admin_sees_the_feedback_of_the_own_tenant_alone(desk):
    given = await say(desk)
    assert await feedback_of(desk, who=B_ADMIN) == []
    with pytest.raises(NotFound):
        await review(desk, given, "dismiss", B_ADMIN)
    assert len(await feedback_of(desk)) == 1


async def test_a_review_is_done_once(desk):
    given = await say(desk)
    done = await review(desk, given, "dismiss")
    assert (done["status"], done["decision"], done["reviewed_by"]) == ("done", "dismiss", A_ADMIN.key_id)
    with pytest.raises(Conflict) as caught:
        await review(desk, given, "golden", **QUOTE)
    assert caught.value.code == "already_reviewed"
    assert await feedback_of(desk) == []
    assert await feedback_of(desk, "done") == [done]
    assert (await golden_of(desk))["questions"] == []


async def test_feedback_becomes_a_golden_set_that_the_evaluation_reads(desk, tmp_path):
    answerable = await review(desk, await say(desk), "golden", page=2, section="Fees", **QUOTE)
    await review(desk, await say(desk, question="Who won?"), "golden")
    found = await golden_of(desk)
    path = tmp_path / "golden.yaml"
    path.write_text(json.dumps({"questions": found["questions"]}), encoding="utf-8")
    first, second = load_questions(path)
    assert (first.question, first.document, first.quote, first.page) == (LOCKER, "lockers.md", "300 yuan", 2)
    assert (second.question, second.document) == ("Who won?", None)
    assert found["golden_ids"][0] == answerable["golden_id"]
    await desk.call("delete-golden", who=A_ADMIN, golden_id=answerable["golden_id"])
    assert [one["question"] for one in (await golden_of(desk))["questions"]] == ["Who won?"]
    for who in (A_ADMIN, B_ADMIN):
        with pytest.raises(NotFound):
            await desk.call("delete-golden", who=who, golden_id=answerable["golden_id"])
    with pytest.raises(NotFound):
        await golden_of(desk, B_ADMIN)


async def test_feedback_becomes_an_entry_that_answers(desk, store):
    question = "What is the\n deposit for a locker key?"
    given = await say(
        desk, question=question, verdict="better", better_answer="The deposit for a locker key is 70 yuan."
    )
    done = await review(desk, given, "entry", access=["role:caller"])
    document = store.document(A_ADMIN, "rules", done["document_id"])
    assert document.name.startswith("qa-")
    assert (document.media_type, document.access) == ("text/markdown", ["role:caller"])
    path, _version = store.original(A_ADMIN, "rules", document.id)
    assert path.read_text() == (
        "# What is the deposit for a locker key?\n\nThe deposit for a locker key is 70 yuan.\n"
    )  # fmt: skip
    index_all(store)
    assert "70 yuan" in (await desk.ask(question))["answer"]
    store.delete_document(A_ADMIN, "rules", document.id)


@pytest.mark.parametrize(
    ("decision", "fields", "param"),
    [
        ("burn", {}, "decision"),
        ("golden", {"document": "a.md"}, ""),
        ("golden", {"quote": "a"}, ""),
        ("golden", {**QUOTE, "answer": "x"}, ""),
        ("dismiss", QUOTE, ""),
        ("entry", QUOTE, ""),
        ("entry", {}, "answer"),
        ("golden", {**QUOTE, "page": 0}, "page"),
    ],
)
async def test_what_may_be_decided_is_checked(desk, decision, fields, param):
    given = await say(desk)
    with pytest.raises(InvalidRequest) as caught:
        await review(desk, given, decision, **fields)
    assert (caught.value.param or "") == param
    assert len(await feedback_of(desk)) == 1
    assert (await golden_of(desk))["questions"] == []


async def test_an_entry_that_cannot_be_kept_leaves_the_feedback_open(desk, store, monkeypatch):
    given = await say(desk)

    def fail(*arguments, **options):
        raise Unavailable(_("{x}", x="down"))

    monkeypatch.setattr(store, "add_document", fail)
    with pytest.raises(Unavailable):
        await review(desk, given, "entry", answer="300 yuan")
    assert (await feedback_of(desk))[0]["status"] == "open"


async def test_an_answer_shown_for_review_is_withheld_from_an_admin_who_may_not_read_it(desk, store, bonus):
    conversation = await desk.begin()
    reply = await desk.turn(conversation, "How high is the yearly bonus of a branch manager?")
    await say(desk, answer_id=reply["answer_id"], question=None, knowledge_base=None)
    assert "80,000" in (await feedback_of(desk))[0]["answer"]["answer"]
    store.change_document(A_ADMIN, "rules", bonus.id, Details(access=["role:admin"]))
    assert "80,000" in (await feedback_of(desk))[0]["answer"]["answer"]
    store.delete_document(A_ADMIN, "rules", bonus.id)
    assert "80,000" not in str((await feedback_of(desk))[0]["answer"])
