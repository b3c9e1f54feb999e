"""`appliance review …`: what the gateway is asked, and what a person sees of its answer."""

import json

import pytest

ID = "rev_01k9abcdefghjkmnpqrstvwxyz"
PATH = f"/v1/reviews/{ID}"
ROW = {
    "id": ID, "object": "review", "status": "pending", "tenant": "retail", "target": "general",
    "route": "/v1/chat/completions", "asked_by": "lma-asker", "rules": ["topic:insider/x"],
    "created_at": "2026-11-26T10:00:00.000Z", "decided_at": None, "decided_by": None, "reason": None,
}  # fmt: skip


def page(*rows, more=False):
    return (200, {"object": "list", "data": list(rows), "has_more": more})


def test_the_queue_is_listed_the_longest_waiting_first(run, gateway):
    gateway.answers["GET", "/v1/reviews"] = page(ROW)
    shown = run("review", "list")
    assert shown.code == 0
    for text in (ID, "pending", "retail", "lma-asker", "topic:insider/x", "2026-11-26 10:00"):
        assert text in shown.out
    assert "order=asc" in gateway.asked[-1][1]
    assert "status=pending" in gateway.asked[-1][1]
    assert run("review", "list", "--all", "--json").json == {"reviews": [ROW]}
    assert "status" not in gateway.asked[-1][1]


def test_further_pages_are_asked_for(run, gateway):
    gateway.answers["GET", "/v1/reviews"] = page(ROW, more=True)
    assert len(run("review", "list", "--most", "3", "--json").json["reviews"]) == 3
    asked = [path for _method, path, _headers, _body in gateway.asked]
    assert ["after=" in path for path in asked] == [False, True, True]


def test_one_is_shown_with_its_texts_and_nothing_that_moves_the_cursor(run, gateway):
    gateway.answers["GET", PATH] = (
        200,
        {**ROW, "question": "Where?", "answer": "Bonds.\x1b[2K\nShares.", "edited": None},
    )
    shown = run("review", "show", ID)
    for text in ("Where?", "Bonds.", "Shares.", "lma-asker"):
        assert text in shown.out
    assert "\x1b" not in shown.out
    assert run("review", "show", ID, "--json").json["answer"] == "Bonds.\x1b[2K\nShares."


def test_what_is_expired_is_listed_and_shown_as_erased(run, gateway):
    row = {**ROW, "status": "expired", "erased": True}
    gateway.answers["GET", "/v1/reviews"] = page(row)
    assert "expired" in run("review", "list", "--status", "expired").out
    assert "status=expired" in gateway.asked[-1][1]
    gateway.answers["GET", PATH] = (200, {**row, "question": None, "answer": None, "edited": None})
    assert "Its texts are erased." in run("review", "show", ID).out


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (["approve", ID], "approve", {}),
        (["edit", ID, "--text", "Ask."], "edit", {"text": "Ask."}),
        (["refuse", ID, "--reason", "No."], "refuse", {"reason": "No."}),
    ],
)
def test_a_decision(run, gateway, arguments, path, body):
    decided = {**ROW, "status": "approved", "decided_by": "lma-abc", "decided_at": "2026-11-26T11:00:00.000Z"}
    gateway.answers["POST", f"{PATH}/{path}"] = (200, decided)
    shown = run("review", *arguments)
    assert shown.code == 0
    assert "lma-abc" in shown.out
    assert json.loads(gateway.asked[-1][3]) == body


def test_an_edit_from_a_file(run, gateway, tmp_path):
    gateway.answers["POST", f"{PATH}/edit"] = (200, ROW)
    (tmp_path / "text.txt").write_text("请咨询您的客户经理。", encoding="utf-8")
    assert run("review", "edit", ID, "--file", tmp_path / "text.txt").code == 0
    assert json.loads(gateway.asked[-1][3]) == {"text": "请咨询您的客户经理。"}


def test_what_is_refused_is_told(run, gateway, tmp_path):
    gateway.refuse("POST", f"{PATH}/approve", 409, "It is decided already.", "already_decided")
    shown = run("review", "approve", ID)
    assert shown.code == 7
    assert "decided already" in shown.err
    gateway.refuse("POST", f"{PATH}/approve", 403, "Who asked cannot review the answer.", "own_answer")
    assert run("review", "approve", ID).code == 7
    (tmp_path / "bad").write_bytes(b"\xff\xfe")
    for options in (
        [],
        ["--text", "a", "--file", tmp_path / "bad"],
        ["--file", tmp_path / "bad"],
        ["--file", "absent"],
    ):
        assert run("review", "edit", ID, *options).code == 7
    assert run("review", "refuse", ID).code == 2
    assert run("review", "list", "--status", "open").code == 2


def test_without_an_appliance(run, home):
    assert run("review", "list").code == 4
