import pytest

from appliance.core.validation import Fault
from appliance.serving.gateway.json_schema import check_schema, check_together, depth_and_size


def nested(depth, kind="object"):
    value = {"type": "string"}
    for _level in range(depth):
        value = {"properties": {"a": value}} if kind == "object" else {"items": value}
    return value


def lists(depth):
    value = []
    for _level in range(depth - 1):
        value = [value]
    return value


def test_depth_and_size_count_containers():
    assert depth_and_size(5, 10) == (0, 0)
    assert depth_and_size({"a": [1, 2], "b": {}}, 10) == (2, 3)
    assert depth_and_size(lists(10), 10) == (10, 10)


def test_a_very_deep_structure_is_counted_only_up_to_the_limit():
    deep = lists(100_000)
    assert depth_and_size(deep, 64)[0] == 65
    assert depth_and_size(deep, 200_000) == (100_000, 100_000)


@pytest.mark.parametrize("kind", ["object", "array"])
def test_a_schema_nested_100_000_deep_is_refused_without_recursion(kind):
    with pytest.raises(Fault, match="32 levels"):
        check_schema(nested(100_000, kind))


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (nested(16), "nested"),
        ({"properties": {f"p{number}": {} for number in range(1000)}}, "1000 parts"),
        ({"type": "array", "maxItems": 10_001}, "maxItems"),
        ({"type": "array", "maxItems": 1e9}, "maxItems"),
        ({"properties": {"a": {"anyOf": [{"type": "string", "minLength": 10**12}]}}}, "minLength"),
        ({"pattern": "a" * 513}, "pattern"),
        ({"patternProperties": {"a" * 513: {}}}, "pattern"),
        ({"pattern": "a{1,10000}"}, "256 times"),
        ({"pattern": "a{257}"}, "256 times"),
        ({"pattern": "a{257,}"}, "256 times"),
        ({"pattern": "(a{1,200}){1,200}"}, "256 times"),
        ({"patternProperties": {"(x{,999})": {}}}, "256 times"),
        ({"$ref": "http://127.0.0.1/x"}, "ref"),
        ({"$defs": {"a": {"$ref": "file:///etc/passwd"}}}, "ref"),
        ({"type": "nothing"}, "valid JSON schema"),
        ({"required": "a"}, "valid JSON schema"),
        ({"maxItems": -1}, "valid JSON schema"),
    ],
)
def test_a_schema_over_a_limit_says_which(schema, words):
    with pytest.raises(Fault, match=words):
        check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        nested(15),
        {"type": "array", "items": {"type": "string", "maxLength": 10_000}, "maxItems": 10_000},
        {"pattern": r"^\d{4}-\d{2}-\d{2}$"},
        {"pattern": "[{}]"},
        {"$defs": {"a": {"$ref": "#"}}, "$ref": "#/$defs/a"},
        {"properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}, "maxItems": {"type": "integer"}}},
    ],
)
def test_an_ordinary_schema_passes_unchanged(schema):
    assert check_schema(schema) is schema


def test_many_tools_together_are_limited_before_any_is_checked():
    few = [{"function": {"parameters": {"properties": {"a": {}}}}}] * 64
    assert check_together(few) is few
    with pytest.raises(Fault, match="together"):
        check_together([{"function": {"parameters": {"properties": {f"p{n}": {} for n in range(500)}}}}] * 5)
    assert check_together("no list") == "no list"  # the type is the schema's business
