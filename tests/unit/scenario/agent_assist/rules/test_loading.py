from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.errors import ConfigError
from scenarios.agent_assist.rules import RuleBook

from .conftest import SHIPPED, Bench, entry, turn

Write = Callable[..., Path]

SAY = entry(kind="must_not_say", say={"en": ["never"]})


def refused(shipped: Path, own: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        RuleBook.load(shipped, own)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"kind": "must_not_sey"}, ["rule: kind", "no kind must_not_sey", "Did you mean must_not_say?"]),
        ({"kind": None}, ["rule: the field kind is missing; it is one of must_say, "]),
        ({"sya": {"en": ["x"]}}, ["rule: sya", "no such field", "Did you mean say?"]),
        ({"say": {"eng": ["x"]}}, ["rule: say.eng", "no such field", "Did you mean en?"]),
        ({"say": {"zh": []}}, ["rule: say", "give phrases under zh, en or both"]),
        ({"say": {"en": ["[a|b"]}}, ["rule: say.en", "“[a|b”", "] is missing"]),
        ({"say": {"en": ["<names>"]}}, ["rule: say.en", "no list names"]),
        ({"say": {"en": ["a"], "but_not": {"en": ["…"]}}}, ["rule: say.en", "must be said"]),
        ({"severity": "grave"}, ["rule: severity", "'notice', 'warning' or 'serious'"]),
        ({"points": "ten"}, ["rule: points", "valid number"]),
        ({"title": {"en": "Only English"}}, ["rule: title.zh", "it is missing"]),
        ({"when": {}}, ["rule: when", "at least one condition"]),
        ({"when": {"customer_said": {"en": ["(x)"]}}}, ["rule: when.customer_said.en", "must be said"]),
        ({"name": "Not A Name"}, ["Not A Name: name", "pattern"]),
        ({"kind": "silence"}, ["rule: longer_than_s", "it is missing"]),
    ],
)
def test_a_fault_names_file_rule_field_and_fix(write: Write, fields: dict[str, object], parts: list[str]) -> None:
    path = write(SAY | fields)
    text = refused(path)
    assert "rules.yaml" in text
    assert [part for part in parts if part not in text] == []


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("rules: [", "2:1"),
        ("- a\n- b", "must hold a mapping"),
        ("rules: {a: 1}", "must hold fields"),
        ("rules: [1]", "rules[1]: a rule has fields"),
        ("ruls: []", "ruls: there is no such field. Did you mean rules?"),
        ("critical_cap: 5\ncritical_cap: 6", "critical_cap is given twice"),
        ("lists: {a: &x {en: *x}}", "stands for what holds it"),
        ("disabled: [greting]", "disabled: there is no rule greting"),
        ("lists: {a: {en: [<b>]}}", "lists.a.en"),
        ("? [a]\n: b", "cannot be used"),
    ],
)
def test_a_file_that_is_none_of_rules_is_refused(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    if part == "cannot be used":
        with pytest.raises(ConfigError):
            RuleBook.load(path, None)
        return
    assert part in refused(path)


def test_bytes_that_are_no_text_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refused(path)
    assert "cannot be read" in refused(tmp_path / "none.yaml")


def test_one_name_stands_once_in_a_file(write: Write) -> None:
    assert "rule: the name stands there twice" in refused(write(SAY, SAY))


def test_the_banks_own_rules_are_added_replace_and_switch_off(write: Write) -> None:
    shipped = write(SAY, SAY | {"name": "second"}, SAY | {"name": "third"})
    own = write(
        SAY | {"say": {"en": ["ever"]}},
        SAY | {"name": "fourth", "say": {"en": ["<place>"]}},
        SAY | {"name": "fifth", "enabled": False},
        name="own.yaml",
        disabled=["second"],
        lists={"place": {"en": ["the moon"]}},
    )
    book = RuleBook.load(shipped, own)
    assert [rule.form.name for rule in book.rules] == ["rule", "third", "fourth"]
    judgement = Bench(book).judge(turn("never ever to the moon"))
    assert judgement.broken() == ("rule", "third", "fourth")
    assert judgement.of("rule").said == ("ever",)


def test_a_fault_in_the_banks_file_names_that_file(write: Write) -> None:
    text = refused(write(SAY), write(SAY | {"points": -1}, name="own.yaml"))
    assert "own.yaml" in text
    assert "rule: points" in text


def test_own_lists_replace_those_that_shipped_rules_use(write: Write) -> None:
    shipped = write(SAY | {"say": {"en": ["<word>"]}}, lists={"word": {"en": ["old"]}})
    own = write(name="own.yaml", lists={"word": {"en": ["new"]}})
    assert Bench(RuleBook.load(shipped, None)).state(turn("old")) == "broken"
    assert Bench(RuleBook.load(shipped, own)).state(turn("old")) == "met"
    assert Bench(RuleBook.load(shipped, own)).state(turn("new")) == "broken"


def test_an_own_file_that_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    assert RuleBook.load(SHIPPED, tmp_path / "rules.yaml").version == RuleBook.load(SHIPPED, None).version


def test_the_version_follows_the_rules_and_not_the_file(write: Write) -> None:
    version = RuleBook.load(write(SAY), None).version
    assert RuleBook.load(write(SAY, name="other.yaml"), None).version == version
    assert RuleBook.load(write(SAY, critical_cap=40), None).version != version
    assert RuleBook.load(write(SAY | {"points": 9}), None).version != version


def test_an_own_file_that_holds_nothing_is_fine(write: Write, tmp_path: Path) -> None:
    empty = tmp_path / "own.yaml"
    empty.write_text("# nothing yet\n")
    assert [rule.form.name for rule in RuleBook.load(write(SAY), empty).rules] == ["rule"]
