import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.cli.commands.lifecycle import program_name
from appliance.core.errors import AlreadyRunning, NotEnoughMemory, PortInUse, StartFailed, Unavailable
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.doctor import Check
from appliance.operations.tour import Tour, TourRow

STATUS = {"version": "0.1.0", "taken_at": "2026-01-01T00:00:00Z", "uptime_s": 1.0, "nodes": [], "applications": []}
STEP = Progress("engine", _("The models that the appliance serves."))


@pytest.fixture
def operation(monkeypatch):
    """Give a function that puts another operation in place of the real one, which would start the whole stack."""

    def put(module, **functions):
        monkeypatch.setitem(sys.modules, f"appliance.operations.{module}", SimpleNamespace(**functions))

    return put


def tour(*, ok=True):
    rows = (
        TourRow("chat", "Hello", "Hello! How can", (), 0.4, ok=True),
        TourRow("knowledge-qa", "Fees?", "5 yuan", ("fees.xlsx",), 1.2, ok=ok),
    )
    return Tour(rows, "http://127.0.0.1:8080", Path("/srv/home/admin.key"))


def brings_up(*events, error=None):
    def bring_up(_home, _site):
        yield from events
        if error is not None:
            raise error

    return bring_up


def test_up_ends_with_the_tour_the_address_the_key_and_three_commands(run, operation):
    operation("up", bring_up=brings_up(STEP, tour()))
    shown = run("up")
    assert shown.code == 0
    for text in ("knowledge-qa", "5 yuan", "fees.xlsx", "1.2 s", "http://127.0.0.1:8080", "/srv/home/admin.key"):
        assert text in shown.out
    assert [line.split()[1] for line in shown.out.splitlines()[-3:]] == ["ask", "status", "tui"]
    assert "The models that the appliance serves." in shown.err
    assert "产假" in run("--language", "zh_CN", "up").out


def test_a_long_answer_stands_below_the_table_line_by_line(run, operation):
    lines = [f"00:{number:02d} seat: something" for number in range(50)]
    long = TourRow("POST /v1/scenarios/agent-assist/replay", "zh-lost-card", "\n".join(lines), (), 0.4, ok=True)
    whole = tour()
    operation("up", bring_up=brings_up(replace(whole, rows=(*whole.rows, long))))
    shown = run("up").out
    below = shown[shown.index("POST /v1/scenarios/agent-assist/replay: zh-lost-card") :].splitlines()
    assert [line.strip() for line in below[1:16]] == lines[:15]
    assert "15 more lines" in below[16]
    assert [line.strip() for line in below[17:37]] == lines[-20:]
    assert shown.count(lines[1]) == 1, "the table has its first line alone"


def test_up_as_json(run, operation):
    operation("up", bring_up=brings_up(STEP, tour()))
    told = run("up", "--json").json
    assert list(told) == ["rows", "address", "admin_key_file"]
    assert list(told["rows"][0]) == ["endpoint", "asked", "answer", "sources", "seconds", "ok"]


def test_an_endpoint_that_did_not_answer_is_a_failed_start(run, operation):
    operation("up", bring_up=brings_up(tour(ok=False)))
    shown = run("up")
    assert shown.code == 6
    assert "✗ knowledge-qa" in shown.out


@pytest.mark.parametrize(
    ("kind", "code"), [(PortInUse, 3), (NotEnoughMemory, 3), (AlreadyRunning, 5), (StartFailed, 6), (Unavailable, 8)]
)
def test_a_start_that_fails_marks_its_step_and_has_its_code(run, operation, kind, code):
    operation("up", bring_up=brings_up(STEP, error=kind(_("The disk that holds {folder} is full.", folder="x"))))
    shown = run("up")
    assert shown.code == code
    assert shown.out == ""
    assert "✗" in shown.err
    assert "The disk that holds x is full." in shown.err
    assert "Traceback" not in shown.err


def test_a_start_stopped_from_the_keyboard(run, operation):
    operation("up", bring_up=brings_up(STEP, error=KeyboardInterrupt()))
    assert run("up").code == 130


def test_down_tells_what_it_stops(run, operation):
    operation("down", take_down=lambda _home: iter([STEP]))
    shown = run("down")
    assert (shown.code, shown.out) == (0, "")
    assert "The models" in shown.err


def test_doctor_tells_each_check_and_its_remedy(run, operation):
    checks = [
        Check("a", _("Python"), "ok", _("{version}", version="3.11")),
        Check("b", _("Memory"), "warning", _("{size}", size="8 GiB"), _("Print JSON.")),
    ]
    operation("doctor", examine=lambda _home: iter(checks))
    shown = run("doctor")
    assert shown.code == 0
    assert "✓ Python  3.11" in shown.out
    assert "! Memory  8 GiB\n  → Print JSON." in shown.out
    assert run("doctor", "--json").json["ok"] is True


def test_doctor_has_a_code_of_its_own_for_failed_checks(run, operation):
    checks = [Check("a", _("Memory"), "failed", _("{size}", size="1 GiB"), _("Print JSON."))]
    operation("doctor", examine=lambda _home: iter(checks))
    assert run("doctor").code == 9
    shown = run("--language", "zh_CN", "doctor", "--json")
    assert shown.code == 9
    assert shown.json["ok"] is False
    assert shown.json["checks"] == [
        {"id": "a", "title": "内存", "state": "failed", "found": "1 GiB", "remedy": "输出 JSON。"}
    ]


def test_doctor_records_this_machine_and_checks_nothing(run, home):
    file = home / "machine.json"
    shown = run("doctor", "--record", file)
    assert (shown.code, shown.out) == (0, "")
    assert "machine.json" in shown.err
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["facts"]["processor"]["logical_cores"] > 0
    assert os.uname().nodename not in file.read_text(encoding="utf-8")
    refused = run("doctor", "--record", home / "none" / "machine.json")
    assert refused.code != 0
    assert "cannot be recorded" in refused.err
    assert "Traceback" not in refused.err


def test_commands_to_try_can_be_typed_as_they_stand(monkeypatch, tmp_path):
    """The name alone only where the path finds this very program."""
    program = tmp_path / "appliance"
    program.write_text("#!/bin/sh")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert program_name() == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program_name() == "appliance"


def test_status_says_which_gateway_answered_where_it_is_not_this_machines(run, gateway, home):
    gateway.answers["GET", "/v1/appliance/status"] = (200, STATUS)
    assert "answer" not in run("status").err
    site = home / "site.yaml"
    other = site.read_text().partition("port: ")[2].strip("}\n")
    site.write_text("gateway: {port: 9}\n")
    listed = {"schema": 1, "gateways": [{"name": "w", "url": f"http://127.0.0.1:{other}"}]}
    (home / "gateways.json").write_text(json.dumps(listed))
    shown = run("status", "--json")
    assert shown.json["version"] == STATUS["version"]
    assert f"http://127.0.0.1:{other}" in shown.err
