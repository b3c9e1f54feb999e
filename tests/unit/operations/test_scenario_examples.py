"""Example calls: what a pack tries itself, what a schema requires, and the curl line."""

import shlex

import pytest

from appliance.config.home import Home
from appliance.operations.scenario_examples import Example, curl, payload_of, tried_requests

PACK = """
name: front-desk
smoke:
  - action: direct
    payload: {question: "开户去哪个窗口？"}
  - action: queue
"""


def test_what_a_pack_tries_is_read_from_its_description_alone(tmp_path):
    folder = tmp_path / "scenarios" / "front_desk"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(PACK, encoding="utf-8")
    assert tried_requests(Home(tmp_path), "front-desk") == (
        Example("direct", {"question": "开户去哪个窗口？"}),
        Example("queue", {}),
    )


@pytest.mark.parametrize("text", [None, "smoke: 3", "{", "- a", "\ufeff: ["])
def test_a_description_that_cannot_be_read_has_no_examples(tmp_path, text):
    folder = tmp_path / "scenarios" / "broken"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    assert tried_requests(Home(tmp_path), "broken") == ()


def test_without_a_home_the_shipped_packs_count():
    assert any(one.action == "ask" and one.payload["question"] for one in tried_requests(None, "knowledge-qa"))
    assert tried_requests(None, "no-such-pack") == ()


def test_a_payload_has_what_its_schema_requires():
    schemas = {
        "Turn": {
            "type": "object",
            "required": ["text", "speaker", "start_s"],
            "properties": {
                "text": {"type": "string"},
                "speaker": {"enum": ["customer", "seat"]},
                "start_s": {"type": "number", "minimum": 0},
            },
        }
    }
    schema = {
        "type": "object",
        "required": ["call_id", "turns", "day", "kept", "tags", "level", "limit", "note", "sample"],
        "properties": {
            "call_id": {"type": "string"},
            "turns": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Turn"}},
            "day": {"type": "string", "format": "date"},
            "kept": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "level": {"anyOf": [{"type": "null"}, {"type": "string"}]},
            "limit": {"type": "integer", "default": 50},
            "note": {"type": "string", "examples": ["hello"]},
            "sample": {"const": "company-3"},
            "optional": {"type": "string"},
        },
    }
    assert payload_of(schema, schemas) == {
        "call_id": "CALL_ID", "turns": [{"text": "TEXT", "speaker": "customer", "start_s": 0}], "day": "YYYY-MM-DD",
        "kept": False, "tags": [], "level": "LEVEL", "limit": 50, "note": "hello", "sample": "company-3",
    }  # fmt: skip


def test_a_schema_that_holds_itself_ends():
    node = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    assert payload_of(node, {"Node": node})
    assert payload_of({"type": "string"}, {}) == {}


def test_the_line_is_one_that_a_shell_reads():
    line = curl("http://127.0.0.1:8080", "POST", "/v1/scenarios/knowledge-qa/ask", {"question": "What's 存单?"})
    words = shlex.split(line.replace(" \\\n", " "))
    assert words == [
        "curl", "-s", "-H", "Authorization: Bearer $APPLIANCE_KEY", "-H", "Content-Type: application/json",
        "http://127.0.0.1:8080/v1/scenarios/knowledge-qa/ask", "-d", '{"question": "What\'s 存单?"}',
    ]  # fmt: skip


def test_a_path_with_names_and_another_method():
    line = curl("http://127.0.0.1:8080", "DELETE", "/v1/scenarios/agent-assist/calls/{call_id}", None)
    assert "-X DELETE" in line
    assert "calls/CALL_ID" in line
    assert "-d" not in line.split()
