"""The bank's limits.yaml, and the words: strict, in both languages, named at fault."""

import re

import pytest
import yaml

from appliance.core.errors import ConfigError
from scenarios.advisor.allocation import LimitBook
from scenarios.advisor.allocation.words import FORMULAS, formulas


def test_the_banks_sections_replace_the_shipped_ones(tmp_path):
    own = tmp_path / "limits.yaml"
    own.write_text("limits: {each_product: 0.2}\nlook_back_days: 504\n", encoding="utf-8")
    book = LimitBook.load(own=own)
    assert book.limits.each_product == 0.2
    assert book.limits.each_issuer is None
    assert book.look_back_days == 504
    assert book.smallest_trade == LimitBook.load().smallest_trade


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("limits: {each_product: 2}", "limits.each_product"),
        ("limits: {classes: {equity: {minimum: 0.5, maximum: 0.2}}}", "limits.classes.equity"),
        ("limitz: {}", "limitz"),
        ("- a", "mapping"),
        ("limits: {each_product: 0.2", "limits.yaml"),
    ],
)
def test_a_faulty_file_is_named_with_the_entry(tmp_path, text, named):
    own = tmp_path / "limits.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        LimitBook.load(own=own)
    assert named in str(told.value)
    assert "limits.yaml" in str(told.value)


def test_both_languages_of_a_sentence_take_the_same_values():
    for name, words in formulas().notes.items():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (words.en, words.zh)]
        assert fields[0] == fields[1], name


def test_the_file_names_nothing_twice():
    text = FORMULAS.read_text(encoding="utf-8")
    names = re.findall(r"^  (\w+):", text, re.MULTILINE)
    read = yaml.safe_load(text)
    assert len(names) == len(read["notes"]) + len(read["formulas"])
