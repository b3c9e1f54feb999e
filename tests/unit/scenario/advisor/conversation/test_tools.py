import json

import pytest
from pydantic import ValidationError

from appliance.core.errors import ConfigError
from scenarios.advisor.conversation.tools import TOOLS, tool_box
from scenarios.advisor.conversation.vocabulary import Words, shipped_words


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_tool_has_a_schema_with_described_arguments(language):
    functions = [one["function"] for one in tool_box().functions(language)]
    assert [one["name"] for one in functions] == list(TOOLS)
    for one in functions:
        json.dumps(one)
        assert one["description"]
        assert all(of["description"] for of in one["parameters"].get("properties", {}).values())
        assert one["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("tool", "values"),
    [
        ("suitability", {"client": "C1", "product": "P1", "amount": 0}),
        ("suitability", {"client": "C1", "product": "P1", "amount": float("nan")}),
        ("suitability", {"client": "C1", "product": "P1", "amount": 1, "allowed": "yes"}),
        ("compare_funds", {"products": ["P1"]}),
        ("fund_diagnosis", {"product": "P1", "window": "soon"}),
        ("allocation", {"client": "C1", "method": "luck"}),
        ("product_list", {"max_level": "R9"}),
    ],
)
def test_arguments_that_cannot_be_are_refused(tool, values):
    with pytest.raises(ValidationError):
        tool_box().arguments(tool, values)


def test_a_bank_adds_words_of_its_own(tmp_path):
    own = tmp_path / "words.yaml"
    own.write_text("measures: {sharpe: ['性价比']}\nat_most: ['封顶']\n", encoding="utf-8")
    words = Words.load(own=own)
    assert any(pattern.search("性价比") for pattern in words.measures["sharpe"])
    assert len(words.at_most) == len(shipped_words().at_most) + 1


@pytest.mark.parametrize(
    "text", ["at_most: ['(']", "nothing: ['a']", "at_most: 3", "- a", "intents: {fly: {3: ['a']}}"]
)
def test_a_faulty_file_of_words_is_named(tmp_path, text):
    own = tmp_path / "words.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"words\.yaml"):
        Words.load(own=own)
