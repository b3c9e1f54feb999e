import string
from pathlib import Path

import pytest
import yaml

from appliance.core.errors import ConfigError
from scenarios.advisor.suitability import SHIPPED, RuleBook
from scenarios.advisor.suitability.speaking import sentences


@pytest.fixture
def own(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "suitability.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def changed(name: str, **fields) -> str:
    return yaml.safe_dump({"rules": [{"name": name, **fields}]})


NEW = {
    "name": "own_age", "test": "age", "kind": "prohibit", "title": {"en": "Own", "zh": "自定"},
    "source": {"en": "Bank's own rule", "zh": "本行规定"}, "at_least": 50, "scope": {"above": "R3"},
}  # fmt: skip


def test_the_shipped_rules_load_with_a_source_each(rules):
    assert len(rules.rules) >= 20
    assert all(rule.source.en and rule.source.zh for rule in rules.rules)
    assert {rule.name for rule in rules.rules if rule.statutory} == {
        "match_ordinary", "least_tolerant", "assessment_validity", "private_offering", "private_minimum", "term",
    }  # fmt: skip
    assert rules.valid_days == 365


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (changed("match_ordinary", highest={"C1": "R1", "C2": "R3", "C3": "R3", "C4": "R4", "C5": "R5"}), "highest.C2"),
        (changed("match_ordinary", kind="confirm"), "kind"),
        (changed("match_ordinary", scope={"clients": "ordinary", "kinds": ["fund"]}), "scope.kinds"),
        (changed("match_ordinary", scope={"clients": "ordinary", "above": "R2"}), "scope.above"),
        (changed("match_ordinary", scope={"clients": "professional"}), "scope.clients"),
        (changed("least_tolerant", highest="R2"), "highest"),
        (changed("least_tolerant", scope={"clients": "ordinary"}), "scope.clients"),
        (changed("assessment_validity", days=366), "days"),
        (changed("private_minimum", least={"equity": 1_000_000}), "least.cash"),
        (changed("term", term=False, by_level={"R1": 1, "R2": 1, "R3": 1, "R4": 1, "R5": 1}), "term"),
        (yaml.safe_dump({"disabled": ["match_ordinary"]}), "match_ordinary"),
    ],
)
def test_the_statutory_minimum_cannot_be_loosened(own, text, field):
    with pytest.raises(ConfigError) as caught:
        RuleBook.load(own=own(text))
    assert "suitability.yaml" in str(caught.value)
    assert field in str(caught.value)
    assert "statutory minimum" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (changed("match_ordinary", test="age"), ["match_ordinary: test", "a name of its own"]),
        (changed("match_ordinary", statutory=False), ["statutory", "the shipped rules alone"]),
        (yaml.safe_dump({"rules": [{**NEW, "statutory": True}]}), ["statutory"]),
        (yaml.safe_dump({"rules": [{**NEW, "at_lest": 3}]}), ["own_age: at_lest", "Did you mean at_least?"]),
        (yaml.safe_dump({"rules": [{**NEW, "test": "ages"}]}), ["own_age", "'ages'"]),
        (yaml.safe_dump({"rules": [{**NEW, "title": {"en": "Only English"}}]}), ["own_age: title.zh", "missing"]),
        (yaml.safe_dump({"rules": [{**NEW, "below": 9}]}), ["own_age", "one of at_least and below"]),
        (yaml.safe_dump({"rules": [{**NEW, "kind": "disclose"}]}), ["own_age", "says"]),
        (yaml.safe_dump({"rules": [NEW, NEW]}), ["own_age", "twice"]),
        (changed("match_ordinary", highest={"C1": "R1"}), ["highest", "C2, C3, C4, C5"]),
        (changed("match_professional", highest={"C1": "R3", "C2": "R2", "C3": "R3", "C4": "R4", "C5": "R5"}), ["fall"]),
        (changed("product_share", most=1.5), ["product_share: most"]),
        (yaml.safe_dump({"disabled": ["prodct_share"]}), ["prodct_share", "Did you mean product_share?"]),
        ("rules: [1]", ["rules[1]"]),
        ("rules: {a: 1}", ["rules"]),
        ("ruls: []", ["ruls", "no such field"]),
        ("disabled: [a]\ndisabled: [b]", ["disabled is given twice"]),
        ("off: [product_share]", ["off: there is no such field", "Name the field disabled."]),
        ('"off": [product_share]', ["off: there is no such field", "Name the field disabled."]),
        ("rules: [", ["1:", "not YAML"]),
        ("- a", ["must hold a mapping"]),
    ],
)
def test_a_fault_names_file_rule_field_and_fix(own, text, parts):
    with pytest.raises(ConfigError) as caught:
        RuleBook.load(own=own(text))
    assert [part for part in ["suitability.yaml", *parts] if part not in str(caught.value)] == []


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "suitability.yaml"
    path.write_bytes("版本".encode("gbk"))
    with pytest.raises(ConfigError):
        RuleBook.load(own=path)


def test_the_own_file_makes_rules_stricter_adds_and_drops_own_ones(own, rules, bench):
    stricter = {"C1": "R1", "C2": "R2", "C3": "R2", "C4": "R3", "C5": "R4"}
    text = {"rules": [{"name": "match_ordinary", "highest": stricter}, NEW], "disabled": ["product_share"]}
    book = RuleBook.load(own=own(yaml.safe_dump(text, allow_unicode=True)))
    assert book.rule("product_share") is None
    assert book.version != rules.version
    assert bench.decide().allowed == "yes"
    assert bench.decide(rules=book).allowed == "no"
    assert bench.decide(rules=book).rules_version == book.version


def test_a_missing_own_file_changes_nothing(tmp_path, rules):
    assert RuleBook.load(own=tmp_path / "suitability.yaml").version == rules.version
    assert RuleBook.load(SHIPPED).version == rules.version


def test_every_sentence_has_the_same_values_in_both_languages():
    def names(text: str) -> set[str]:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}

    assert {key for key, words in sentences().items() if names(words.en) != names(words.zh)} == set()
