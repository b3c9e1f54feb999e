"""The sample handbook in a real store, asked as a scenario asks it."""

from pathlib import Path

import pytest

from appliance.config.site import GuardrailSettings
from appliance.guardrails.chain import Chain
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import HandleKnowledge
from appliance.state.database import Database, sqlite_url
from scenarios.agent_assist.models import Analysis, Emotion, Intent, Slot, Turn
from tests.unit.knowledge.principals import A_ADMIN, index_all, prepare_here
from tests.unit.scenario.near import Service

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "agent_assist"


class Near:
    """`Handles` to a service in this process that counts what it is asked."""

    def __init__(self, service):
        self._service = service
        self.asked = []

    async def knowledge(self, method, *arguments):
        self.asked.append(arguments)
        return await getattr(self._service, method)(*arguments)


class Asked(HandleKnowledge):
    """The knowledge bases within an action under the shipped guardrails; each question begins one."""

    async def answer(self, who, *asked):
        self._runs.begin(who.tenant)
        return await super().answer(who, *asked)


@pytest.fixture(scope="session")
def handbook(tmp_path_factory):
    """A store with the base `seat-handbook` of the tenant `a`."""
    folder = tmp_path_factory.mktemp("handbook")
    database = Database.open(sqlite_url(folder / "state.db"))
    database.migrate()
    store = KnowledgeStore(
        database, folder / "documents", folder / "indexes", LocalEmbedder(threads=1), prepare=prepare_here
    )
    store.ensure_base(A_ADMIN, "seat-handbook", "Seat handbook")
    for path in sorted((PACK / "documents").iterdir()):
        store.add_document(A_ADMIN, "seat-handbook", path.name, path.read_bytes())
    assert set(index_all(store)) == {"done"}
    yield store
    database.close()


@pytest.fixture(scope="session")
def runs():
    """Runs of actions under the shipped guardrails."""
    return ActionRuns(Chain(GuardrailSettings(), None))


@pytest.fixture
def near(handbook):
    """The service, as handles reach it."""
    return Near(Service(handbook))


@pytest.fixture
def knowledge(near, runs):
    """The knowledge bases as a scenario has them."""
    return Asked(near, runs)


@pytest.fixture
def say():
    """Make a turn with its analysis: `say("customer", "我的卡丢了", "zh", intent="lost_or_stolen_card")`."""
    made = []

    def said(speaker, text, language="zh", intent=None, slots=(), emotion=None, sure=0.9):
        number = len(made)
        turn = Turn(
            id=f"t{number}", revision=1, speaker=speaker, text=text, start_s=number * 5.0, end_s=number * 5.0 + 4
        )
        analysis = Analysis(
            language=language,
            intent=Intent(name=intent, title=intent, confidence=sure) if intent else None,
            slots=tuple(
                Slot(name=name, value=value, text=shown, start=0, end=1, valid=valid)
                for name, value, shown, valid in slots
            ),
            emotion=Emotion(label=emotion, score=-0.8 if emotion == "angry" else 0.0) if emotion else None,
        )
        made.append((turn, analysis))
        return turn, analysis

    return said
