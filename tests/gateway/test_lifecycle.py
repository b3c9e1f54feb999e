"""`up` and `down`: idempotent, honest about what stops them, and nothing is left behind."""

import json
import os
import socket
import stat
import subprocess

import psutil
import pytest

from tests.gateway.stack import run_cli, share_model, write_site

_LASTING = ("ray::Serve",)  # workers of tasks come and go


def left_behind(home) -> list[str]:
    """Return processes that work in `home`, and what describes a running instance."""
    found = [
        f"{process.pid} {process.info['name']}"
        for process in psutil.process_iter(["name", "cmdline"])  # None where a process ends meanwhile
        if str(home) in " ".join(process.info["cmdline"] or [])
    ]
    return found + [str(path) for path in (home / "run").glob("*") if path.name != "up.lock"]


def serving(home) -> set[int]:
    """Return the processes that serve from `home`: those of the session that its head runs."""
    head = json.loads((home / "run" / "instance.json").read_text())["head_pid"]
    family = psutil.Process(head).children(recursive=True)
    return {process.pid for process in family if process.name().startswith(_LASTING)}


def test_the_tour_asked_every_endpoint_and_each_answered(stack):
    rows = stack.tour["rows"]
    assert {row["endpoint"] for row in rows} >= {
        "GET /v1/models", "POST /v1/chat/completions", "POST /v1/embeddings", "POST /v1/scenarios/knowledge-qa/ask",
    }  # fmt: skip
    assert all(row["ok"] for row in rows), rows
    asked = next(row for row in rows if row["endpoint"].endswith("/ask"))
    assert asked["sources"]


def test_home_and_secrets_are_private(stack):
    assert stat.S_IMODE(stack.home.stat().st_mode) == 0o700
    for path in (stack.home / "admin.key", *(stack.home / "secrets").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_up_starts_and_builds_nothing(stack):
    before = {path: path.stat().st_mtime_ns for path in (stack.home / "models").rglob("*") if path.is_file()}
    processes = serving(stack.home)
    again = stack.cli("up", "--json", timeout=200)
    assert again.returncode == 0, again.stderr
    assert all(row["ok"] for row in json.loads(again.stdout)["rows"])
    assert serving(stack.home) == processes
    assert {path: path.stat().st_mtime_ns for path in (stack.home / "models").rglob("*") if path.is_file()} == before


def test_status_doctor_and_lists(stack):
    status = json.loads(stack.cli("status", "--json").stdout)
    assert {application["state"] for application in status["applications"]} == {"running"}
    models = json.loads(stack.cli("model", "list", "--json").stdout)
    assert "general" in json.dumps(models)
    assert "knowledge-qa" in stack.cli("scenario", "list").stdout
    assert "bank-samples" in stack.cli("kb", "list").stdout
    doctor = stack.cli("doctor", "--json", timeout=300)
    failed = [check for check in json.loads(doctor.stdout)["checks"] if check["state"] == "failed"]
    assert failed == []
    assert doctor.returncode == 0


def test_a_port_in_use_stops_up_with_one_sentence(stack, tmp_path):
    home = tmp_path / "home"
    site = write_site(home)
    share_model(home)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site["gateway"]["port"]))
        taken.listen()
        refused = run_cli(home, "up")
    assert refused.returncode == 3
    assert str(site["gateway"]["port"]) in refused.stderr
    assert "gateway.port" in refused.stderr
    assert left_behind(home) == []


def test_too_little_memory_stops_up_with_one_sentence(stack, tmp_path):
    home = tmp_path / "home"
    write_site(home, models={"general": {"package": "base", "engine": {"kv_cache_gib": 4000}}})
    share_model(home)
    refused = run_cli(home, "up")
    assert refused.returncode == 3
    assert "kv_cache_gib" in refused.stderr
    assert left_behind(home) == []


def test_a_full_disk_stops_up_with_one_sentence(stack, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    if os.getuid() != 0:
        pytest.skip("mounting a small disk needs root")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", home], check=True)
    try:
        write_site(home)
        refused = run_cli(home, "up")
        assert refused.returncode == 3
        assert "free" in refused.stderr
        assert left_behind(home) == []
    finally:
        subprocess.run(["umount", home], check=True)


def test_a_damaged_model_package_stops_up_and_starts_nothing(stack, tmp_path):
    home = tmp_path / "home"
    write_site(home, models={"general": {"package": "nonsense"}})
    share_model(home)
    refused = run_cli(home, "up")
    assert refused.returncode not in (0, 1)
    assert "nonsense" in refused.stderr
    assert left_behind(home) == []


def test_down_where_nothing_runs(tmp_path):
    home = tmp_path / "home"
    assert run_cli(home, "down").returncode == 0


def test_commands_without_an_appliance_say_so(tmp_path):
    home = tmp_path / "home"
    refused = run_cli(home, "ask", "Fees?")
    assert refused.returncode == 4
    assert "appliance up" in refused.stderr
