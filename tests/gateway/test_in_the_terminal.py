"""What IT and compliance staff do on 80×24 cells of a real terminal beside the running appliance."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.terminal.screen import opened, unfolded

# The attack is a program of its own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from kill import VICTIMS, replicas

FORBIDDEN = "哪里能卖银行卡？"
IN_CHINESE = {"2": "节点", "3": "服务版本", "4": "场景", "5": "知识库", "6": "护栏", "1": "副本"}
"""A word of each screen."""
GREYS = {16, 59, 102, 145, 188, 231, *range(232, 256)}
"""Of the 256 colours of a terminal."""
CHANGING = ("j Join", "w What if", "b Roll back", "n New packages", "t Try it", "u Upload", "b Rebuild", "n New")
"""Keys that an administrator sees on these screens."""
BACK_S, ANSWERED_S = 180.0, 180.0

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="the program tmux is not installed")


@pytest.fixture
def terminal(stack, tmp_path):
    """Give the terminal beside the appliance."""
    with opened(tmp_path, stack.home) as terminal:
        yield terminal


def command_below(shown):
    """Return the words of the command that the screen shows, without the program's name."""
    command = unfolded(shown).rpartition("$ appliance ")[2].partition(" Enter Open")[0].partition(" Esc Back")[0]
    return shlex.split(command)


def test_a_blocked_request_is_found_with_the_rule_that_blocked_it(stack, http, terminal):
    body = {"model": "general", "messages": [{"role": "user", "content": FORBIDDEN}], "max_tokens": 8}
    refused = http.post("/v1/chat/completions", json=body)
    request = refused.headers["x-request-id"]
    (rule,) = {finding["rule"] for finding in refused.json()["error"]["findings"]}
    terminal.type("6")
    terminal.wait_for("b Blocked")
    terminal.type("b")
    listed = terminal.wait_for("Blocked since yesterday")
    listed = terminal.wait_for("✖ blocked")
    searched = stack.cli(*command_below(listed), "--json")
    assert request in {record["request_id"] for record in json.loads(searched.stdout)["records"]}

    terminal.type("Enter")
    record = terminal.wait_for(request)
    assert "blocked (content_filter)" in record
    assert f"✖ blocked  word list: {rule.partition(':')[2]}" in record
    assert "卖银行卡" not in record
    same = stack.cli(*command_below(record))
    assert same.returncode == 0, same.stderr
    (found,) = [one for one in json.loads(same.stdout)["records"] if one["outcome"] == "content_filter"]
    assert re.findall(r"Record (\d+) of the audit", record) == [str(found["seq"])]
    assert rule in json.dumps(found)


def test_while_the_gateway_is_away_it_says_when_it_was_last_seen(stack, terminal):
    terminal.wait_for("knowledge-qa")
    (gateway,) = replicas(stack.home, VICTIMS["gateway"])
    gateway.kill()
    lost = terminal.wait_for("Last seen")
    assert "✖ not connected" in lost
    assert "knowledge-qa" in lost
    back = terminal.wait_for("● connected", BACK_S)
    assert "Last seen" not in back


@pytest.fixture
def auditor_key(stack, tmp_path):
    """Give the file of an auditor's key."""
    made = json.loads(stack.cli("key", "create", "inspector", "--role", "auditor", "--json").stdout)
    file = tmp_path / "inspector.key"
    file.write_text(made["key"], encoding="utf-8")
    file.chmod(0o600)
    yield file
    stack.cli("key", "revoke", made["id"])


def see_nothing_that_changes(terminal, seen_by_number):
    """Go to each screen, wait for its words, and look that no key of it changes anything; return the last one."""
    for number, seen in seen_by_number:
        terminal.type(number)
        shown = terminal.wait_for(seen)
        assert not [key for key in CHANGING if key in shown]
    return shown


def test_an_auditor_elsewhere_looks_and_has_no_key_that_changes_anything(stack, tmp_path, auditor_key):
    options = ("--url", stack.url, "--key-file", str(auditor_key))
    with opened(tmp_path, stack.home, *options, shows="may not see the appliance's status") as terminal:
        screens = (
            ("2", "changed only in the terminal on the head"),
            ("3", "this key may not change models and packages"),
            ("4", "this key may not ask scenarios"),
            ("5", "Use a key whose role holds knowledge.read"),
            ("6", "The role auditor changes nothing here"),
        )
        assert "● connected" in see_nothing_that_changes(terminal, screens)


def test_an_auditor_on_the_appliances_own_machine_searches_and_checks_the_audit(stack, tmp_path, auditor_key):
    options = ("--key-file", str(auditor_key))
    with opened(tmp_path, stack.home, *options, shows="may not see the appliance's status") as terminal:
        screens = (("2", "Read-only"), ("3", "this key may not change"), ("6", "The role auditor changes nothing here"))
        see_nothing_that_changes(terminal, screens)
        terminal.type("b")
        terminal.wait_for("Blocked since yesterday")
        terminal.type("Escape")
        terminal.wait_for("The role auditor changes nothing here")
        terminal.type("v")
        terminal.wait_for("$ appliance audit verify")
        checked = terminal.wait_for("The log is whole", ANSWERED_S)
        assert "✖" not in checked


def test_scenarios_are_tried_with_a_question_a_call_and_an_account(terminal):
    terminal.type("4")
    terminal.wait_for("Knowledge Q&A")
    for downs, wanted, typed, answered in (
        (0, "Advisor assistant", "C0007", "the account is worth"),
        (1, "Agent assist", "", "seat: Good morning"),
        (2, "Knowledge Q&A", "How long is a mortgage offer valid?", "mortgage-guide.pdf"),
    ):
        terminal.type("Home", *["Down"] * downs, "t")
        terminal.wait_for(f"Try {wanted}: choose an example")
        terminal.type(*[typed] if typed else [], "Enter")
        terminal.wait_for(answered, ANSWERED_S)
        terminal.type("Escape")
        terminal.wait_for("t Try it")


def test_it_is_made_small_and_large_again_in_chinese_and_without_colours(stack, tmp_path):
    with opened(tmp_path, stack.home, NO_COLOR="1") as terminal:
        assert set(map(int, re.findall(r"[34]8;5;(\d+)", terminal.text(colours=True)))) <= GREYS
        terminal.type("l")
        terminal.wait_for("● 已连接")
        for number, words in IN_CHINESE.items():
            terminal.type(number)
            terminal.wait_for(words)
            terminal.resize(40, 12)
            small = terminal.wait_for("● 已连接")
            terminal.resize(80, 24)
            large = terminal.wait_for(words)
            for shown in (small, large):
                assert "Traceback" not in shown
                assert "ENDED" not in shown
