"""Rows go through the gateway's real application: guardrails, quotas, ledger, scopes, errors."""

import json
from datetime import timedelta

import pytest
from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError

from appliance.core.clock import iso, utc_now
from appliance.core.principal import Scopes
from appliance.serving.batch.deployment import policies_for, runner_of
from appliance.state.audit.search import Filters, search
from appliance.state.usage import read_totals
from tests.unit.serving.batch_desk import CHAT, Desk, line
from tests.unit.serving.deployments import USAGE

FORBIDDEN = "哪里能卖银行卡？"
PERSONAL = "我的手机号是13800138000，请帮我查询。"


def asking(text, **more):
    return {"model": "general", "messages": [{"role": "user", "content": text}], **more}


def whole(text):
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"result": {"id": "c", "object": "chat.completion", "usage": dict(USAGE), "choices": [choice]}}


@pytest.fixture
def desk(ring, context, tmp_path):
    made = Desk(ring._database, tmp_path / "files")
    context.batches = made.batches
    return made


@pytest.fixture
def runner(desk, context):
    made = runner_of(context, 100_000)
    made._ticks = desk.ticks
    return made


@pytest.fixture
def key(ring):
    return ring.create("batches", scopes=Scopes(models=frozenset({"general", "embedder"})))[0]


@pytest.fixture
def model(model):
    model.scripts = [[whole("Good morning.")]]
    return model


async def test_six_rows_with_everything_that_can_come_of_them(desk, runner, ring, key, model, ledger):
    batch_id = desk.submit(
        line("plain", asking("Hello")),
        line("forbidden", asking(FORBIDDEN)),
        line("personal", asking(PERSONAL)),
        line("no such model", {**asking("Hi"), "model": "gpt-4"}),
        line("wrong field", asking("Hi", n=99)),
        line("again", asking("Hello")),
        who=ring.principal(key),
    )
    ended = await desk.run(runner, batch_id)
    assert (ended.status, ended.total, ended.completed, ended.failed) == ("completed", 6, 3, 3)
    output = {one["custom_id"]: one["response"] for one in desk.lines(ended.output_file_id)}
    errors = {one["custom_id"]: one["response"] for one in desk.lines(ended.error_file_id)}
    assert set(output) == {"plain", "personal", "again"}
    assert output["plain"]["body"]["choices"][0]["message"]["content"] == "Good morning."
    codes = {name: (one["status_code"], one["body"]["error"]["code"]) for name, one in errors.items()}
    assert codes == {
        "forbidden": (400, "content_filter"),
        "no such model": (404, "model_not_found"),
        "wrong field": (400, "invalid_value"),
    }
    asked = json.dumps([call[1] for call in model.calls], ensure_ascii=False)
    assert "13800138000" not in asked
    assert "卖银行卡" not in asked
    await ledger.close()
    records = search(ring._database, Filters(kind="request.opened")).records
    assert {one.request_id for one in records} == {f"{batch_id}-{number}-1" for number in (1, 2, 3, 6)}
    assert {json.loads(one.data)["priority"] for one in records} == {"batch"}
    assert {one.actor for one in records} == {key.id}
    assert sum(one.requests for one in read_totals(ring._database)) == 4


async def test_the_report_tells_rules_and_never_a_text(desk, runner, ring, key, model):
    batch_id = desk.submit(
        line("a", asking(FORBIDDEN)), line("b", asking(PERSONAL)), line("c", asking("Hello")), who=ring.principal(key)
    )
    ended = await desk.run(runner, batch_id)
    report = desk.report(batch_id)
    assert report["counts"] == {"total": 3, "answered": 2, "refused": 1}
    assert report["policies"]["policy"]
    rows = {one["custom_id"]: one for one in report["rows"]}
    (blocked,) = [one for one in rows["a"]["verdicts"] if one["action"] == "block"]
    assert blocked["rule"].startswith("lexicon:")
    assert blocked["end"] > blocked["start"]
    assert (rows["a"]["status"], rows["a"]["code"], rows["a"]["outcome"]) == (400, "content_filter", "refused")
    masked = [one for one in report["findings"] if one["action"] == "mask"]
    assert [one["rows"] for one in masked] == [1]
    assert masked[0]["rule"].startswith("personal:")
    assert rows["c"]["verdicts"] == []
    text = json.dumps(report, ensure_ascii=False)
    for secret in ("13800138000", "卖银行卡", "Hello", "Good morning"):
        assert secret not in text
    record = desk.batches.files.get(ring.principal(key), ended.compliance_file_id)
    assert record.purpose == "batch_compliance"


async def test_a_full_queue_is_waited_for(desk, runner, ring, key, model):
    model.scripts = [[BackPressureError(9, 9)], [whole("At last.")]]
    ended = await desk.run(runner, desk.submit(line("a"), who=ring.principal(key)))
    assert (ended.completed, ended.failed) == (1, 0)
    (told,) = desk.lines(ended.output_file_id)
    assert told["response"]["request_id"].endswith("-1-2")


async def test_a_ledger_that_is_away_is_waited_for(desk, runner, ring, key, model, context, monkeypatch):
    failures = [RayError("gone")]
    handle = context.models._others["ledger"]
    admit = handle.core.admit

    async def failing(request):
        if failures:
            raise failures.pop()
        return await admit(request)

    monkeypatch.setattr(handle.core, "admit", failing)
    ended = await desk.run(runner, desk.submit(line("a"), who=ring.principal(key)))
    assert (ended.completed, failures) == (1, [])


async def test_embeddings_and_completions_run_too(desk, runner, ring, key, model):
    embed = {"model": "embedder", "input": ["one", "two"]}
    first = desk.submit(
        line("e", embed, url="/v1/embeddings"), who=ring.principal(key), endpoint="/v1/embeddings"
    )  # fmt: skip
    ended = await desk.run(runner, first)
    assert len(desk.lines(ended.output_file_id)[0]["response"]["body"]["data"]) == 2
    model.scripts = [[{"result": {"choices": [{"index": 0, "text": " world", "finish_reason": "stop"}]}}]]
    body = {"model": "general", "prompt": "Hello"}
    second = desk.submit(
        line("c", body, url="/v1/completions"), who=ring.principal(key), endpoint="/v1/completions"
    )  # fmt: skip
    ended = await desk.run(runner, second)
    assert desk.lines(ended.output_file_id)[0]["response"]["body"]["choices"][0]["text"] == " world"


async def test_a_model_outside_the_keys_scopes_is_refused(desk, runner, ring, model):
    narrow, _key = ring.create("narrow", scopes=Scopes(models=frozenset({"other"})))
    ended = await desk.run(runner, desk.submit(line("a"), who=ring.principal(narrow)))
    (told,) = desk.lines(ended.error_file_id)
    assert (told["response"]["status_code"], model.calls) == (403, [])


async def test_a_revoked_key_ends_its_batch_from_the_next_row_on(desk, runner, ring, key, model):
    who = ring.principal(key)
    batch_id = desk.submit(*(line(f"r{number}") for number in range(9)), who=who)
    await runner.turn()
    await runner.turn()
    await runner.idle()
    done = desk.record(batch_id).completed
    assert 0 < done < 9
    ring.revoke(key.id)
    ended = await desk.run(runner, batch_id)
    assert (ended.status, ended.completed, ended.errors[0].code) == ("failed", done, "key_not_valid")
    assert len(model.calls) == done
    assert len(desk.lines(ended.output_file_id)) == done


async def test_a_key_that_ends_by_itself_or_by_its_maker_ends_its_batches(desk, runner, ring, model):
    maker, _key = ring.create("maker", role="admin")
    child, _key = ring.create("child", parent=ring.principal(maker))
    brief, _key = ring.create("brief", expires_at=utc_now() + timedelta(hours=1))
    ids = [desk.submit(line("a"), who=ring.principal(record)) for record in (child, brief)]
    ring.revoke(maker.id)
    runner._questions.caller._clock = lambda: utc_now() + timedelta(hours=2)
    for batch_id in ids:
        ended = await desk.run(runner, batch_id)
        assert (ended.status, ended.errors[0].code) == ("failed", "key_not_valid")
    assert model.calls == []


async def test_a_rotated_key_is_followed_by_its_successor(desk, runner, ring, key, model):
    owner = ring.principal(key)
    going = desk.submit(line("a"), who=owner)
    successor = ring.rotate(key.id)[0]
    ended = await desk.run(runner, going)
    assert ended.status == "completed"
    later = ring.principal(successor)
    assert desk.batches.batches.get(later, going).id == going
    assert desk.batches.files.get(owner, ended.output_file_id) == desk.batches.files.get(later, ended.output_file_id)
    stopped = desk.submit(line("b"), who=owner)
    ring.revoke(key.id)
    ended = await desk.run(runner, stopped)
    assert (ended.status, ended.errors[0].code) == ("failed", "key_not_valid")


async def test_a_user_who_is_disabled_ends_their_batches(desk, runner, accounts, model):
    user = accounts.users.add("chen", "a long enough pass phrase", role="caller")
    kept = desk.submit(line("a"), who=user.principal())
    assert (await desk.run(runner, kept)).status == "completed"
    accounts.users.disable(user.id)
    stopped = desk.submit(line("a"), who=user.principal())
    ended = await desk.run(runner, stopped)
    assert (ended.status, ended.errors[0].code) == ("failed", "user_not_valid")


async def test_a_role_that_may_not_run_batches_ends_them(desk, runner, ring, model):
    auditor, _key = ring.create("auditor", role="auditor")
    ended = await desk.run(runner, desk.submit(line("a"), who=ring.principal(auditor)))
    assert (ended.status, ended.errors[0].code, model.calls) == ("failed", "key_not_valid", [])


async def test_the_ledger_tells_who_waits(ledger):
    entry = {
        "request_id": "r", "at": iso(utc_now()), "tenant": "default", "actor": "lma-a", "role": "caller",
        "route": CHAT, "target": "general", "model": "general", "priority": "interactive", "estimated_tokens": 1,
        "audit": {}, "content": None,
    }  # fmt: skip
    assert await ledger.interactive() == 0
    await ledger.admit({**entry, "priority": "batch"})
    assert await ledger.interactive() == 0
    opened = await ledger.admit(entry)
    assert (await ledger.interactive(), await ledger.interactive("general"), await ledger.interactive("x")) == (1, 1, 0)
    end = {
        "request_id": "r", "seq": opened["seq"], "status": 200, "outcome": "ok", "prompt_tokens": 1,
        "completion_tokens": 1, "verdicts": [], "audit": {}, "content": None, "seconds": 0.1, "ttft_s": None,
    }  # fmt: skip
    await ledger.complete(end)
    assert await ledger.interactive() == 0


def test_a_tenant_is_told_of_no_other():
    versions = {"policy": "1", "policy:retail": "2", "policy:cards": "3", "lexicon": "4", "lexicon:/secret": "5"}
    assert policies_for(versions, "retail") == {"policy": "2", "lexicon": "4"}
    assert policies_for(versions, "default") == {"policy": "1", "lexicon": "4"}
