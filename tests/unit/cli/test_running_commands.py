import json
import os
import socket
import sys

import pytest

from appliance.cluster.membership import Membership, Peer, write_membership
from appliance.config.home import Home
from appliance.operations.nodes.joining import Joined

ASK = "/v1/scenarios/knowledge-qa/ask"
CITATION = {
    "document_id": "doc_1",
    "document": "个人业务收费标准.xlsx",
    "page": 3,
    "section": "转账 > 柜台",
    "quote": "跨行转账每笔 [5] 元",
    "score": 0.9,
}
ANSWER = {
    "question": "q",
    "answered": True,
    "answer": "跨行转账每笔 5 元。",
    "confidence": 0.87,
    "language": "zh",
    "citations": [CITATION],
}


def test_a_question_is_answered_with_its_sources(run, gateway):
    gateway.answers["POST", ASK] = (200, ANSWER)
    shown = run("ask", "跨行转账多少钱？")
    assert shown.code == 0
    for text in ("跨行转账每笔 5 元。", "87%", "个人业务收费标准.xlsx", "page 3", "转账 > 柜台", "跨行转账每笔 [5] 元"):
        assert text in shown.out
    _method, _path, headers, body = gateway.asked[-1]
    assert json.loads(body) == {"question": "跨行转账多少钱？"}
    assert headers["Authorization"] == "Bearer lma-abc.secret"


def test_the_answer_as_json_is_that_of_the_gateway(run, gateway):
    gateway.answers["POST", ASK] = (200, ANSWER)
    shown = run("--language", "zh_CN", "ask", "q", "--kb", "rules", "--json")
    assert shown.json == ANSWER
    _method, _path, headers, body = gateway.asked[-1]
    assert json.loads(body) == {"question": "q", "knowledge_base": "rules"}
    assert headers["Accept-Language"] == "zh-CN"


def test_a_question_that_the_documents_do_not_answer_is_no_failure(run, gateway):
    refusal = {**ANSWER, "answered": False, "answer": "Not in the documents.", "confidence": 0.02, "citations": []}
    gateway.answers["POST", ASK] = (200, refusal)
    shown = run("ask", "q")
    assert shown.code == 0
    assert "Not in the documents." in shown.out
    assert "Sources" not in shown.out


def test_models_and_scenarios(run, gateway):
    model = {"id": "general", "kind": "chat", "context_length": 8192, "languages": ["en"], "package": "base"}
    scenario = {
        "name": "knowledge-qa",
        "version": "1.0.0",
        "title": {"en": "Knowledge Q&A", "zh_CN": "知识问答"},
        "state": "running",
        "actions": ["ask"],
    }
    gateway.answers["GET", "/v1/models"] = (200, {"object": "list", "data": [model]})
    gateway.answers["GET", "/v1/scenarios"] = (200, {"data": [scenario]})
    assert run("model", "list", "--json").json == {"models": [model]}
    assert run("scenario", "list", "--json").json == {"scenarios": [scenario]}
    assert "8192" in run("model", "list").out
    assert "Knowledge Q&A" in run("scenario", "list").out
    assert "知识问答" in run("--language", "zh_CN", "scenario", "list").out


def test_status(run, gateway):
    status = {
        "version": "0.1.0",
        "taken_at": "2026-11-24T00:00:00.000Z",
        "uptime_s": 125.0,
        "nodes": [{"node_id": "n", "address": "10.0.0.1", "head": True, "state": "alive", "memory_total_bytes": 2**30}],
        "applications": [{"name": "general", "kind": "model", "state": "unhealthy", "message": "engine died"}],
    }
    gateway.answers["GET", "/v1/appliance/status"] = (200, status)
    shown = run("status")
    for text in ("2 min 5 s", "10.0.0.1", "general", "unhealthy", "engine died"):
        assert text in shown.out
    assert run("status", "--json").json["applications"][0]["state"] == "unhealthy"
    assert "已运行" in run("--language", "zh_CN", "status").out


def test_search(run, gateway):
    passage = {"document": "fees.md", "page": None, "section": "Transfers", "text": "5 yuan each", "score": 0.5}
    gateway.answers["POST", "/v1/knowledge-bases/r%C3%A8gles/search"] = (200, {"data": [passage]})
    shown = run("kb", "search", "fee", "--kb", "règles", "--count", "3")
    assert "fees.md · Transfers" in shown.out
    assert json.loads(gateway.asked[-1][3]) == {"query": "fee", "k": 3}
    assert run("kb", "search", "fee", "--kb", "règles", "--json").json == {"passages": [passage]}
    gateway.answers["POST", "/v1/knowledge-bases/r%C3%A8gles/search"] = (200, {"data": []})
    assert "Nothing found." in run("kb", "search", "fee", "--kb", "règles").out


def test_listing_bases_and_documents(run, gateway):
    gateway.answers["GET", "/v1/knowledge-bases"] = (
        200,
        {"data": [{"name": "rules", "title": "Rules", "documents": 2, "tenant": "retail", "shared_with": ["*"]}]},
    )
    document = {
        "name": "a.pdf", "status": "failed", "reason": "scanned", "created_at": "2026", "pages": None, "chunks": None,
        "version": 1,
    }  # fmt: skip
    gateway.answers["GET", "/v1/knowledge-bases/rules/documents"] = (200, {"data": [document]})
    listed = run("kb", "list").out
    assert "Rules" in listed
    assert "all tenants" in listed
    assert "scanned" in run("kb", "list", "rules").out
    assert run("kb", "list", "rules", "--json").json == {"documents": [document]}


DOCUMENTS = "/v1/knowledge-bases/rules/documents"


@pytest.fixture
def rules(gateway):
    """Give the gateway with a knowledge base that indexes what it gets."""
    gateway.answers["POST", "/v1/knowledge-bases"] = (201, {"name": "rules", "title": "rules"})
    gateway.answers["POST", DOCUMENTS] = (201, {"id": "doc_1", "status": "indexed", "chunks": 4})
    return gateway


def test_files_and_folders_are_added_and_each_is_told(run, rules, tmp_path):
    folder = tmp_path / "rules"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "b.txt").write_text("two")
    (folder / "a.md").write_text("one")
    (folder / ".hidden").write_text("no")
    shown = run("kb", "add", folder, "--kb", "rules", "--json")
    assert shown.code == 0
    assert [row["file"] for row in shown.json["documents"]] == [str(folder / "a.md"), str(folder / "deep" / "b.txt")]
    assert all(row["ok"] and row["error"] is None for row in shown.json["documents"])
    assert "✓" in shown.err
    assert "passages: 4" in shown.err
    uploads = [(path, body) for _method, path, _headers, body in rules.asked if path != "/v1/knowledge-bases"]
    assert [path for path, _body in uploads] == [f"{DOCUMENTS}?wait=true"] * 2
    assert b'name="file"; filename="a.md"' in uploads[0][1]
    assert b"one" in uploads[0][1]


def test_a_file_that_is_refused_does_not_stop_the_others(run, rules, tmp_path):
    (tmp_path / "a.md").write_text("one")
    shown = run("kb", "add", tmp_path / "absent.md", tmp_path / "a.md", "--kb", "rules", "--json")
    assert shown.code == 7
    assert [row["ok"] for row in shown.json["documents"]] == [False, True]
    assert "absent.md" in shown.json["documents"][0]["error"]
    rules.refuse("POST", DOCUMENTS, 415, "This appliance cannot read .md.", "unsupported")
    shown = run("kb", "add", tmp_path / "a.md", "--kb", "rules")
    assert shown.code == 7
    assert "cannot read .md" in shown.err


def test_a_document_that_cannot_be_indexed_is_a_failure_with_its_reason(run, rules, tmp_path):
    (tmp_path / "a.md").write_text("one")
    rules.answers["POST", DOCUMENTS] = (201, {"id": "doc_1", "status": "failed", "reason": "it is empty"})
    shown = run("kb", "add", tmp_path / "a.md", "--kb", "rules", "--json")
    assert shown.code == 7
    assert shown.json["documents"][0]["error"] == "it is empty"
    assert "✗" in shown.err


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 7), (401, 7), (403, 7), (404, 7), (413, 7), (418, 7), (422, 7), (429, 7), (500, 8), (503, 8)],
)
def test_what_the_gateway_says_is_told_and_has_its_exit_code(run, gateway, status, code):
    gateway.refuse("GET", "/v1/models", status, "The reason, from the gateway.")
    shown = run("model", "list")
    assert shown.code == code
    assert shown.out == ""
    assert "The reason, from the gateway." in shown.err


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 3}', b"\xff\xfe", b""], ids=str)
def test_an_answer_of_something_else_is_told(run, gateway, body):
    gateway.answers["GET", "/v1/models"] = (200, body)
    shown = run("model", "list")
    assert shown.code == 8
    assert "not an appliance of this version" in shown.err
    gateway.answers["GET", "/v1/models"] = (502, body)
    assert run("model", "list").code == 8


@pytest.mark.parametrize("arguments", [["status"], ["model", "list"], ["scenario", "list"], ["ask", "q"]], ids=str)
def test_a_home_that_was_never_started_is_not_running(run, arguments):
    shown = run(*arguments)
    assert shown.code == 4
    assert "appliance up" in shown.err


def test_an_appliance_that_is_down_is_not_running(run, gateway, home):
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    (home / "site.yaml").write_text(f"gateway: {{port: {port}}}\n")
    shown = run("status")
    assert shown.code == 4
    assert f"http://127.0.0.1:{port}" in shown.err


def test_a_proxy_in_the_environment_is_not_used(run, gateway, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    gateway.answers["GET", "/v1/models"] = (200, {"data": []})
    assert run("model", "list").code == 0


def test_tui_becomes_the_terminal_program(run, gateway, home, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda program, command, _environment: started.append((program, command)))
    run("--language", "zh_CN", "tui")
    ((program, command),) = started
    assert program == sys.executable
    assert command[1:3] == ["-m", "appliance.tui"]
    options = dict(zip(command[3::2], command[4::2], strict=True))
    assert options["--key-file"] == str(home / "admin.key")
    assert options["--language"] == "zh_CN"
    assert options["--url"].startswith("http://127.0.0.1:")


def test_beside_the_appliance_the_terminal_takes_the_key_that_is_given(run, gateway, home, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda _program, command, environment: started.append((command, environment)))
    monkeypatch.setattr(
        "appliance.operations.browser.serving.serve_terminal",
        lambda command, environment, *_others: started.append((command, environment)),
    )
    (home / "admin.key").unlink()
    (home / "secrets").mkdir()
    (home / "secrets/ca.key").write_text("-")
    for options in ((), ("--serve",)):
        run("tui", "--key-file", tmp_path / "auditor.key", *options)
        command, environment = started.pop()
        assert command[command.index("--key-file") + 1] == str(tmp_path / "auditor.key")
        assert command[command.index("--home") + 1] == str(home)
        run("tui", "--key", "sk-secret", *options)
        command, environment = started.pop()
        assert environment["APPLIANCE_TUI_KEY"] == "sk-secret"
        assert "--key-file" not in command
        assert not any("sk-secret" in part for part in command)
    assert started == []


def test_the_terminal_takes_the_colours_that_were_asked_for(run, gateway, home, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda _program, command, _environment: started.append(command))
    run("tui", "--theme", "high-contrast")
    place = started[0].index("--theme")
    assert started[0][place + 1] == "high-contrast"
    assert run("tui", "--theme", "gruvbox").code != 0
    assert len(started) == 1


def test_on_a_bare_home_the_terminal_begins_with_the_first_start(run, home, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda _program, command, _environment: started.append(command))
    (home / "admin.key").unlink(missing_ok=True)
    run("tui")
    assert started[0][-1] == "--first-start"
    assert str(home) in started[0]


def test_a_node_and_a_head_without_its_key_do_not_begin_with_the_first_start(run, home, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda _program, command, _environment: started.append(command))
    (home / "secrets").mkdir()
    (home / "secrets/ca.key").write_text("-")
    shown = run("tui")
    assert shown.code == 4
    assert "no admin key" in shown.err
    write_membership(
        Home(home),
        Membership(
            state="joined", node_id="n-1", name="box-2", address="10.0.0.2",
            head=Peer(id="head", address="10.0.0.1", port=6380),
        ),
    )  # fmt: skip
    for options in ((), ("--serve",)):
        shown = run("tui", *options)
        assert shown.code == 2
        assert "This machine is the node box-2 of 10.0.0.1" in shown.err
        assert "--url" in shown.err
    assert started == []


def test_answers_that_join_end_with_the_node(run, home, monkeypatch):
    def set_up(_home, _answers, *, file):
        assert file == home / "answers.yaml"
        yield Joined("n-1", "box-2", "10.0.0.2", "10.0.0.1")

    monkeypatch.setattr("appliance.operations.setup.running.set_up", set_up)
    (home / "answers.yaml").write_text("role: join\njoin: {head: 10.0.0.1, token: njt_a.b}\n")
    told = run("up", "--answers", home / "answers.yaml", "--json")
    assert told.json == {"node_id": "n-1", "name": "box-2", "address": "10.0.0.2", "head": "10.0.0.1"}
    assert "box-2 (10.0.0.2) is a node of the appliance now." in run("up", "--answers", home / "answers.yaml").err


def test_the_terminal_looks_at_another_appliance_with_a_key_that_no_list_of_processes_shows(run, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda _program, command, environment: started.append((command, environment)))
    run("tui", "--url", "http://gpu-1:8080", "--key", "sk-secret")
    ((command, environment),) = started
    assert "http://gpu-1:8080" in command
    assert not any("sk-secret" in part for part in command)
    assert environment["APPLIANCE_TUI_KEY"] == "sk-secret"
    assert "--home" not in command
    shown = run("tui", "--url", "http://gpu-1:8080")
    assert shown.code != 0
    assert "--key-file" in shown.err
    assert len(started) == 1


def test_the_only_knowledge_base_need_not_be_named(run, gateway):
    gateway.answers["GET", "/v1/knowledge-bases"] = (200, {"data": [{"name": "rules"}]})
    gateway.answers["POST", "/v1/knowledge-bases/rules/search"] = (200, {"data": []})
    assert run("kb", "search", "fee").code == 0
    for others in ([], [{"name": "rules"}, {"name": "fees"}]):
        gateway.answers["GET", "/v1/knowledge-bases"] = (200, {"data": others})
        shown = run("kb", "search", "fee")
        assert shown.code == 7
        assert "--kb" in shown.err
