"""Agent assist as a call centre's system uses it: over HTTP and WebSocket, with bad input, faults and live YAML."""

import json
import os
import sys
import threading
from pathlib import Path

import pytest
from websockets.sync.client import connect as open_socket

# The attack is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from kill import replicas

from tests.gateway.documents import ok
from tests.gateway.stack import wait_until

ASSIST = "/v1/scenarios/agent-assist"
CALLS = f"{ASSIST}/calls"
GREETING = "您好，这里是青岚银行客服中心，本次通话将被录音。"
LOST = "你好，我的银行卡丢了，挂失要收费吗？"
OWN_RULE = """
rules:
  - name: no_umbrellas
    title: {en: "Never mentions umbrellas", zh: "不得提雨伞"}
    kind: must_not_say
    severity: warning
    points: 3
    say: {zh: ["雨伞"], en: ["umbrella*"]}
    alert: {en: "Umbrellas were mentioned.", zh: "提到了雨伞。"}
    source: {en: "A test", zh: "测试"}
"""


def turn(number, text, speaker="customer", **fields):
    """Return a turn that begins `number` times five seconds after its call."""
    timed = {"start_s": 5.0 * number, "end_s": 5.0 * number + 3.0}
    return {"id": f"t{number}", "speaker": speaker, "text": text, **timed, **fields}


def begin(http, **fields):
    return ok(http.post(CALLS, json={"seat": "seat-1", **fields}), 201)


def tell(http, call, *turns):
    return ok(http.post(f"{CALLS}/{call['id']}/turns", json={"turns": list(turns)}))["data"]


@pytest.fixture
def call(http):
    """An open call; gone when the test ends."""
    begun = begin(http)
    yield begun
    http.delete(f"{CALLS}/{begun['id']}")


def connect(stack, path, key=None):
    """Open a WebSocket with a key."""
    url = stack.url.replace("http://", "ws://") + path
    return open_socket(url, additional_headers={"Authorization": f"Bearer {key or stack.admin_key}"}, proxy=None)


def frames(socket, until, timeout_s=30):
    """Return the frames up to and with the event `until`."""
    seen = []
    while not seen or seen[-1]["event"] != until:
        seen.append(json.loads(socket.recv(timeout=timeout_s)))
    return seen


def test_the_tour_has_replayed_a_call_in_both_languages(stack):
    rows = [row for row in stack.tour["rows"] if "agent-assist" in row["endpoint"]]
    assert len(rows) == 2
    assert all(row["ok"] for row in rows)
    assert any("挂失" in row["answer"] for row in rows)


def test_a_whole_call(http):
    begun = begin(http, call_id=f"ccid-{os.getpid()}", language="zh")
    assert begin(http, call_id=f"ccid-{os.getpid()}")["id"] == begun["id"]
    first, assist = tell(http, begun, turn(0, GREETING, "seat"), turn(1, LOST))
    assert first["card"] is None
    assert "挂失" in assist["card"]["text"]
    assert tell(http, begun, turn(1, LOST)) == [assist]
    after = ok(http.post(f"{CALLS}/{begun['id']}/end", json={}))
    assert after["call"]["state"] == "ended"
    assert after["sheet"]["score"] is not None
    shown = ok(http.get(f"{CALLS}/ccid-{os.getpid()}"))
    assert shown["after"] == after
    assert [one["turn"]["id"] for one in shown["turns"]] == ["t0", "t1"]
    late = http.post(f"{CALLS}/{begun['id']}/turns", json={"turns": [turn(2, "喂")]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "call_ended")
    assert ok(http.delete(f"{CALLS}/{begun['id']}"))["deleted"] is True
    assert http.get(f"{CALLS}/{begun['id']}").status_code == 404


def test_a_replay_streams_cards_and_alerts(http):
    body = {"sample": "zh-lost-card", "stream": True}
    with http.stream("POST", f"{ASSIST}/replay", json=body) as answer:
        assert answer.status_code == 200
        lines = list(answer.iter_lines())
    events = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert "assist" in events
    assert "alert" in events
    assert events[-1] == "done"


def test_a_socket_tells_and_is_told(stack, http, call):
    with connect(stack, f"{CALLS}/{call['id']}/stream") as socket:
        socket.send(json.dumps({"id": 1, "turns": [turn(0, GREETING, "seat")]}))
        tell(http, call, turn(1, LOST))
        seen = frames(socket, "assist")
        while sum(frame["event"] == "assist" for frame in seen) < 2 or not any(f["event"] == "reply" for f in seen):
            seen.append(json.loads(socket.recv(timeout=30)))
        (reply,) = [frame for frame in seen if frame["event"] == "reply"]
        assert reply["id"] == 1
        assert reply["data"]["data"][0]["number"] in (1, 2), "the two turns were sent at the same time"
        socket.send(json.dumps({"id": 2, "turns": [turn(2, "x" * 100_000)]}))
        fault = next(frame for frame in iter(lambda: json.loads(socket.recv(timeout=30)), None) if frame.get("id") == 2)
        assert fault["event"] == "error"
        ok(http.post(f"{CALLS}/{call['id']}/end", json={}))
        assert frames(socket, "ended")[-1]["data"]["call"]["turns"] == 2
    with connect(stack, f"{CALLS}/{call['id']}/stream?after=1") as socket:
        again = frames(socket, "ended")
        assert [frame["data"]["number"] for frame in again if frame["event"] == "assist"] == [2]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"turns": [turn(0, "长" * 100_000)]}, "turns.0.text"),
        ({"turns": [turn(0, "\x00\x01\x02")]}, "turns.0.text"),
        ({"turns": [turn(0, "hello", "operator")]}, "turns.0.speaker"),
        ({"turns": []}, "turns"),
        ({"turns": [turn(0, "hello", colour="red")]}, "turns.0.colour"),
    ],
)
def test_input_that_is_none(http, call, body, param):
    refused = http.post(f"{CALLS}/{call['id']}/turns", json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert len(tell(http, call, turn(0, "hello"))) == 1


def test_bytes_that_are_no_text(http, call):
    headers = {"Content-Type": "application/json"}
    refused = http.post(f"{CALLS}/{call['id']}/turns", content=b"\x80\x81\xff\x00" * 100, headers=headers)
    assert refused.status_code == 400
    assert len(tell(http, call, turn(0, "hello"))) == 1


def test_a_clock_that_runs_backwards(http, call):
    tell(http, call, turn(0, GREETING, "seat", start_s=400.0, end_s=402.0))
    (assist,) = tell(http, call, turn(1, LOST, start_s=-3.0, end_s=2.0))
    assert assist["flags"] == ["clock"]
    outcomes = ok(http.get(f"{CALLS}/{call['id']}"))["judgement"]["outcomes"]
    assert {one["state"] for one in outcomes if one["rule"] == "silence"} == {"not_judged"}


def test_a_flood_is_refused_and_other_calls_go_on(http, call):
    other = begin(http)
    statuses = []
    for number in range(12):
        turns = [turn(100 * number + place, "嗯", "seat") for place in range(100)]
        answer = http.post(f"{CALLS}/{call['id']}/turns", json={"turns": turns})
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    assert statuses[0] == 200
    assert 429 in statuses
    assert len(tell(http, other, turn(0, LOST))) == 1
    http.delete(f"{CALLS}/{other['id']}")


def test_a_socket_that_nobody_reads_holds_up_nobody(stack, http, call):
    with connect(stack, f"{CALLS}/{call['id']}/stream"):
        for number in range(40):
            tell(http, call, turn(number, "好的，请您稍等一下。" * 20, "seat"))
    assert ok(http.get(f"{CALLS}/{call['id']}"))["call"]["turns"] == 40


def test_many_calls_at_once(http):
    calls = [begin(http, seat=f"seat-{number}") for number in range(16)]
    answers = {}

    def speak(begun):
        answers[begun["id"]] = [tell(http, begun, turn(place, f"{begun['seat']} {place}"))[0] for place in range(3)]

    threads = [threading.Thread(target=speak, args=(begun,)) for begun in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for begun in calls:
        assert [one["turn"]["text"] for one in answers[begun["id"]]] == [f"{begun['seat']} {n}" for n in range(3)]
        http.delete(f"{CALLS}/{begun['id']}")


def test_somebody_elses_call_is_not_there(stack, http, call, caller_key):
    with stack.client(caller_key) as caller:
        own = begin(caller)
        for method, path, body in [
            ("GET", f"{CALLS}/{call['id']}", None),
            ("DELETE", f"{CALLS}/{call['id']}", None),
            ("POST", f"{CALLS}/{call['id']}/turns", {"turns": [turn(0, "x")]}),
            ("POST", f"{CALLS}/{call['id']}/end", {}),
        ]:
            answer = caller.request(method, path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "call_not_found")
        assert caller.get(f"{ASSIST}/settings").status_code == 403
    assert ok(http.get(f"{CALLS}/{own['id']}"))["call"]["id"] == own["id"]  # a supervisor of the same tenant
    http.delete(f"{CALLS}/{own['id']}")


def test_a_change_of_the_yaml_holds_without_a_restart(stack, http, call):
    folder = stack.home / "agent-assist"
    folder.mkdir(exist_ok=True)
    rules = folder / "rules.yaml"

    def state():
        files = ok(http.get(f"{ASSIST}/settings"))["data"]
        return next(one for one in files if one["name"] == "rules.yaml")

    version = state()["version"]
    try:
        rules.write_text(OWN_RULE, encoding="utf-8")
        wait_until(lambda: state()["version"] != version, 30)
        (assist,) = tell(http, call, turn(0, "记得带雨伞。", "seat"))
        assert "no_umbrellas" in [alert["rule"] for alert in assist["alerts"]]
        good = state()["version"]
        rules.write_text("rules: [{name: broken}]", encoding="utf-8")
        wait_until(lambda: state()["fault"], 30)
        assert "rules.yaml" in state()["fault"]["message"]
        assert state()["version"] == good
    finally:
        rules.unlink()
    wait_until(lambda: state()["fault"] is None, 30)


def test_a_call_goes_on_when_its_replica_is_killed(stack, http, call):
    """The process that holds the calls in memory dies; the call is read from its records."""
    tell(http, call, turn(0, GREETING, "seat"), turn(1, LOST))
    before = ok(http.get(f"{CALLS}/{call['id']}"))
    (replica,) = replicas(stack.home, "ray::ServeReplica:scenario-agent-assist:")
    replica.kill()

    def shown():
        answer = http.get(f"{CALLS}/{call['id']}")
        return answer.json() if answer.status_code == 200 else None

    assert wait_until(shown, 120, 0.5) == before
    assert tell(http, call, turn(2, "好的", "seat"))[0]["number"] == 3
