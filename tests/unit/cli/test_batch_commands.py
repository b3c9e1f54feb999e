import json

BATCH = {
    "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "errors": None, "status": "completed",
    "output_file_id": "file_out", "error_file_id": None, "compliance_file_id": "file_rep",
    "created_at": 1_795_686_000, "expires_at": 1_795_772_400,
    "request_counts": {"total": 6, "completed": 5, "failed": 1},
}  # fmt: skip


def test_batches_are_listed(run, gateway):
    gateway.answers["GET", "/v1/batches"] = (200, {"data": [BATCH], "has_more": False})
    shown = run("batch", "list")
    assert shown.code == 0
    for text in ("batch_1", "completed", "2026-11-26 09:40"):
        assert text in shown.out
    assert run("batch", "list", "--json").json == {"batches": [BATCH]}
    assert "已完成" not in shown.out
    assert gateway.asked[-1][1] == "/v1/batches?limit=100"


def test_a_batch_is_shown_with_what_is_wrong(run, gateway):
    fault = {"code": "invalid_json_line", "message": "The line is not valid JSON.", "param": None, "line": 3}
    failed = {**BATCH, "status": "failed", "errors": {"object": "list", "data": [fault]}}
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, failed)
    shown = run("batch", "show", "batch_1")
    assert (shown.code, "invalid_json_line" in shown.out, "file_out" in shown.out) == (0, True, True)
    assert run("batch", "show", "batch_1", "--json").json == failed


def test_a_batch_that_is_not_there(run, gateway):
    gateway.refuse("GET", "/v1/batches/nope", 404, "There is no batch 'nope' here.", "batch_not_found")
    shown = run("batch", "show", "nope")
    assert (shown.code, shown.out) == (7, "")
    assert "There is no batch" in shown.err


def test_a_batch_is_cancelled(run, gateway):
    gateway.answers["POST", "/v1/batches/batch_1/cancel"] = (200, {**BATCH, "status": "cancelling"})
    assert run("batch", "cancel", "batch_1", "--json").json["status"] == "cancelling"


def test_a_file_is_submitted_and_followed(run, gateway, tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_text('{"custom_id": "a"}\n')
    gateway.answers["POST", "/v1/files"] = (200, {"id": "file_in"})
    gateway.answers["POST", "/v1/batches"] = (200, {**BATCH, "status": "validating"})
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, BATCH)
    shown = run("batch", "submit", file, "--endpoint", "/v1/embeddings", "--wait", "--json")
    assert (shown.code, shown.json) == (0, BATCH)
    uploaded, made, _followed = gateway.asked
    assert b'name="purpose"' in uploaded[3]
    assert b'{"custom_id": "a"}' in uploaded[3]
    assert json.loads(made[3]) == {
        "input_file_id": "file_in", "endpoint": "/v1/embeddings", "completion_window": "24h",
    }  # fmt: skip
    assert "6 of 6" in shown.err


def test_a_batch_that_fails_while_it_is_followed_is_a_failure(run, gateway, tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_text("{")
    gateway.answers["POST", "/v1/files"] = (200, {"id": "file_in"})
    gateway.answers["POST", "/v1/batches"] = (200, BATCH)
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, {**BATCH, "status": "failed"})
    assert run("batch", "submit", file, "--wait").code == 7
    assert run("batch", "submit", file).code == 0


def test_a_file_that_cannot_be_read(run, gateway, tmp_path):
    shown = run("batch", "submit", tmp_path / "none.jsonl")
    assert (shown.code, gateway.asked) == (7, [])
    assert "none.jsonl" in shown.err


def test_what_came_of_it_is_written(run, gateway, tmp_path):
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, BATCH)
    gateway.answers["GET", "/v1/files/file_out/content"] = (200, b'{"a":1}\n')
    file = tmp_path / "out.jsonl"
    assert run("batch", "result", "batch_1", "--output", file).code == 0
    assert file.read_bytes() == b'{"a":1}\n'
    missing = run("batch", "result", "batch_1", "--output", file, "--kind", "error")
    assert (missing.code, file.read_bytes()) == (7, b'{"a":1}\n')
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, {**BATCH, "status": "in_progress"})
    early = run("batch", "result", "batch_1", "--output", file)
    assert early.code == 7
    assert "has not ended" in early.err


def test_a_result_that_cannot_be_written(run, gateway, tmp_path):
    gateway.answers["GET", "/v1/batches/batch_1"] = (200, BATCH)
    gateway.answers["GET", "/v1/files/file_out/content"] = (200, b"x")
    (tmp_path / "file").write_text("")
    shown = run("batch", "result", "batch_1", "--output", tmp_path / "file" / "out.jsonl")
    assert shown.code == 7
