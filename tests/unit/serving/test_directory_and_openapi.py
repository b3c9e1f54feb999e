import re

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from appliance.core.errors import InvalidRequest, NotFound
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


def test_unknown_scenarios_and_actions(directory):
    assert directory.scenario("knowledge-qa", "ask").version == "1"
    with pytest.raises(NotFound, match="ask"):
        directory.scenario("knowledge-qa", "tell")
    with pytest.raises(NotFound, match="knowledge-qa"):
        directory.scenario("none", "ask")


def test_an_empty_directory_answers_too():
    with pytest.raises(NotFound, match="–"):
        Directory().model("x", "chat")
    with pytest.raises(NotFound, match="–"):
        Directory().scenario("x", "y")


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
