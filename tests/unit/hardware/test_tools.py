"""Real programs, run as the vendors' tools are."""

import os
import time
from pathlib import Path

import pytest

from appliance.hardware.hygon import HygonDetector, HygonSampler
from appliance.hardware.tools import SystemTools, ToolFault, ask, ask_json


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Give a function that installs a shell script as a tool; nothing else of that name is found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", os.defpath)

    def put(name, script):
        path = folder / name
        path.write_bytes(b"#!/bin/sh\n" + (script if isinstance(script, bytes) else script.encode()))
        path.chmod(0o755)
        return SystemTools([str(folder)])

    return put


def test_tool_outside_the_path_is_found(install):
    tools = install("hy-smi", 'echo "Driver Version: 6.3.13"')
    assert tools.has("hy-smi")
    assert not tools.has("npu-smi")
    assert ask(tools, "hy-smi", "--showdriverversion", timeout_s=20) == "Driver Version: 6.3.13\n"
    with pytest.raises(ToolFault, match="npu-smi: not found"):
        tools.run(["npu-smi", "info"], 20)


def test_arguments_are_not_a_shells(install, tmp_path):
    tools = install("hy-smi", 'printf "%s\\n" "$@"')
    target = tmp_path / "made"
    assert ask(tools, "hy-smi", f"; touch {target}", "$(id)", timeout_s=20) == f"; touch {target}\n$(id)\n"
    assert not target.exists()


def test_tool_speaks_english_and_reads_nothing(install, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    tools = install("hy-smi", 'echo "$LC_ALL"; cat')
    assert ask(tools, "hy-smi", timeout_s=20) == "C.UTF-8\n"


def test_tool_that_does_not_end_is_ended_with_its_children(install, tmp_path):
    pids = tmp_path / "pids"
    tools = install("hy-smi", f"sleep 600 & echo $! > {pids}; sleep 600")
    with pytest.raises(ToolFault, match=r"hy-smi: no answer after 0\.5 s"):
        tools.run(["hy-smi"], 0.5)
    child = int(pids.read_text())
    for _attempt in range(100):
        status = Path(f"/proc/{child}/status")
        if not status.exists() or "\nState:\tZ" in status.read_text():
            break
        time.sleep(0.05)
    else:
        pytest.fail("the tool's child still runs")


def test_tool_that_cannot_be_started(install, tmp_path):
    tools = install("hy-smi", "")
    (tmp_path / "bin/hy-smi").write_bytes(b"\x7fELF damaged")
    with pytest.raises(ToolFault, match="hy-smi: Exec format error"):
        tools.run(["hy-smi"], 20)
    assert "Exec format" in HygonDetector(tools).read().driver.fault


def test_bytes_that_are_no_utf8(install):
    tools = install("hy-smi", b'printf \'{"card0": {"Card Series": "K100\\377AI", "HCU use (%%)": "3"}}\'')
    (card,) = HygonSampler(tools).sample()
    assert (card.name, card.utilisation) == ("K100\ufffdAI", pytest.approx(0.03))
    broken = install("hy-smi", b"printf '\\272\\243\\271\\342 DCU' >&2; exit 4")
    assert "DCU" in HygonDetector(broken).read().driver.fault


def test_json_among_warnings(install):
    tools = install("hy-smi", 'echo "[WARNING] low power"; echo; echo "  [{"; echo "\\"gpu\\": 1}]"; echo "} the end"')
    assert ask_json(tools, "hy-smi", timeout_s=20) == [{"gpu": 1}]
    for script in ("echo nothing", "echo '[WARNING]'", "echo '{'", "yes '[{\"a\":' | head -c 200000 | tr -d '\\n'"):
        with pytest.raises(ToolFault, match="no JSON"):
            ask_json(install("hy-smi", script), "hy-smi", timeout_s=20)
