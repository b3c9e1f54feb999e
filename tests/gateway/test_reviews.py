"""Answers of a tenant whose policy holds them: 202, the queue, a decision, and what the asker gets then."""

import json

import pytest

from tests.gateway.documents import ok
from tests.gateway.stack import REVIEWED

CHAT = "/v1/chat/completions"


def made(stack, *arguments):
    answer = stack.cli(*arguments, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def asker_key(stack):
    if REVIEWED not in {row["name"] for row in made(stack, "tenant", "list")["tenants"]}:
        made(stack, "tenant", "add", REVIEWED)
    return made(stack, "key", "create", "asker", "--tenant", REVIEWED)["key"]


@pytest.fixture
def asker(stack, asker_key):
    with stack.client(key=asker_key) as client:
        yield client


def ask(client, **more):
    body = {"model": "general", "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8, **more}
    return client.post(CHAT, json=body)


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_waits_for_a_person(stack, http, asker, stream):
    response = ask(asker, stream=stream)
    waiting = ok(response, 202)
    assert response.headers["location"] == waiting["status_url"]
    assert ok(asker.get(waiting["status_url"]), 202)["status"] == "pending"
    shown = ok(http.get(f"/v1/reviews/{waiting['id']}"))
    assert (shown["question"], shown["tenant"], shown["rules"]) == ("Say hello.", REVIEWED, ["model:general"])
    assert http.get(waiting["status_url"]).status_code == 404
    ok(http.post(f"/v1/reviews/{waiting['id']}/approve", json={}))
    answer = ok(asker.get(waiting["status_url"]))
    assert answer["choices"][0]["message"]["content"] == shown["answer"]
    assert answer["usage"]["completion_tokens"] >= 1
    assert http.post(f"/v1/reviews/{waiting['id']}/refuse", json={"reason": "late"}).status_code == 409


def test_the_command_line_decides_and_the_audit_knows(stack, asker):
    edited, refused = (ok(ask(asker), 202)["id"] for _number in range(2))
    assert {edited, refused} <= {row["id"] for row in made(stack, "review", "list")["reviews"]}
    assert made(stack, "review", "edit", edited, "--text", "Good morning.")["status"] == "edited"
    assert made(stack, "review", "refuse", refused, "--reason", "Not today.")["status"] == "refused"
    answer = ok(asker.get(f"/v1/reviews/{edited}/answer"))
    assert [choice["message"]["content"] for choice in answer["choices"]] == ["Good morning."]
    withheld = asker.get(f"/v1/reviews/{refused}/answer")
    assert withheld.status_code == 403
    assert withheld.json()["error"]["code"] == "review_refused"
    found = json.dumps(made(stack, "audit", "search", "--kind", "admin.review"))
    assert edited in found
    assert refused in found
    assert stack.cli("audit", "verify").returncode == 0


def test_other_tenants_get_their_answers_at_once(http):
    assert ok(ask(http))["choices"][0]["message"]["content"]
