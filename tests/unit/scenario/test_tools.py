"""Schemas of tools: what a request becomes so that every client and model understands it."""

from typing import Annotated, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from appliance.core.errors import ConfigError
from appliance.scenario.actions import Action, check_actions
from appliance.scenario.downloads import Download
from appliance.scenario.tools import TOOL_KEY, arguments_of, is_strict


class Cash(BaseModel):
    kind: Literal["cash"]
    amount: float = Field(gt=0, description="Yuan.")


class Fund(BaseModel):
    """A fund, as the model reads it."""

    kind: Literal["fund"]
    title: str


class Ask(BaseModel):
    """Not for the model."""

    positions: list[Annotated[Cash | Fund, Field(discriminator="kind")]] = Field(description="What is held.")
    by_day: dict[str, Fund] = Field(default_factory=dict)
    title: str | None = Field(default=None, examples=["x"])
    stream: bool = False


class Plain(BaseModel):
    title: str
    note: str | None


class Tree(BaseModel):
    children: list["Tree"] = []


async def run(request, caller):
    raise NotImplementedError


def tool(name="find", request=Plain, response=Plain, text="Find something.", **more):
    return Action(name, "Find.", request, response, run, tool=text, **more)


def test_a_schema_refers_to_nothing_outside_and_keeps_what_a_model_reads():
    schema = arguments_of(Ask)
    Draft202012Validator.check_schema(schema)
    assert "$ref" not in str(schema)
    assert "$defs" not in schema
    assert set(schema["properties"]) == {"positions", "by_day", "title"}
    assert (schema["required"], schema["additionalProperties"]) == (["positions"], False)
    assert "description" not in schema
    positions = schema["properties"]["positions"]
    assert positions["description"] == "What is held."
    cash, fund = positions["items"]["anyOf"]
    assert cash["properties"]["amount"] == {"type": "number", "exclusiveMinimum": 0, "description": "Yuan."}
    assert fund["description"] == "A fund, as the model reads it."
    assert set(fund["properties"]) == {"kind", "title"}  # a field may be called as a keyword is
    assert schema["properties"]["title"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


@pytest.mark.parametrize(
    "arguments",
    [
        {"positions": []},
        {"positions": [{"kind": "cash", "amount": 1.5}, {"kind": "fund", "title": "A"}], "title": None},
        {"positions": [], "by_day": {"2026-01-05": {"kind": "fund", "title": "A"}}},
    ],
)
def test_what_the_schema_allows_the_request_takes(arguments):
    Draft202012Validator(arguments_of(Ask)).validate(arguments)
    Ask.model_validate(arguments, strict=True)


@pytest.mark.parametrize(("request_model", "strict"), [(Plain, True), (Ask, False), (Cash, True), (Tree, False)])
def test_strict_is_what_has_every_field_and_known_keywords(request_model, strict):
    assert is_strict(arguments_of(request_model)) == strict


def test_a_length_is_no_keyword_of_strict_schemas():
    class Short(BaseModel):
        text: str = Field(max_length=5)

    assert not is_strict(arguments_of(Short))


def test_only_an_action_that_says_so_is_a_tool():
    assert tool().describe()["response"][TOOL_KEY] == {
        "description": "Find something.", "parameters": arguments_of(Plain),
    }  # fmt: skip
    assert TOOL_KEY not in tool(text=None).describe()["response"]


@pytest.mark.parametrize(
    "action",
    [
        tool(text=""),
        tool(text="x" * 1025),
        tool(name="查找", path="find"),
        tool(name="x" * 60),
        tool(request=Tree),
        tool(response=Download),
    ],
)
def test_what_no_client_would_take_is_a_fault_of_the_pack(action):
    check_actions("pack", [tool()])
    with pytest.raises(ConfigError, match="cannot be a tool"):
        check_actions("pack", [action])
