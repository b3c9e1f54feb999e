from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.core.errors import ConfigError, InvalidRequest
from appliance.core.principal import Principal
from appliance.packages.places import open_store
from appliance.packages.signed.building import Wish, build_package
from appliance.packages.signed.minisign import SecretKey
from appliance.packages.signed.trust import Trust
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import Caller, ScenarioContext, invoke
from appliance.scenario.places import find_pack
from scenarios.knowledge_qa import build_documents

SHIPPED = Path(__file__).resolve().parents[3] / "scenarios"
CALLER = Caller(Principal("risk", "caller", "lma-risk"), "en")

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
    (action,) = pack.actions(ScenarioContext(None, (), None, None, None))
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


def test_an_installed_package_goes_before_a_pack_of_the_site(folder, tmp_path):
    home = Home(tmp_path)
    key = SecretKey.generate()
    Trust(home.trusted_keys).add(key.public.to_text())
    wish = Wish("scenario", "greeting", "2.0.0", 1, "Apache-2.0", "written for the tests")
    source = tmp_path / "source"
    source.mkdir()
    (source / "scenario.yaml").write_text(DESCRIPTION.replace("1.0.0", "2.0.0"), encoding="utf-8")
    (source / "app.py").write_text(PROGRAM, encoding="utf-8")
    list(build_package(wish, source, key, tmp_path / "greeting.lmab"))
    list(open_store(home).install(tmp_path / "greeting.lmab", lambda manifest, files: None))
    assert find_pack(home, "greeting").version == "2.0.0"
    open_store(home).remove("scenario", "greeting")
    assert find_pack(home, "greeting").version == "1.0.0"


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


async def test_a_program_may_have_modules_beside_it(folder):
    (folder / "app.py").write_text(f"from .words import HELLO\n{PROGRAM.replace('Hello', '{HELLO}')}", encoding="utf-8")
    (folder / "words.py").write_text("HELLO = 'Good day'\n", encoding="utf-8")
    assert await invoke(greet_of(load_pack(folder)), {"name": "Li"}, CALLER) == {"text": "Good day Li of risk"}


def test_a_pack_whose_actions_have_one_address(folder):
    program = PROGRAM.replace("greet)]", "greet)] * 2")
    (folder / "app.py").write_text(program, encoding="utf-8")
    with pytest.raises(ConfigError, match="greet"):
        load_pack(folder).describe()


def test_an_unknown_pack_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="knowledge-qa"):
        find_pack(Home(tmp_path), "knowlege-qa")


def test_the_committed_documents_are_what_the_script_makes(tmp_path):
    made = build_documents.build(tmp_path)
    committed = SHIPPED / "knowledge_qa" / "documents"
    assert {path.name for path in made} == {path.name for path in committed.iterdir()}
    for path in made:
        assert path.read_bytes() == (committed / path.name).read_bytes(), path.name


def test_the_manifest_names_every_source_and_earlier_versions_of_documents_that_exist():
    entries = build_documents.entries()
    files = {entry["file"]: entry for entry in entries}
    assert len(files) == len(entries)
    used = {"year-end-timetable.csv", *(entry["source"] for entry in entries)}  # the first is an attachment
    assert used == {path.name for path in build_documents.SOURCES.iterdir()}
    for entry in entries:
        if "version_of" in entry:
            assert entry["effective_on"] < files[entry["version_of"]]["effective_on"]
