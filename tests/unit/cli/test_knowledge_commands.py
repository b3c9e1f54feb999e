"""Knowledge bases on the command line: the request that each command makes, and what it says."""

import io
import json

import pytest

BASE = "/v1/knowledge-bases/rules"
DOCUMENTS = f"{BASE}/documents"
DOCUMENT = {
    "id": "doc_1", "name": "fees.md", "status": "indexed", "version": 2, "in_force": 1, "department": "Finance",
    "access": ["tenant:retail"], "similar": [{"document_id": "doc_2", "document": "old-fees.md", "similarity": 0.9}],
}  # fmt: skip
TWIN = {**DOCUMENT, "id": "doc_9"}


@pytest.fixture
def rules(gateway):
    """Give the gateway with one base and one document."""
    gateway.answers |= {
        ("GET", "/v1/knowledge-bases"): (200, {"data": [{"name": "rules"}]}),
        ("POST", "/v1/knowledge-bases"): (201, {"name": "rules"}),
        ("GET", DOCUMENTS): (200, {"data": [DOCUMENT]}),
    }
    return gateway


def asked(gateway):
    """Return method, path and JSON body of the last request."""
    method, path, _headers, body = gateway.asked[-1]
    return method, path, json.loads(body) if body else None


def test_show_lists_the_versions(run, rules):
    versions = [
        {"version": 1, "name": "fees-2025.md", "status": "indexed", "effective_on": "2025-01-01", "chunks": 7},
        {"version": 2, "name": "fees.md", "status": "pending", "progress": 0.5, "effective_on": "2027-01-01"},
    ]
    rules.answers["GET", f"{DOCUMENTS}/doc_1/versions"] = (200, {"data": versions})
    shown = run("kb", "show", "fees.md")
    for text in ("doc_1", "Finance", "tenant:retail", "old-fees.md", "fees-2025.md", "2027-01-01", "50%"):
        assert text in shown.out
    assert run("kb", "show", "doc_1", "--json").json == {"document": DOCUMENT, "versions": versions}


def test_a_new_version_carries_its_details(run, rules, tmp_path):
    (tmp_path / "fees.md").write_text("# Fees")
    rules.answers["POST", f"{DOCUMENTS}/doc_1/versions"] = (201, {"id": "doc_1", "status": "indexed", "chunks": 1})
    shown = run(
        "kb", "add", tmp_path / "fees.md", "--version-of", "fees.md", "--effective", "2027-01-01", "--access",
        "tenant:retail", "--access", "role:admin", "--department", "Finance",
    )  # fmt: skip
    assert shown.code == 0
    _method, path, _headers, body = rules.asked[-1]
    assert path == f"{DOCUMENTS}/doc_1/versions?wait=true"
    told = {"effective_on": "2027-01-01", "department": "Finance"}.items()
    for name, value in (*told, ("access", "tenant:retail"), ("access", "role:admin")):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in body


def test_change_sends_only_what_is_named(run, rules):
    rules.answers["PATCH", f"{DOCUMENTS}/doc_1"] = (200, DOCUMENT)
    assert "fees.md is changed" in run("kb", "change", "fees.md", "--expires", "2027-12-31").err
    assert asked(rules) == ("PATCH", f"{DOCUMENTS}/doc_1", {"expires_on": "2027-12-31"})
    assert run("kb", "change", "fees.md", "--everyone").code == 0
    assert asked(rules)[2] == {"access": []}


def test_delete_goes_by_name_or_id(run, rules):
    rules.answers["DELETE", f"{DOCUMENTS}/doc_1"] = (200, {"deleted": True})
    assert "fees.md is deleted from rules" in run("kb", "delete", "fees.md").err
    assert asked(rules)[:2] == ("DELETE", f"{DOCUMENTS}/doc_1")
    shown = run("kb", "delete", "absent.md")
    assert shown.code == 7
    assert "no document absent.md" in shown.err
    rules.answers["GET", DOCUMENTS] = (200, {"data": [DOCUMENT, TWIN]})
    shown = run("kb", "delete", "fees.md")
    assert shown.code == 7
    assert "doc_1, doc_9" in shown.err


def test_share_says_who_may_read(run, rules):
    rules.answers["PATCH", BASE] = (200, {"tenant": "default", "shared_with": ["retail", "cards"]})
    assert "default, retail, cards" in run("kb", "share", "rules", "retail", "cards").err
    assert asked(rules) == ("PATCH", BASE, {"shared_with": ["retail", "cards"]})


def test_drop_asks_first(run, rules, monkeypatch):
    rules.answers["DELETE", BASE] = (200, {"deleted": True})
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers
    assert run("kb", "drop", "rules").code != 0
    assert all(method != "DELETE" for method, *_rest in rules.asked)
    assert run("kb", "drop", "rules", "--yes").code == 0
    assert asked(rules)[:2] == ("DELETE", BASE)


def test_rebuild(run, rules):
    rules.answers["POST", f"{BASE}/rebuild"] = (202, {"pending": 1})
    assert "being indexed again" in run("kb", "rebuild").err


def test_the_glossary_is_shown_and_replaced(run, rules, tmp_path):
    rules.answers["GET", f"{BASE}/glossary"] = (200, {"text": "大额存单|certificate of deposit"})
    assert run("kb", "glossary", "rules").out == "大额存单|certificate of deposit\n"
    (tmp_path / "terms.txt").write_text("保函|letter of guarantee\n", encoding="utf-8")
    rules.answers["PUT", f"{BASE}/glossary"] = (200, {"text": "…"})
    assert run("kb", "glossary", "rules", "--set", tmp_path / "terms.txt").code == 0
    assert asked(rules)[2] == {"text": "保函|letter of guarantee\n"}
    (tmp_path / "terms.txt").write_bytes(b"\xff\xfe\x00")
    assert run("kb", "glossary", "rules", "--set", tmp_path / "terms.txt").code == 7


def test_get_writes_the_original(run, rules, tmp_path):
    rules.answers["GET", f"{DOCUMENTS}/doc_1/file"] = (200, b"# Fees\n")
    target = tmp_path / "copy.md"
    assert run("kb", "get", "fees.md", "--version", "1", "--output", target).code == 0
    assert target.read_bytes() == b"# Fees\n"
    assert asked(rules)[1] == f"{DOCUMENTS}/doc_1/file?version=1"


def test_an_answer_shows_its_calculation_its_conflicts_and_the_question_as_understood(run, gateway):
    citation = {"document": "fees.xlsx", "version": 2, "row": 3, "quote": "Safe box: 300", "section": "Fees"}
    gateway.answers["POST", "/v1/scenarios/knowledge-qa/ask"] = (
        200,
        {
            "answer": "600 yuan", "answered": True, "confidence": 0.9, "citations": [citation],
            "calculation": {"formula": "300 + 300"}, "understood_as": "What do two safe boxes cost?",
            "conflicts": [{"citations": [0], "note": "Sources differ: 300, 320"}],
        },
    )  # fmt: skip
    shown = run("ask", "and two?", "--as-of", "2026-01-31").out
    for text in ("Understood as: What do two", "= 300 + 300", "[1] Sources differ", "version 2 · row 3 · Fees"):
        assert text in shown
    assert asked(gateway)[2] == {"question": "and two?", "as_of": "2026-01-31"}


@pytest.mark.parametrize(
    "arguments", [("ask", "q", "--as-of", "2026-02-30"), ("kb", "change", "x", "--expires", "soon")]
)
def test_a_day_that_is_none_is_refused(run, rules, arguments):
    shown = run(*arguments)
    assert shown.code == 2
    assert arguments[-2] in shown.err
