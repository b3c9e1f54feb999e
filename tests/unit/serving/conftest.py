"""The gateway's real application and key ring; only the deployments behind the handles are stood in for."""

import asyncio

import httpx
import pytest
import ray
from argon2 import PasswordHasher
from websockets.asyncio.client import connect

from appliance.config.home import Home
from appliance.config.sign_in import SignInSettings
from appliance.config.site import GuardrailSettings, QuotaSettings
from appliance.core.principal import ROLES
from appliance.guardrails.chain import Chain
from appliance.identity.callers import Callers
from appliance.scenario.loading import load_pack
from appliance.serving import scenario as scenario_replica
from appliance.serving.gateway.accounts import open_accounts
from appliance.serving.gateway.app import build_app
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.directory import Directory
from appliance.serving.handles import Handles
from appliance.serving.ledger_app import LEDGER_APPLICATION
from appliance.serving.ledger_core import LedgerCore
from appliance.serving.names import EMBEDDER_APPLICATION, KNOWLEDGE_APPLICATION, model_application, scenario_application
from appliance.state.accounts.passwords import Passwords
from appliance.state.accounts.sessions import Sessions
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing
from appliance.state.reviews import Reviews
from tests.unit.serving.calls_pack import DESCRIPTION, PROGRAM, serving
from tests.unit.serving.deployments import EmbedderDeployment, LedgerDeployment, ModelDeployment, PlainDeployment
from tests.unit.serving.relays import ADDRESS
from tests.unit.serving.replicas import ReplicaDeployment

PEPPER = bytes(range(32))
DIRECTORY = {
    "models": [
        {
            "alias": "general", "kind": "chat", "package": "base", "context_length": 8192, "languages": ["en"],
            "created": 1,
        },
        {
            "alias": "embedder", "kind": "embedding", "package": "e5", "context_length": 512,
            "languages": ["zh", "en"], "created": 1,
        },
    ],
    "scenarios": [
        {
            "name": "knowledge-qa", "version": "1", "title": {"en": "Q&A"}, "description": {"en": "Asks."},
            "actions": {
                "ask": {
                    "summary": "Ask", "path": "ask", "streams": True,
                    "request": {
                        "type": "object", "properties": {"part": {"$ref": "#/components/schemas/Part"}},
                        "$defs": {"Part": {"type": "string"}},
                    },
                    "response": {"type": "object"},
                },
                "begin": {
                    "summary": "Begin", "path": "", "status": 202, "request": {"type": "object"},
                    "response": {"type": "object"},
                },
                "conversations": {
                    "summary": "List", "method": "GET", "path": "conversations", "request": None,
                    "response": {"type": "object"},
                },
                "start": {
                    "summary": "Start", "path": "conversations", "status": 201, "permission": "knowledge.review",
                    "request": {"type": "object"}, "response": {"type": "object"},
                },
                "conversation": {
                    "summary": "Show", "method": "GET", "path": "conversations/{conversation_id}", "request": None,
                    "parameters": [
                        {"name": "conversation_id", "in": "path", "required": True, "schema": {"type": "string"}}
                    ],
                    "response": {"type": "object"},
                },
                "newest": {
                    "summary": "Newest", "method": "GET", "path": "conversations/newest", "request": None,
                    "response": {"type": "object"},
                },
            },
        }
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a unit test must not start or join a Ray cluster")

    monkeypatch.setattr(ray, "init", refuse)


@pytest.fixture
def model():
    """Give the stand-in of the chat model `general`; a test writes its script."""
    return ModelDeployment()


@pytest.fixture
def knowledge():
    return PlainDeployment()


@pytest.fixture
def scenario():
    return PlainDeployment()


@pytest.fixture
def embedder():
    return EmbedderDeployment()


@pytest.fixture
def ring(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "appliance.db"))
    database.migrate()
    yield KeyRing(database, PEPPER)
    database.close()


@pytest.fixture(scope="session")
def chain():
    """Give the shipped guardrails: lexicon and written rules, without classifiers."""
    return Chain(GuardrailSettings(), None)


@pytest.fixture
def ledger(ring, tmp_path):
    """Give the ledger's core on the database of the keys."""
    log = AuditLog(ring._database, AuditKeys(tmp_path / "audit", tmp_path / "audit.pem", "international"))
    core = LedgerCore(ring._database, log, QuotaSettings(), 600.0)
    core.begin()
    return core


@pytest.fixture
def accounts(ring, tmp_path):
    """Give accounts beside the key ring, with the site file's defaults and passwords that are quick to check."""
    found = open_accounts(ring._database, PEPPER, SignInSettings(), tmp_path)
    found.users.passwords = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return found


@pytest.fixture
def context(ring, accounts, model, knowledge, scenario, embedder, ledger, chain, tmp_path):
    """Give a gateway replica's context with the real `Handles`, filled with the stand-ins."""
    handles = Handles()
    handles._models[model_application("general")] = model
    handles._others |= {
        EMBEDDER_APPLICATION: embedder,
        KNOWLEDGE_APPLICATION: knowledge,
        LEDGER_APPLICATION: LedgerDeployment(ledger),
        scenario_application("knowledge-qa"): scenario,
    }
    return GatewayContext(
        callers=Callers(ring, Sessions(ring._database, PEPPER)),
        accounts=accounts,
        chain=chain,
        pepper=PEPPER,
        models=handles,
        version="0.1.0",
        default_language="en",
        disk_folder=str(tmp_path),
        directory=Directory.model_validate(DIRECTORY),
        reviews=Reviews(ring._database, tmp_path / "secrets" / "reviews", "international"),
    )


@pytest.fixture
def app(context):
    return build_app(context)


@pytest.fixture
def keys(ring):
    """Give one key of each role."""
    return {role: ring.create(f"{role} key", role=role)[1] for role in ROLES}


@pytest.fixture
def client_of(app, keys):
    """Give a function that returns an HTTP client with the key of a role, or with none."""

    def make(role=None, **headers):
        if role:
            headers["Authorization"] = f"Bearer {keys[role]}"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)

    return make


@pytest.fixture
async def http(client_of):
    async with client_of("caller", **{"X-Request-ID": "test-1"}) as client:
        yield client


@pytest.fixture
async def admin(client_of):
    async with client_of("admin") as client:
        yield client


@pytest.fixture
def settle():
    """Give a function that lets tasks which are ready run until `condition` holds."""

    async def wait(condition):
        for turn in range(1500):
            if condition():
                return
            await asyncio.sleep(0 if turn < 1000 else 0.01)  # the ledger writes in a thread
        raise AssertionError("it never came to that")

    return wait


@pytest.fixture
async def calls(tmp_path, context, monkeypatch, chain):
    """Give the handle of the pack's replica, which the gateway's directory has by now."""
    folder = tmp_path / "scenarios" / "calls"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "app.py").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.setattr(scenario_replica, "Handles", lambda wake_timeouts: context.models)
    monkeypatch.setattr(
        scenario_replica, "load_chain", lambda settings: (chain, False)
    )  # as many seconds as tests otherwise
    folders = Home(tmp_path)
    folders.database.parent.mkdir(parents=True, exist_ok=True)
    context.directory = Directory.model_validate({"scenarios": [load_pack(folder).describe()]})
    handle = ReplicaDeployment(
        scenario_replica.Scenario(
            str(tmp_path), "calls", {}, f"sqlite:///{tmp_path / 'appliance.db'}", GuardrailSettings()
        )
    )
    context.models._others[scenario_application("calls")] = handle
    return handle


@pytest.fixture
async def port(context, calls):
    async with serving(context) as port:
        yield port


@pytest.fixture
def follow(port, keys):
    """Give a function that opens a socket with the key of a role."""

    def make(path="calls/c1/stream", role="caller", **options):
        headers = {"Authorization": f"Bearer {keys[role]}"} if role else {}
        headers |= options.pop("headers", {})
        return connect(
            f"ws://{ADDRESS}:{port}/v1/scenarios/calls/{path}", additional_headers=headers, proxy=None, **options
        )

    return make
