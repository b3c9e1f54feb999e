"""Which alias a model package gets."""

import pytest

from appliance.operations.setup.aliases import alias_fault, aliases_for
from tests.tui.setup_double import manifest


def models(*names, **aliases):
    return [manifest(name, alias=aliases.get(name.replace("-", "_"))) for name in names]


@pytest.mark.parametrize(
    ("names", "said", "given", "wanted"),
    [
        ((), {}, {}, {}),
        (("qinglan-7b",), {}, {}, {"general": "qinglan-7b"}),
        (("qinglan-finance-7b",), {}, {}, {"finance": "qinglan-finance-7b"}),
        (("refinance",), {}, {}, {"general": "refinance"}),
        (("a", "b", "c"), {}, {}, {"general": "a", "b": "b", "c": "c"}),
        (("a", "b"), {"b": "general"}, {}, {"a": "a", "general": "b"}),
        (("a", "b"), {"a": "coder", "b": "coder"}, {}, {"coder": "a", "general": "b"}),
        (("finance", "my.finance"), {}, {}, {"finance": "finance", "general": "my.finance"}),
        (("a", "b"), {"a": "general"}, {"b": "general"}, {"a": "a", "general": "b"}),
        (("a",), {"a": "embedder"}, {}, {"general": "a"}),
        (("x", "embedder"), {}, {}, {"general": "x", "embedder-2": "embedder"}),
        (("a", "b"), {}, {"a": "b"}, {"b": "a", "general": "b"}),
        (("a", "b", "c"), {}, {"a": "c"}, {"c": "a", "general": "b", "c-2": "c"}),
        (("a", "a"), {}, {}, {"general": "a"}),
        (("a",), {}, {"gone": "general"}, {"general": "a"}),
    ],
)
def test_each_model_gets_one_and_none_twice(names, said, given, wanted):
    found = aliases_for(models(*names, **said), given)
    assert found == wanted


@pytest.mark.parametrize(
    ("alias", "said"),
    [
        ("", "1 to 63"),
        ("Finance", "1 to 63"),
        ("a b", "1 to 63"),
        ("金融", "1 to 63"),
        ("x@y", "1 to 63"),
        ("-x", "1 to 63"),
        ("a" * 64, "1 to 63"),
        ("embedder", "embedding model"),
        ("general", "that of qinglan"),
    ],
)
def test_an_alias_that_cannot_be_is_said_why(alias, said):
    assert said in alias_fault(alias, "mine", {"general": "qinglan", "mine": "mine"}).render("en")


def test_an_alias_may_stay_and_a_free_one_may_be_taken():
    taken = {"general": "qinglan", "mine": "mine"}
    assert [alias_fault(alias, "mine", taken) for alias in ("mine", "finance", "7b.v2_x")] == [None] * 3
