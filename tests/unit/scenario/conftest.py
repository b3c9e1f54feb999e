"""The knowledge Q&A pack over a real store, the real service and a real database; only the model is stood in for."""

from pathlib import Path

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import ContentFiltered
from appliance.core.messages import _
from appliance.core.protocols import ChatResult
from appliance.guardrails.chain import Chain
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.models import Details
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import Caller, ScenarioContext, invoke, stream
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge, RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, index_all, prepare_here
from tests.unit.scenario.near import Near, Service

PACK = Path(__file__).resolve().parents[3] / "scenarios" / "knowledge_qa"
LOCKERS = b"# Lockers\n\nA small locker costs 300 yuan a year. A large locker costs 520 yuan a year.\n"
CARDS = "# 银行卡\n\n金卡补办收费15元。白金卡补办收费40元。\n".encode()
BONUS = b"# Bonus\n\nThe yearly bonus of a branch manager is 80,000 yuan.\n"


class Chat:
    """Writes what it was told to, whole or in pieces of some characters."""

    def __init__(self):
        self.text = ""
        self.filtered = False
        self.asked = []

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        self.asked.append(messages)
        return ChatResult(self.text, 1, 1, "content_filter" if self.filtered else "stop")

    async def stream(self, messages, *, max_tokens, temperature=0.0):
        self.asked.append(messages)
        for start in range(0, len(self.text), 7):
            yield self.text[start : start + 7]
        if self.filtered:
            raise ContentFiltered(_("The guardrails have ended the answer of the model {target}.", target="general"))


class Desk:
    """The pack as one caller after another uses it: `await desk.post("ask", question=…)`."""

    def __init__(self, context, runs):
        self._actions = load_pack(PACK).actions(context)
        self._runs = runs

    def action(self, name):
        (action,) = [action for action in self._actions if action.name == name]
        return action

    async def call(self, name, payload=None, who=A_CALLER, language="en", **parameters):
        action = self.action(name)
        self._runs.begin(who.tenant)
        return await invoke(action, payload, Caller(who, language), parameters)

    async def ask(self, question, who=A_CALLER, **fields):
        return await self.call("ask", {"question": question, "knowledge_base": "rules", **fields}, who)

    async def turn(self, conversation, question, who=A_CALLER, **fields):
        payload = {"question": question, "conversation_id": conversation["id"], **fields}
        return await self.call("ask", payload, who)

    async def begin(self, who=A_CALLER, **fields):
        return await self.call("begin-conversation", {"knowledge_base": "rules", **fields}, who)

    def events(self, payload, who=A_CALLER):
        self._runs.begin(who.tenant)
        return stream(self.action("ask"), payload, Caller(who, "en"))


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """A store whose base `rules` belongs to the tenant `a`; a test that deletes a document adds its own."""
    folder = tmp_path_factory.mktemp("store")
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    opened = KnowledgeStore(
        database, folder / "documents", folder / "indexes", LocalEmbedder(threads=1), prepare=prepare_here
    )
    opened.ensure_base(A_ADMIN, "rules", "Rules")
    opened.add_document(A_ADMIN, "rules", "lockers.md", LOCKERS)
    opened.add_document(A_ADMIN, "rules", "cards.md", CARDS)
    index_all(opened)
    yield opened
    database.close()


@pytest.fixture
def bonus(store):
    """A document that the tenant's callers may read; gone when the test ends."""
    document = store.add_document(A_ADMIN, "rules", "bonus.md", BONUS, Details(access=["role:caller"]))
    index_all(store)
    yield document
    if document.id in {one.id for one in store.documents(A_ADMIN, "rules")}:
        store.delete_document(A_ADMIN, "rules", document.id)


@pytest.fixture
def records(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "records.db"))
    database.migrate()
    yield StoredRecords(RecordRows(database, "knowledge-qa"))
    database.close()


@pytest.fixture(scope="session")
def runs():
    """Runs of actions under the shipped guardrails."""
    return ActionRuns(Chain(GuardrailSettings(), None))


@pytest.fixture
def chat():
    return Chat()


@pytest.fixture
def languages():
    """Languages that the model speaks: none, so that only code answers."""
    return ()


@pytest.fixture
def parameters():
    """Size of the model."""
    return 7_000_000_000


@pytest.fixture
async def desk(store, records, chat, languages, parameters, runs):
    knowledge = HandleKnowledge(Near(Service(store)), runs)
    return Desk(ScenarioContext(chat, languages, knowledge, records, RunFacts(runs), chat_parameters=parameters), runs)
