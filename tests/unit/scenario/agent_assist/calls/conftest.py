"""The calls of the pack over a real database, a real knowledge base and the real embedder; only the clock is set."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
import rjieba

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.scenario.actions import events_of
from appliance.scenario.pack import Action, Caller, ScenarioContext, invoke
from appliance.scenario.sockets import socket_events
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge, RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from scenarios.agent_assist.calls.actions import actions
from scenarios.agent_assist.calls.book import CallBook
from scenarios.agent_assist.calls.books import Shelf
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, index_all, prepare_here
from tests.unit.scenario.near import Service

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "agent_assist"
HANDBOOK = ("借记卡服务手册.md", "disputes-and-refunds.md", "debit-card-help.md")
BEGIN = 1_790_000_000.0


class Near:
    """`Handles` to a service in this process. `held` lets it wait, as one that is busy."""

    def __init__(self, service):
        self._service = service
        self.held = None

    async def knowledge(self, method, *arguments):
        if self.held is not None and method in ("search", "answer"):
            await self.held.wait()
        return await getattr(self._service, method)(*arguments)


class Clock:
    """Seconds of the epoch, as a test sets them."""

    def __init__(self):
        self.now = BEGIN

    def __call__(self):
        return self.now


class Desk:
    """The pack as one caller after another uses it."""

    def __init__(self, context, runs, clock, loaded):
        self.clock = clock
        self.context = context
        self.runs = runs
        self.loaded = loaded
        self.shelf = Shelf(context.own_files, lambda: context.embedder)
        if not any(context.own_files.iterdir()):  # the shipped files alone: read once for all tests
            self.shelf._files, self.shelf._books = loaded._files, loaded._books
        self.book = CallBook(context, self.shelf, clock)
        self._actions = {one.name: one for one in actions(self.book)}

    def again(self):
        """Return the pack after a restart: another replica over the same records."""
        return Desk(self.context, self.runs, self.clock, self.loaded)

    async def call(self, name, payload=None, who=A_CALLER, language="en", **parameters):
        action = self._actions[name]
        assert isinstance(action, Action)
        self.runs.begin(who.tenant)
        if action.method in ("GET", "DELETE") and payload is None:
            return await invoke(action, None, Caller(who, language), parameters)
        return await invoke(action, payload or {}, Caller(who, language), parameters)

    async def begin(self, who=A_CALLER, asked_in="en", **fields):
        return await self.call("begin-call", {"seat": "seat-1", **fields}, who, asked_in)

    async def tell(self, call, *turns, who=A_CALLER):
        answer = await self.call("tell-turns", {"turns": list(turns)}, who, call_id=call["id"])
        return answer["data"]

    async def end(self, call, who=A_CALLER, **fields):
        return await self.call("end-call", fields, who, call_id=call["id"])

    async def show(self, call, who=A_CALLER):
        return await self.call("show-call", None, who, call_id=call["id"])

    async def follow(self, call, after=0, who=A_CALLER):
        """Follow a call; gives the events behind `following`, which comes first."""
        self.runs.begin(who.tenant)
        async with aclosing(self.book.follow(who, call["id"], after)) as events:
            async for name, data in events:
                if name == "following":
                    assert data.after == after
                else:
                    yield name, data

    def socket(self, call, who=A_CALLER, **parameters):
        self.runs.begin(who.tenant)
        return socket_events(self._actions["follow-call"], Caller(who, "en"), {"call_id": call["id"], **parameters})

    def replay(self, who=A_CALLER, language="en", **fields):
        self.runs.begin(who.tenant)
        return events_of(self._actions["replay"], {**fields, "stream": True}, Caller(who, language))


def turn(number, text, speaker="customer", **fields):
    """Return a turn that begins `number` times five seconds after its call."""
    timed = {"start_s": 5.0 * number, "end_s": 5.0 * number + 3.0}
    return {"id": f"t{number}", "speaker": speaker, "text": text, **timed, **fields}


@pytest.fixture(scope="session")
def embedder():
    return LocalEmbedder(threads=1)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory, embedder):
    """The shipped files; the dictionary of words, which the first search of a process loads, is there too."""
    rjieba.cut("挂失")
    shelf = Shelf(tmp_path_factory.mktemp("none"), lambda: embedder)
    asyncio.run(shelf.refresh())
    return shelf


@pytest.fixture(scope="session")
def handbook(tmp_path_factory, embedder):
    """A store whose base `seat-handbook` of the tenant `a` holds a few documents of the pack."""
    folder = tmp_path_factory.mktemp("handbook")
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    opened = KnowledgeStore(database, folder / "documents", folder / "indexes", embedder, prepare=prepare_here)
    opened.ensure_base(A_ADMIN, "seat-handbook", "Handbook")
    for name in HANDBOOK:
        opened.add_document(A_ADMIN, "seat-handbook", name, (PACK / "documents" / name).read_bytes())
    index_all(opened)
    yield opened
    database.close()


@pytest.fixture(scope="session")
def runs():
    return ActionRuns(Chain(GuardrailSettings(), None))


@pytest.fixture
def records(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "records.db"))
    database.migrate()
    yield StoredRecords(RecordRows(database, "agent-assist"))
    database.close()


@pytest.fixture
def own_files(tmp_path):
    """The bank's own folder, empty."""
    folder = tmp_path / "agent-assist"
    folder.mkdir()
    return folder


@pytest.fixture
def near(handbook):
    return Near(Service(handbook))


@pytest.fixture
async def desk(near, records, runs, embedder, own_files, loaded):
    context = ScenarioContext(
        None, (), HandleKnowledge(near, runs), records, RunFacts(runs), embedder=embedder, own_files=own_files
    )
    return Desk(context, runs, Clock(), loaded)
