import re

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from appliance.core.errors import InvalidRequest, MethodNotAllowed, NotFound
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.openapi import build_openapi
from tests.unit.serving.conftest import DIRECTORY


@pytest.fixture
def directory():
    return Directory.model_validate(DIRECTORY)


def test_a_model_is_found_by_alias_and_kind(directory):
    assert directory.model("general", "chat").package == "base"
    assert directory.model("embedder", "embedding").context_length == 512


def test_an_unknown_model_is_told_with_all_there_are(directory):
    with pytest.raises(NotFound) as caught:
        directory.model("gpt-4", "chat")
    assert caught.value.details == {"models": ["general", "embedder"]}
    assert "general, embedder" in caught.value.render("en")


def test_a_model_of_the_wrong_kind_is_told_with_those_that_fit(directory):
    with pytest.raises(InvalidRequest) as caught:
        directory.model("general", "embedding")
    assert caught.value.code == "model_not_suited"
    assert caught.value.details == {"models": ["embedder"]}


@pytest.mark.parametrize(
    ("method", "path", "name", "parameters"),
    [
        ("POST", "ask", "ask", {}),
        ("GET", "conversations", "conversations", {}),
        ("POST", "", "begin", {}),
        ("POST", "conversations", "start", {}),
        ("GET", "conversations/c1", "conversation", {"conversation_id": "c1"}),
        ("GET", "conversations/..", "conversation", {"conversation_id": ".."}),
        ("GET", "conversations/newest", "newest", {}),
    ],
)
def test_an_action_is_found_by_method_and_path(directory, method, path, name, parameters):
    found = directory.action("knowledge-qa", method, path)
    assert (found.scenario.version, found.name, found.parameters) == ("1", name, parameters)


@pytest.mark.parametrize("path", ["tell", "/", "ask/", "ask/more", "/ask", "conversations/c1/turns", "conversations/"])
def test_an_unknown_path_lists_the_actions(directory, path):
    with pytest.raises(NotFound) as caught:
        directory.action("knowledge-qa", "POST", path)
    assert "GET conversations/{conversation_id}" in caught.value.details["actions"]
    assert "POST /" in caught.value.details["actions"]


def test_an_unknown_scenario_lists_the_known_ones(directory):
    with pytest.raises(NotFound, match="knowledge-qa"):
        directory.action("none", "POST", "ask")


def test_a_wrong_method_is_told_with_the_right_ones(directory):
    with pytest.raises(MethodNotAllowed) as caught:
        directory.action("knowledge-qa", "DELETE", "conversations")
    assert caught.value.allowed == ("GET", "POST")


def test_an_empty_directory_answers_too():
    with pytest.raises(NotFound, match="–"):
        Directory().model("x", "chat")
    with pytest.raises(NotFound, match="–"):
        Directory().action("x", "POST", "y")


def test_a_directory_of_another_shape_is_refused():
    with pytest.raises(ValidationError):
        Directory.model_validate({**DIRECTORY, "more": 1})


def test_every_reference_in_the_document_resolves(app, directory):
    document = build_openapi(app, directory)
    references = set(re.findall(r"'\$ref': '([^']+)'", str(document)))
    assert references
    for reference in references:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    assert "'$defs'" not in str(document)


def test_the_document_has_the_limits_that_hold(app, directory):
    schemas = build_openapi(app, directory)["components"]["schemas"]
    for name in (
        "ChatCompletionRequest",
        "CompletionRequest",
        "EmbeddingRequest",
        "SearchRequest",
        "KnowledgeBaseRequest",
    ):
        assert schemas[name]["additionalProperties"] is False
        Draft202012Validator.check_schema(schemas[name])
    assert schemas["ChatCompletionRequest"]["properties"]["n"]["maximum"] == 8


def test_a_scenario_appears_with_its_schemas(app, directory):
    document = build_openapi(app, directory)
    operation = document["paths"]["/v1/scenarios/knowledge-qa/ask"]["post"]
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert reference.endswith("/knowledge-qa.ask.request")
    assert document["components"]["schemas"]["Part"] == {"type": "string"}
    assert "{scenario}" not in " ".join(document["paths"])


def test_each_action_has_its_own_operation(app, directory):
    paths = build_openapi(app, directory)["paths"]
    both = paths["/v1/scenarios/knowledge-qa/conversations"]
    assert set(both) == {"get", "post"}
    assert "requestBody" not in both["get"]
    assert set(both["post"]["responses"]) == {"201", "default"}
    assert "knowledge.review" in both["post"]["description"]
    one = paths["/v1/scenarios/knowledge-qa/conversations/{conversation_id}"]["get"]
    assert [parameter["name"] for parameter in one["parameters"]] == ["conversation_id"]
    asked = paths["/v1/scenarios/knowledge-qa/ask"]["post"]["responses"]["200"]["content"]
    assert set(asked) == {"application/json", "text/event-stream"}


def test_the_own_address_of_a_scenario_takes_only_what_it_has(directory):
    with pytest.raises(MethodNotAllowed, match="/v1/scenarios/knowledge-qa does not take DELETE") as caught:
        directory.action("knowledge-qa", "DELETE", "")
    assert caught.value.allowed == ("POST",)


def test_the_document_has_the_own_address_of_a_scenario_without_a_slash(app, directory):
    paths = build_openapi(app, directory)["paths"]
    assert set(paths["/v1/scenarios/knowledge-qa"]) == {"post"}
    assert "/v1/scenarios/knowledge-qa/" not in paths
