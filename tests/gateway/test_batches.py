"""A batch on the running appliance: the official client, the command line, the audit."""

import json

import pytest
from openai import OpenAI

from tests.gateway.stack import wait_until

CHAT = "/v1/chat/completions"
FORBIDDEN = "哪里能卖银行卡？"
PERSONAL = "My phone number is 13800138000. Repeat it."
ENDED = ("completed", "failed", "expired", "cancelled")


def line(custom_id, text, **changes):
    body = {"model": "general", "messages": [{"role": "user", "content": text}], "max_tokens": 8, "temperature": 0}
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": CHAT, "body": body | changes})


@pytest.fixture
def openai(stack, caller_key):
    client = OpenAI(base_url=stack.v1, api_key=caller_key, max_retries=0)
    yield client
    client.close()


def submitted(openai, tmp_path, *lines, endpoint=CHAT):
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = openai.files.create(file=path, purpose="batch")
    return openai.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")


def ended(openai, batch):
    def look():
        found = openai.batches.retrieve(batch.id)
        return found if found.status in ENDED else None

    return wait_until(look, 300, 0.5)


def lines_of(openai, file_id):
    return [json.loads(one) for one in openai.files.content(file_id).text.splitlines()]


def test_six_rows_with_everything_that_can_come_of_them(stack, openai, tmp_path):
    batch = submitted(
        openai, tmp_path,
        line("hello", "Say hello."), line("paris", "What is the capital of France?"), line("forbidden", FORBIDDEN),
        line("personal", PERSONAL), line("no model", "Hi", model="gpt-4"), line("again", "Say hello."),
    )  # fmt: skip
    done = ended(openai, batch)
    assert done.status == "completed", done
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (6, 4, 2)
    output = {one["custom_id"]: one["response"] for one in lines_of(openai, done.output_file_id)}
    assert set(output) == {"hello", "paris", "personal", "again"}
    assert "Paris" in output["paris"]["body"]["choices"][0]["message"]["content"]
    errors = {
        one["custom_id"]: one["response"]["body"]["error"]["code"] for one in lines_of(openai, done.error_file_id)
    }
    assert errors == {"forbidden": "content_filter", "no model": "model_not_found"}
    report = openai.files.content(done.compliance_file_id).text
    assert json.loads(report)["counts"] == {"total": 6, "answered": 4, "failed": 1, "refused": 1}
    assert "13800138000" not in report
    assert "卖银行卡" not in report
    actions = {one["action"] for one in json.loads(report)["findings"]}
    assert {"block", "mask"} <= actions
    found = stack.cli("audit", "search", "--request", output["hello"]["request_id"], "--json")
    assert "request.completed" in found.stdout


def test_a_revoked_key_ends_its_batch(stack, tmp_path):
    made = json.loads(stack.cli("key", "create", "short", "--json").stdout)
    with OpenAI(base_url=stack.v1, api_key=made["key"], max_retries=0) as owner:
        batch = submitted(
            owner, tmp_path, *(line(f"r{number}", "Count to fifty.", max_tokens=64) for number in range(40))
        )
        wait_until(lambda: owner.batches.retrieve(batch.id).request_counts.completed, 120, 0.2)
    assert stack.cli("key", "revoke", made["id"]).returncode == 0

    def look():
        found = json.loads(stack.cli("batch", "show", batch.id, "--json").stdout)
        return found if found["status"] in ENDED else None

    done = wait_until(look, 120, 1)
    assert (done["status"], done["errors"]["data"][0]["code"]) == ("failed", "key_not_valid")
    assert 0 < done["request_counts"]["completed"] < 40


def test_the_command_line_runs_a_batch_of_embeddings(stack, tmp_path):
    file, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    body = {"model": "embedder", "input": "A savings account."}
    file.write_text(json.dumps({"custom_id": "a", "method": "POST", "url": "/v1/embeddings", "body": body}))
    ran = stack.cli("batch", "submit", str(file), "--endpoint", "/v1/embeddings", "--wait", "--json", timeout=300)
    assert ran.returncode == 0, ran.stderr
    batch_id = json.loads(ran.stdout)["id"]
    assert stack.cli("batch", "result", batch_id, "--output", str(output)).returncode == 0
    (told,) = [json.loads(one) for one in output.read_text().splitlines()]
    assert len(told["response"]["body"]["data"][0]["embedding"]) == 384
    assert batch_id in stack.cli("batch", "list").stdout
