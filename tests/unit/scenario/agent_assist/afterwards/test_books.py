"""Form and tag files: the bank's own entries, and faults that are named."""

import pytest

from appliance.core.errors import ConfigError
from scenarios.agent_assist.afterwards.forms import FormBook
from scenarios.agent_assist.afterwards.tags import TagBook
from tests.unit.scenario.agent_assist.afterwards.spoken import SHIPPED

TAG = "{name: mine, title: {en: Mine, zh: 我的}, group: own, said: [{words: [hello]}]}"
FIELD = "{name: a, title: {en: A, zh: 甲}, slot: amount}"


def own_file(tmp_path, text):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_own_entries_add_replace_and_drop(tmp_path):
    own = own_file(tmp_path, f"tags: [{TAG}, {TAG.replace('mine', 'praise')}]\ndrop: [cash]")
    rules = TagBook.load(SHIPPED / "tags.yaml", own).rules
    assert rules["mine"].title.zh == "我的"
    assert rules["praise"].group == "own"
    assert "cash" not in rules
    assert "complaint" in rules


def test_an_own_file_that_is_not_there_or_empty_adds_nothing(tmp_path):
    shipped = FormBook.load(SHIPPED / "forms.yaml", None).forms
    assert FormBook.load(SHIPPED / "forms.yaml", tmp_path / "none.yaml").forms == shipped
    assert FormBook.load(SHIPPED / "forms.yaml", own_file(tmp_path, "")).forms == shipped


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"tags: [{TAG}, {TAG}]", ["mine", "twice"]),
        (f"tags: [{TAG.replace('words', 'wrods')}]", ["mine", "wrods", "did you mean words"]),
        (f"tags: [{TAG.replace('[hello]', '[12378]')}]", ["mine", "a text"]),
        (f"tags: [{TAG.replace('words: [hello]', 'pattern: (')}]", ["mine", "regular expression"]),
        ("tags: [{name: mine, title: {en: Mine, zh: 我的}, group: own}]", ["mine", "needs intents, said or emotions"]),
        ("tags: [{title: {en: Mine, zh: 我的}, group: own}]", ["tags[1]"]),
        ("drop: [nothing]", ["drop.nothing"]),
        ("forms: []", ["tags and drop"]),
        ("tags: [", ["own.yaml", "it is not YAML"]),
        ("tags: [{name: mine, day: 2026-13-45}]", ["own.yaml"]),
        ("- a", ["own.yaml"]),
    ],
)
def test_a_fault_names_file_entry_and_remedy(tmp_path, text, words):
    with pytest.raises(ConfigError) as raised:
        TagBook.load(SHIPPED / "tags.yaml", own_file(tmp_path, text))
    message = raised.value.render("en")
    assert "own.yaml" in message
    assert all(word in message for word in words)
    assert raised.value.hint is not None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("[]", ["mine.fields"]),
        (f"[{FIELD}, {FIELD}]", ["two fields have the same name"]),
        ("[{name: a, title: {en: A, zh: 甲}}]", ["needs a source"]),
        (FIELD.replace("slot: amount", "choices: [{value: b, title: {en: B, zh: 乙}}]").join("[]"), ["a choice needs"]),
        (FIELD.replace("}", "}, check: {pattern: '['}", 1).replace("}, check", "}, check").join("[]"), ["own.yaml"]),
    ],
)
def test_a_form_without_sense_is_refused(tmp_path, fields, words):
    own = own_file(tmp_path, f"forms: [{{name: mine, title: {{en: Mine, zh: 我的}}, fields: {fields}}}]")
    with pytest.raises(ConfigError) as raised:
        FormBook.load(SHIPPED / "forms.yaml", own)
    assert all(word in raised.value.render("en") for word in words)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_bytes(b"\xff\xfe\x00tags")
    with pytest.raises(ConfigError, match=r"own\.yaml"):
        TagBook.load(SHIPPED / "tags.yaml", path)


def test_every_shipped_text_is_in_both_languages():
    for rule in TagBook.load(SHIPPED / "tags.yaml", None).rules.values():
        assert rule.title.en != rule.title.zh
    for form in FormBook.load(SHIPPED / "forms.yaml", None).forms.values():
        assert all(field.title.en != field.title.zh for field in form.fields)
