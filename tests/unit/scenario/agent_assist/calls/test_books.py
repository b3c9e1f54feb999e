"""The YAML files: a change holds for the next turn, a fault changes nothing and is shown."""

import asyncio
import os

import pytest

from appliance.core.errors import ConfigError, PermissionDenied
from appliance.core.units import MIB
from scenarios.agent_assist.calls import books
from scenarios.agent_assist.calls.settings import Settings
from scenarios.agent_assist.rules import RuleBook
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER

from .conftest import turn

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


def write(path, text):
    """Write a file so that its stamp changes even within one tick of the file system's clock."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text, encoding="utf-8")
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


async def settings(desk, who=A_ADMIN):
    answer = await desk.call("show-settings", None, who)
    return {file["name"]: file for file in answer["data"]}


async def test_a_rule_holds_from_the_next_turn_of_a_running_call(desk, own_files):
    call = await desk.begin()
    (before,) = await desk.tell(call, turn(0, "带把雨伞吧。", "seat"))
    assert "no_umbrellas" not in [alert["rule"] for alert in before["alerts"]]
    write(own_files / "rules.yaml", OWN_RULE)
    await desk.shelf.refresh()
    (after,) = await desk.tell(call, turn(1, "好的。", "seat"))
    (alert,) = [alert for alert in after["alerts"] if alert["rule"] == "no_umbrellas"]
    assert (alert["turns"], alert["text"]) == (["t0"], "Umbrellas were mentioned.")
    shown = (await settings(desk))["rules.yaml"]
    assert (shown["own_entries"], shown["fault"]) == (1, None)
    (own_files / "rules.yaml").unlink()
    await desk.shelf.refresh()
    await desk.tell(call, turn(2, "好的。", "seat"))
    rules = [one["rule"] for one in (await desk.show(call))["judgement"]["outcomes"]]
    assert "no_umbrellas" not in rules
    assert (await settings(desk))["rules.yaml"]["own_entries"] is None


async def test_a_change_reads_a_running_call_again_only_for_what_has_changed(desk, own_files, monkeypatch):
    call = await desk.begin()
    await desk.tell(call, turn(0, "您好"), turn(1, "我的卡丢了"))
    read = []
    mark = RuleBook.mark
    monkeypatch.setattr(
        RuleBook, "mark", lambda self, said, analysis: read.append(said.id) or mark(self, said, analysis)
    )
    write(own_files / "settings.yaml", "card_within_s: 9\n")
    await desk.shelf.refresh()
    await desk.tell(call, turn(2, "好的。", "seat"))
    assert read == ["t2"]
    write(own_files / "rules.yaml", OWN_RULE)
    await desk.shelf.refresh()
    await desk.tell(call, turn(3, "好的。", "seat"))
    assert read == ["t2", "t0", "t1", "t2", "t3"]


async def test_a_file_is_looked_at_without_anybody_asking(desk, own_files, monkeypatch):
    monkeypatch.setattr(books, "LOOK_EVERY_S", 0.02)
    call = await desk.begin()
    write(own_files / "rules.yaml", OWN_RULE)
    version = desk.shelf.rules().version
    for _time in range(500):
        await asyncio.sleep(0.02)
        if desk.shelf.rules().version != version:
            break
    (assist,) = await desk.tell(call, turn(0, "雨伞", "seat"))
    assert "no_umbrellas" in [alert["rule"] for alert in assist["alerts"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rules.yaml", "rules: [{name: x, kind: must_dance}]"),
        ("rules.yaml", "rules: [unclosed"),
        ("vocabulary.yaml", "colours: [red]"),
        ("risk.yaml", "- nothing\n- here"),
        ("forms.yaml", "forms: 3"),
        ("tags.yaml", "tags: 3"),
        ("playbooks.yaml", "playbooks: 3"),
        ("replies.yaml", "replies: 3"),
        ("intents.yaml", "intents: 3"),
        ("settings.yaml", "card_within_s: never"),
        ("settings.yaml", "cards: 1"),
        ("settings.yaml", "[1, 2]"),
        ("settings.yaml", "\ufffe\x00"),
    ],
)
async def test_a_fault_keeps_the_last_good_file_and_is_shown(desk, own_files, name, text):
    call = await desk.begin()
    good = await settings(desk)
    write(own_files / name, text)
    shown = await settings(desk)
    assert shown[name]["fault"]["code"] == "config_error"
    assert name in shown[name]["fault"]["message"]
    assert shown[name]["fault"]["hint"]
    assert shown[name]["version"] == good[name]["version"]
    assert {one for one in shown if shown[one]["fault"]} == {name}
    assert len(await desk.tell(call, turn(0, "我的卡丢了"))) == 1
    # A replica that starts with the fault goes by the shipped file.
    assert (await settings(desk.again()))[name]["fault"]["code"] == "config_error"
    (own_files / name).unlink()
    assert (await settings(desk))[name]["fault"] is None


async def test_settings_are_for_supervisors(desk):
    with pytest.raises(PermissionDenied):
        await settings(desk, A_CALLER)


async def test_a_draft_of_rules_is_not_in_force(desk):
    await desk.shelf.now()
    draft = desk.shelf.draft(OWN_RULE)
    assert draft.version != desk.shelf.rules().version
    with pytest.raises(ConfigError):
        desk.shelf.draft("rules: [{name: x}]")
    assert desk.shelf.title_of_intent("no_such_intent", "en") is None


def test_settings_of_the_bank_go_over_the_shipped_ones(tmp_path):
    own = tmp_path / "settings.yaml"
    own.write_text("abandoned_after_idle_s: 60\n", encoding="utf-8")
    shipped, both = Settings.load(), Settings.load(own=own)
    assert both.abandoned_after_idle_s == 60
    assert both.abandoned_after_s == shipped.abandoned_after_s == 14_400
    for text in ("abandoned_after_idle_s: .nan", "card_within_s: 0", "abandoned_after_s: 1e9"):
        own.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=rf"settings\.yaml.*{text.split(':')[0]}.*Correct that entry"):
            Settings.load(own=own)


LEVELS = zip("abcdefghi", "bcdefghij", strict=True)
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in LEVELS
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "entries"),
        ("rules: &r [*r]", "alias"),
        ("rules: " + "[" * 5000 + "]" * 5000, "nested"),
        ("# " + "x" * (2 * MIB), "larger"),
        ("rules: [1, 2", "rules.yaml"),
        ("rules: \ud800", "rules.yaml"),
    ],
    ids=["bomb", "endless", "deep", "large", "unclosed", "surrogate"],
)
async def test_a_file_that_would_take_all_memory_is_a_fault(desk, own_files, text, reason):
    await desk.shelf.now()
    (own_files / "rules.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    shown = (await settings(desk))["rules.yaml"]
    assert shown["fault"]["code"] == "config_error"
    assert reason in shown["fault"]["message"]
    assert shown["fault"]["message"].endswith(".")
    with pytest.raises(ConfigError, match=reason):
        desk.shelf.draft(text)


async def test_aliases_that_repeat_a_little_are_taken(desk, own_files):
    await desk.shelf.now()
    write(own_files / "rules.yaml", OWN_RULE.replace('en: ["umbrella*"]', 'en: &words ["umbrella*"]'))
    assert (await settings(desk))["rules.yaml"]["fault"] is None


async def test_what_no_loader_foresees_stops_the_look_at_no_file(desk, own_files, monkeypatch):
    monkeypatch.setattr(books, "LOOK_EVERY_S", 0.02)
    await desk.shelf.now()
    with monkeypatch.context() as patched:
        patched.setattr(books.TagBook, "load", lambda *_paths: 1 / 0)
        write(own_files / "tags.yaml", "tags: []")
        write(own_files / "rules.yaml", OWN_RULE)
        shown = await settings(desk)
    assert (shown["tags.yaml"]["fault"]["code"], shown["rules.yaml"]["fault"]) == ("config_error", None)
    assert not desk.shelf._looking.done()


async def test_a_file_that_cannot_be_looked_at_leaves_the_last_good_one(desk, own_files):
    write(own_files / "rules.yaml", OWN_RULE)
    await desk.shelf.refresh()
    version = desk.shelf.rules().version
    (own_files / "rules.yaml").unlink()
    (own_files / "rules.yaml").symlink_to("rules.yaml")
    shown = (await settings(desk))["rules.yaml"]
    assert shown["fault"]["code"] == "config_error"
    assert desk.shelf.rules().version == version
