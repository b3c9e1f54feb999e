import importlib.util
from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.protocols import ChatResult
from appliance.knowledge.models import Answer, Citation
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import Caller, ScenarioContext, invoke
from appliance.scenario.places import find_pack

SHIPPED = Path(__file__).resolve().parents[3] / "scenarios"
CALLER = Caller("risk", "en")

DESCRIPTION = """
name: greeting
version: 1.0.0
title: {en: Greeting, zh_CN: 问候}
description: {en: Says hello., zh_CN: 打招呼。}
smoke: [{action: greet, payload: {name: Li}}]
"""

PROGRAM = """
from pydantic import BaseModel, Field
from appliance.scenario.pack import Action

class Inner(BaseModel):
    count: int = Field(default=1, ge=1, le=3)

class Greet(BaseModel):
    model_config = {"extra": "forbid"}
    name: str = Field(min_length=1)
    inner: Inner = Inner()

class Greeting(BaseModel):
    text: str

def create(context):
    async def greet(request, caller):
        return Greeting(text=f"Hello {request.name} of {caller.tenant}" * request.inner.count)
    return [Action("greet", "Greet someone.", Greet, Greeting, greet)]
"""


@pytest.fixture
def folder(tmp_path):
    pack = tmp_path / "scenarios" / "greeting"
    pack.mkdir(parents=True)
    (pack / "scenario.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (pack / "app.py").write_text(PROGRAM, encoding="utf-8")
    return pack


def greet_of(pack):
    (action,) = pack.actions(ScenarioContext(None, (), None))
    return action


async def test_a_pack_of_a_site_is_found_described_and_run(folder, tmp_path):
    pack = find_pack(Home(tmp_path), "greeting")
    assert pack.smoke == (("greet", {"name": "Li"}),)
    described = pack.describe()
    assert described["title"] == {"en": "Greeting", "zh_CN": "问候"}
    assert described["actions"]["greet"]["request"]["required"] == ["name"]
    reference = described["actions"]["greet"]["request"]["properties"]["inner"]["$ref"]
    assert reference == "#/components/schemas/Inner"
    assert await invoke(greet_of(pack), {"name": "Li"}, CALLER) == {"text": "Hello Li of risk"}


@pytest.mark.parametrize(
    ("payload", "param"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "Li", "inner": {"count": 9}}, "inner.count"),
        ({"name": "Li", "nmae": "Li"}, "nmae"),
        (["Li"], None),
        (None, None),
    ],
)
async def test_a_wrong_payload_names_the_field(folder, payload, param):
    with pytest.raises(InvalidRequest) as caught:
        await invoke(greet_of(load_pack(folder)), payload, CALLER)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour: red", "colour"),
        ("version: one", "version"),
        ("knowledge_bases: [{name: rules, title: Rules, documents: ../../etc}]", "no folder of the pack"),
        ("smoke: []", "smoke"),
        ("title: [", "cannot be used"),
    ],
)
def test_a_wrong_description_names_file_and_fault(folder, line, said):
    key = line.partition(":")[0]
    kept = [old for old in DESCRIPTION.splitlines() if not old.startswith(f"{key}:")]
    (folder / "scenario.yaml").write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_pack(folder)
    assert said in str(caught.value)
    assert "scenario.yaml" in str(caught.value)


@pytest.mark.parametrize("program", ["import nowhere_at_all", "def create(context", "x = 1", None])
def test_a_program_that_cannot_run_is_a_fault_of_the_pack(folder, program):
    (folder / "app.py").unlink()
    if program is not None:
        (folder / "app.py").write_text(program, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"app\.py"):
        load_pack(folder)


def test_an_unknown_pack_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="knowledge-qa"):
        find_pack(Home(tmp_path), "knowlege-qa")


class Knowledge:
    """Gives one answer."""

    def __init__(self, answer):
        self._answer = answer

    async def answer(self, base, question, max_citations=3):
        return self._answer.model_dump()


class Chat:
    async def chat(self, messages, *, max_tokens, temperature=0.0):
        return ChatResult("The card costs 15 yuan.", 1, 1, "stop")


def answer(answered, language="en"):
    quote = "Replacement of a lost card costs 15 yuan."
    citation = Citation(
        document_id="doc_1", document="a.md", section="Fees", quote=quote, start=0, end=len(quote), score=0.9
    )
    return Answer(
        question="q", answered=answered, text=quote, confidence=0.9, language=language,
        citations=(citation,) if answered else (),
    )  # fmt: skip


async def ask(found, payload, languages=("en",)):
    pack = load_pack(SHIPPED / "knowledge_qa")
    (action,) = pack.actions(ScenarioContext(Chat(), languages, Knowledge(found)))
    return await invoke(action, payload, CALLER)


async def test_text_of_the_model_is_labelled_and_quotations_are_not():
    reply = await ask(answer(True), {"question": "What does a lost card cost?"})
    assert reply["model_text"] == "The card costs 15 yuan."
    assert "AI" in reply["label"]
    assert "generated" in reply["label"]
    quoted = await ask(answer(True), {"question": "What does a lost card cost?"}, languages=())
    assert quoted["model_text"] is None
    assert quoted["label"] is None
    assert quoted["answer"] == reply["answer"]


async def test_a_refusal_never_reaches_the_model():
    reply = await ask(answer(False), {"question": "What does a lost card cost?"})
    assert (reply["answered"], reply["citations"], reply["model_text"]) == (False, [], None)
    assert reply["answer"] == "The documents do not answer this question."


@pytest.mark.parametrize(
    ("payload", "param"),
    [
        ({"question": "x" * 2001}, "question"),
        ({"question": "x", "max_citations": 11}, "max_citations"),
        ({"question": "x", "language": "fr"}, "language"),
    ],
)
async def test_what_may_be_asked_is_checked(payload, param):
    with pytest.raises(InvalidRequest) as caught:
        await ask(answer(True), payload)
    assert caught.value.param == param


def test_the_committed_documents_are_what_the_script_makes(tmp_path):
    specification = importlib.util.spec_from_file_location(
        "build_documents", SHIPPED / "knowledge_qa" / "build_documents.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    made = module.build(tmp_path)
    assert len(made) >= 14
    for path in made:
        assert path.read_bytes() == (SHIPPED / "knowledge_qa" / "documents" / path.name).read_bytes(), path.name
