"""`appliance calls …`: what the gateway is asked, and what a person sees of its answer."""

import json

import pytest
from rich.cells import cell_len

from appliance.operations.calls import CallDesk, read_recorded
from scenarios.agent_assist.models import Alert, Analysis, Assist, CallFacts, Mood, Risk, Turn

ROOT = "/v1/scenarios/agent-assist"
ID = "call_01k9abcdefghjkmnpqrstvwxyz"
RISK = Risk(escalation=0.7, complaint=0.8, level="high", reasons=("asks for a person",))
FACTS = CallFacts(
    id=ID, call_id="cc-77", state="open", direction="inbound", seat="s-1024", product="debit card", languages=("zh",),
    started_at="2026-11-26T10:00:00.000Z", duration_s=75.0, turns=2, intent="lost_card",
    mood=Mood(score=-0.4, trend="worse"), risk=RISK, alerts=1, tags=("card",),
)  # fmt: skip
ROW = {**FACTS.model_dump(mode="json"), "intent_title": "Lost card"}
ALERT = Alert(rule="identity", severity="serious", text="No identity check yet.", turns=("t1",), at_s=9.0, hint="Ask.")
ASSIST = Assist(
    number=1,
    turn=Turn(id="t1", revision=1, speaker="customer", text="我的卡丢了。\x1b[2K", start_s=3.0, end_s=9.0),
    analysis=Analysis.model_validate({
        "language": "zh",
        "intent": {"name": "lost_card", "title": "Lost card", "confidence": 0.93},
        "slots": [{"name": "amount", "value": "500.00 CNY", "text": "五百元", "start": 0, "end": 3, "valid": True}],
        "emotion": {"label": "angry", "score": -0.6},
    }),
    mood=Mood(score=-0.4, trend="worse"),
    risk=RISK,
    card={"text": "Call to block it.", "document": "cards.md", "document_id": "doc_1", "page": 2,
          "knowledge_base": "b", "confidence": 0.9},
    steps=[{"playbook": "card", "step": "block", "text": "Block the card.", "documents": ["passport"],
            "forms": ["loss"]}],
    replies=[{"template": "calm", "text": "I am sorry to hear that."}],
    alerts=(ALERT,),
)  # fmt: skip
AFTER = {
    "call": ROW,
    "summary": {
        "sections": [{"name": "reason", "title": "Reason", "lines": [{"text": "Card lost.", "turns": ["t1"]}]}],
        "outcome": "resolved",
    },
    "sheet": {
        "score": 80.0,
        "items": [{"rule": "opening", "title": "Opening", "state": "met", "points": 20, "got": 20, "turns": ["t1"]}],
    },
    "forms": [
        {
            "title": "Loss report",
            "fields": [{"title": "Card", "text": "尾号 1234", "value": "1234", "turns": ["t1"]}],
        }
    ],
    "tags": [{"name": "card", "title": "Card"}],
}
FIGURES = {
    "calls": 4, "open": 1, "average_duration_s": 125.0, "average_score": 81.25, "high_risk_share": 0.25,
    "alerts_per_call": 1.5, "resolved_share": 0.5,
}  # fmt: skip


def assist():
    return ASSIST.model_dump(mode="json")


def test_the_open_calls_are_listed_within_80_columns(run, gateway, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    live = {"data": [ROW], "total": 1, "pages": 1, "levels": {"high": 1, "medium": 0, "low": 0}}
    gateway.answers["GET", f"{ROOT}/live"] = (200, live)
    shown = run("calls", "list", "--level", "high", "--seat", "s-1024")
    assert shown.code == 0
    for text in (ID, "11-26 10:00", "high", "s-1024", "Lost"):
        assert text in shown.out
    assert all(cell_len(line) <= 80 for line in shown.out.splitlines())
    assert "level=high" in gateway.asked[-1][1]
    assert "seat=s-1024" in gateway.asked[-1][1]
    assert run("calls", "list", "--json").json == {"calls": [ROW], "total": 1, "levels": live["levels"]}


def test_further_pages_of_open_calls_are_asked_for(run, gateway):
    live = {"data": [ROW], "total": 3, "pages": 3, "levels": {}}
    gateway.answers["GET", f"{ROOT}/live"] = (200, live)
    assert len(run("calls", "list", "--json").json["calls"]) == 3
    assert ["page=" in path for _method, path, _headers, _body in gateway.asked] == [False, True, True]


def test_kept_calls_are_found_page_by_page(run, gateway):
    gateway.answers["GET", f"{ROOT}/calls"] = (200, {"data": [ROW], "next_cursor": "c1"})
    told = run("calls", "list", "--since", "2026-11-01", "--tag", "card", "--most", "3", "--json").json
    assert [call["id"] for call in told["calls"]] == [ID] * 3
    asked = [path for _method, path, _headers, _body in gateway.asked]
    assert ["cursor=c1" in path for path in asked] == [False, True, True]
    assert all("since=2026-11-01" in path and "tag=card" in path for path in asked)


def test_one_call_is_a_transcript_with_what_the_seat_was_shown(run, gateway):
    whole = {"call": ROW, "turns": [assist()], "alerts": [], "after": AFTER}
    gateway.answers["GET", f"{ROOT}/inspect/{ID}"] = (200, whole)
    shown = run("calls", "show", ID)
    assert shown.code == 0
    for text in (
        "cc-77", "asks for a person", "0:03 customer: 我的卡丢了。", "Lost card (0.93)", "amount: 五百元", "angry ↘",
        "card: “Call to block it.” — cards.md, page 2", "next: Block the card. (passport, loss)",
        "say: I am sorry to hear that.", "! No identity check yet. → Ask.", "Card lost.  [t1]", "80/100", "✓ Opening",
        "Loss report", "尾号 1234",
    ):  # fmt: skip
        assert text in shown.out
    assert "\x1b" not in shown.out
    assert run("calls", "show", ID, "--json").json == whole
    chinese = run("--language", "zh_CN", "calls", "show", ID).out
    assert "状态: " in chinese


def test_a_sample_is_replayed_as_it_is_told(run, gateway):
    gateway.answers["POST", f"{ROOT}/replay"] = (200, {"answer": "seat: hello\ncard: …", "call": ROW})
    shown = run("calls", "replay", "card")
    assert "seat: hello\ncard: …" in shown.out
    assert json.loads(gateway.asked[-1][3]) == {"sample": "card", "keep": False}
    assert run("calls", "replay", "card", "--file", "x.yaml").code == 7


def test_without_a_name_the_samples_are_listed(run, gateway):
    sample = {"name": "zh-lost-card", "title": "Lost card", "direction": "inbound", "turns": 9, "duration_s": 71.0}
    gateway.answers["GET", f"{ROOT}/samples"] = (200, {"data": [sample]})
    shown = run("calls", "replay").out
    assert "zh-lost-card" in shown
    assert "1:11" in shown
    assert run("calls", "replay", "--json").json == {"samples": [sample]}


RECORDED = """
direction: inbound
seat: s-9
turns:
  - {speaker: seat, text: "您好，请问有什么可以帮您？"}
  - {speaker: customer, text: 我的卡丢了, start_s: 10, end_s: 12}
"""


def test_a_recorded_call_is_replayed_turn_by_turn(run, gateway, tmp_path):
    gateway.answers["POST", f"{ROOT}/calls"] = (201, ROW)
    gateway.answers["POST", f"{ROOT}/calls/{ID}/turns"] = (200, {"data": [assist()]})
    gateway.answers["POST", f"{ROOT}/calls/{ID}/end"] = (200, AFTER)
    file = tmp_path / "call.yaml"
    file.write_text(RECORDED, encoding="utf-8")
    shown = run("calls", "replay", "--file", file, "--speed", "1000")
    assert shown.code == 0
    assert shown.out.index(f"Call {ID}") < shown.out.index("我的卡丢了") < shown.out.index("Card lost.")
    bodies = [json.loads(body) for _method, _path, _headers, body in gateway.asked]
    assert bodies[0] == {"direction": "inbound", "seat": "s-9"}
    turns = [turn for body in bodies[1:3] for turn in body["turns"]]
    assert [(turn["id"], turn["speaker"]) for turn in turns] == [("t1", "seat"), ("t2", "customer")]
    assert 0 == turns[0]["start_s"] < turns[0]["end_s"] < turns[1]["start_s"] == 10
    told = run("calls", "replay", "--file", file, "--speed", "1000", "--json").json
    assert (told["call"]["id"], len(told["turns"]), told["after"]) == (ID, 2, AFTER)


def test_a_recorded_call_is_replayed_at_once(run, gateway, tmp_path):
    gateway.answers["POST", f"{ROOT}/replay"] = (200, {"answer": "seat: hello"})
    file = tmp_path / "call.yaml"
    file.write_text(RECORDED, encoding="utf-8")
    assert "seat: hello" in run("calls", "replay", "--file", file, "--keep").out
    body = json.loads(gateway.asked[-1][3])
    assert (body["seat"], body["keep"], [turn["id"] for turn in body["transcript"]]) == ("s-9", True, ["t1", "t2"])


@pytest.mark.parametrize(
    "text",
    ["turns: [", "turns: []", "turns: [{speaker: robot, text: hi}]", "- just a list", "", "\xff\xfe"],
)
def test_a_file_that_holds_no_call_is_refused_before_anything_is_asked(run, gateway, tmp_path, text):
    file = tmp_path / "call.yaml"
    file.write_bytes(text.encode("latin-1"))
    assert run("calls", "replay", "--file", file).code == 7
    assert run("calls", "replay", "--file", tmp_path / "absent.yaml").code == 7
    assert gateway.asked == []


def test_a_replay_keeps_the_speed_of_speaking(tmp_path):
    file = tmp_path / "call.json"
    turns = [{"speaker": "seat", "text": "a", "start_s": 2 * at, "end_s": 2 * at + 1} for at in range(3)]
    file.write_text(json.dumps({"turns": turns}))

    class Client:
        def call(self, _method, path, *, body=None, params=None):
            return {"id": ID} if path.endswith("/calls") else {"data": [body]} if path.endswith("/turns") else {}

    waited = []
    steps = list(CallDesk(Client()).replay(read_recorded(file), 2.0, waited.append))
    assert waited == [0.5, 1.0, 1.0]
    assert [step.kind for step in steps] == ["call", "assist", "assist", "assist", "after"]


def test_statistics_have_a_last_row_for_all(run, gateway, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    told = {
        "by": "intent",
        "total": FIGURES,
        "groups": [
            {**FIGURES, "key": "lost_card", "title": "Lost card"},
            {**FIGURES, "key": None, "title": None, "average_score": None, "resolved_share": None},
        ],
        "complete": False,
    }
    gateway.answers["GET", f"{ROOT}/statistics"] = (200, told)
    shown = run("calls", "statistics", "--by", "intent", "--until", "2026-11-30")
    lines = shown.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["Lost", "—", "all"]
    assert lines[1].split()[2:] == ["4", "2:05", "81.2", "25%", "1.5", "50%"]
    assert "fewer days" in shown.err
    assert all(cell_len(line) <= 80 for line in lines)
    assert "by=intent" in gateway.asked[-1][1]
    assert run("calls", "statistics", "--json").json == told


def test_an_export_is_written_as_it_came(run, gateway, tmp_path):
    content = '\ufeffCall,Tags\r\na,"x\r\ny"\r\nb,z\r\n'.encode()
    gateway.answers["GET", f"{ROOT}/export"] = (200, content)
    file = tmp_path / "calls.csv"
    shown = run("calls", "export", file, "--state", "ended")
    assert file.read_bytes() == content
    assert f"2 calls written to {file}." in shown.out
    assert "state=ended" in gateway.asked[-1][1]
    assert run("calls", "export", file, "--json").json == {"file": str(file), "calls": 2}
    assert run("calls", "export", tmp_path / "absent" / "calls.csv").code == 7


def recheck(**more):
    change = {"rule": "opening", "before": "met", "after": "broken", "turns_before": ["t1"], "turns_after": ["t2"]}
    return {
        "checked": 500, "changed": 1, "skipped": 0, "next_cursor": None,
        "rules": [{"rule": "opening", "before": "met", "after": "broken", "calls": 1}],
        "data": [{"call_id": ID, "score_before": 90.0, "score_after": 70.5, "changes": [change]}], **more,
    }  # fmt: skip


def test_a_draft_of_rules_runs_over_calls_and_tells_what_changes(run, gateway, tmp_path):
    draft = tmp_path / "rules.yaml"
    draft.write_text("rules: []\n")
    gateway.answers["POST", f"{ROOT}/recheck"] = (200, recheck())
    shown = run("calls", "recheck", "--rules", draft, "--keep", "--since", "2026-11-01", "--most", "50")
    for text in ("500 calls judged again, 1 of them otherwise.", "opening: met → broken  [t2]", "score 90 → 70.5"):
        assert text in shown.out
    assert json.loads(gateway.asked[-1][3]) == {
        "rules": "rules: []\n", "keep": True, "since": "2026-11-01", "limit": 50,
    }  # fmt: skip


def test_a_recheck_goes_on_until_it_has_looked_at_enough(run, gateway):
    gateway.answers["POST", f"{ROOT}/recheck"] = (200, recheck(next_cursor="c1"))
    told = run("calls", "recheck", "--most", "1200", "--json").json
    assert (told["checked"], told["next_cursor"]) == (1500, "c1")
    assert told["rules"] == [{"rule": "opening", "before": "met", "after": "broken", "calls": 3}]
    assert [json.loads(body)["limit"] for *_asked, body in gateway.asked] == [500, 500, 200]
    assert [json.loads(body).get("cursor") for *_asked, body in gateway.asked] == [None, "c1", "c1"]


def test_the_files_in_force_and_what_is_wrong_with_one(run, gateway, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    good = {"name": "rules.yaml", "version": "0123456789ab", "shipped_entries": 21, "own_entries": 2,
            "loaded_at": "2026-11-26T10:00:00.000Z", "warnings": [], "fault": None}  # fmt: skip
    fault = {"code": "config_error", "message": "intents.yaml, entry loan: no examples.", "hint": "Add some."}
    bad = {**good, "name": "intents.yaml", "fault": fault, "warnings": ["entry a is like entry b"]}
    told = {"folder": "agent-assist", "data": [good, bad]}
    gateway.answers["GET", f"{ROOT}/settings"] = (200, told)
    shown = run("calls", "settings")
    for text in ("rules.yaml", "in force", "not in force", "intents.yaml, entry loan: no examples. → Add some.",
                 "entry a is like entry b"):  # fmt: skip
        assert text in shown.out
    assert all(cell_len(line) <= 80 for line in shown.out.splitlines() if "→" not in line)
    assert run("calls", "settings", "--json").json == told


def test_what_is_refused_is_told(run, gateway, tmp_path):
    gateway.refuse("POST", f"{ROOT}/recheck", 400, "rules.yaml, rule opening: no such field.", "invalid_rules", "rules")
    draft = tmp_path / "rules.yaml"
    draft.write_text("x: 1\n")
    shown = run("calls", "recheck", "--rules", draft)
    assert shown.code == 7
    assert "rule opening" in shown.err
    assert run("calls", "recheck", "--rules", tmp_path / "absent").code == 7
    assert run("calls", "list", "--level", "none").code == 2
    assert run("calls", "list", "--since", "yesterday").code == 2


def test_without_an_appliance(run, home):
    assert run("calls", "list").code == 4
