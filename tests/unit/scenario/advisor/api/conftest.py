"""The pack as callers use it: over a real database, real knowledge bases and the made-up sample bank."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.messages import speaking
from appliance.guardrails.chain import Chain
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.scenario.actions import events_of, perform
from appliance.scenario.pack import Caller, ScenarioContext
from appliance.scenario.said import Said
from appliance.scenario.tasks import LocalTasks
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge, RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from scenarios.advisor import app
from scenarios.advisor.api import desk as desks
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, index_all, prepare_here
from tests.unit.scenario.near import Near, Service

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "advisor"
NOW = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


class Bank:
    """The pack as one caller after another uses it; answers are judged as the appliance judges them."""

    def __init__(self, context, runs):
        self.context = context
        self._runs = runs
        self.actions = {one.name: one for one in app.create(context)}

    async def call(self, name, payload=None, who=A_CALLER, language="en", **parameters):
        action = self.actions[name]
        with speaking(language):
            run = self._runs.begin(who.tenant)
            body = None if action.method in ("GET", "DELETE") else payload or {}
            answer = await perform(action, body, Caller(who, language), parameters)
            if action.downloads:
                return answer.content
            dumped = json.loads(json.dumps(answer.model_dump(mode="json")))
            return await Said(action, run.facts, run.said).answer(dumped)

    async def events(self, name, payload, who=A_CALLER, language="en"):
        action = self.actions[name]
        with speaking(language):
            run = self._runs.begin(who.tenant)
            said = Said(action, run.facts, run.said)
            async for event, data in events_of(action, payload, Caller(who, language)):
                for shown in await said.events(event, data.model_dump(mode="json")):
                    yield shown


@pytest.fixture(scope="session")
def runs():
    """Runs of actions under the shipped guardrails."""
    return ActionRuns(Chain(GuardrailSettings(), None))


@pytest.fixture(scope="session")
def notes_store(tmp_path_factory):
    """A store with the base `market-notes` of the tenant `a`."""
    folder = tmp_path_factory.mktemp("notes")
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    store = KnowledgeStore(
        database, folder / "documents", folder / "indexes", LocalEmbedder(threads=1), prepare=prepare_here
    )
    store.ensure_base(A_ADMIN, "market-notes", "Notes")
    for path in sorted((PACK / "documents").iterdir()):
        store.add_document(A_ADMIN, "market-notes", path.name, path.read_bytes())
    assert set(index_all(store)) == {"done"}
    yield store
    database.close()


@pytest.fixture
def own_files(tmp_path):
    """The bank's own folder, empty."""
    folder = tmp_path / "advisor"
    folder.mkdir()
    return folder


@pytest.fixture
def clock(monkeypatch):
    """Let it be the day after the sample's last one."""
    monkeypatch.setattr(desks, "utc_now", lambda: NOW)


class _Model:
    """A chat model that must not be asked: it is too small."""

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        raise AssertionError("no model is asked")


@pytest.fixture
def context(tmp_path, own_files, notes_store, runs):
    database = Database.open(sqlite_url(tmp_path / "records.db"))
    database.migrate()
    yield ScenarioContext(
        chat=_Model(), chat_languages=(), knowledge=HandleKnowledge(Near(Service(notes_store)), runs),
        records=StoredRecords(RecordRows(database, "advisor")), facts=RunFacts(runs), own_files=own_files,
        tasks=LocalTasks("scenarios.advisor"),
    )  # fmt: skip
    database.close()


@pytest.fixture
def bank(context, runs, sample_folder, own_files, clock):
    """The pack, the sample bank being the tenant's."""
    shutil.copytree(sample_folder, own_files / "data" / "a" / ".sample")
    return Bank(context, runs)


@pytest.fixture
def empty_bank(context, runs, own_files, clock):
    """The pack of a bank without data, which wants no sample."""
    (own_files / "settings.yaml").write_text("sample_bank: false\n", encoding="utf-8")
    return Bank(context, runs)
