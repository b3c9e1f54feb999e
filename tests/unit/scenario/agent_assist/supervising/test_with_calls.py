"""The supervisor's actions over calls that the pack itself has kept, without a knowledge base."""

from pathlib import Path

import pytest

from appliance.config.site import GuardrailSettings
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.guardrails.chain import Chain
from appliance.knowledge.e5 import LocalEmbedder
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import Caller, ScenarioContext, invoke
from appliance.serving.action_runs import ActionRuns
from appliance.serving.scenario_services import RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "agent_assist"
SAID = (
    ("seat", "您好，这里是银行客服中心，请问有什么可以帮您？"),
    ("customer", "我的银行卡丢了，急死了，快帮我挂失！"),
    ("seat", "好的，请您报一下身份证号码后四位。"),
    ("customer", "3826。你们太慢了，我要投诉！"),
)


class NoKnowledge:
    """No knowledge base is there."""

    async def nothing(self, _who, base, *_more):
        raise NotFound(_("There is no record {id} here.", id=base))

    search = answer = glossary = readable = nothing


@pytest.fixture(scope="module")
def embedder():
    return LocalEmbedder(threads=1)


@pytest.fixture
def ask(tmp_path, embedder):
    """Return a function that runs an action of the pack."""
    database = Database.open(sqlite_url(tmp_path / "records.db"))
    database.migrate()
    runs = ActionRuns(Chain(GuardrailSettings(), None))
    records = StoredRecords(RecordRows(database, "agent-assist"))
    own_files = tmp_path / "agent-assist"
    own_files.mkdir()
    context = ScenarioContext(object(), (), NoKnowledge(), records, RunFacts(runs), embedder, own_files=own_files)
    actions = {action.name: action for action in load_pack(PACK).actions(context)}

    async def run(name, payload=None, who=A_ADMIN, **parameters):
        runs.begin(who.tenant)
        return await invoke(actions[name], payload, Caller(who, "zh_CN"), parameters)

    yield run
    database.close()


async def test_a_call_is_seen_while_it_goes_on_counted_when_it_ended_and_judged_again(ask):
    begun = await ask("begin-call", {"seat": "s-7", "language": "zh"}, A_CALLER)
    turns = [
        {"id": f"t{at}", "speaker": speaker, "text": text, "start_s": 6.0 * at, "end_s": 6.0 * at + 5.0}
        for at, (speaker, text) in enumerate(SAID)
    ]
    await ask("tell-turns", {"turns": turns}, A_CALLER, call_id=begun["id"])
    live = await ask("live-calls")
    assert [(call["id"], call["seat"], call["turns"]) for call in live["data"]] == [(begun["id"], "s-7", len(SAID))]
    assert live["data"][0]["intent_title"]
    assert live["levels"][live["data"][0]["risk"]["level"]] == 1
    whole = await ask("inspect-call", call_id=begun["id"])
    assert [one["turn"]["text"] for one in whole["turns"]] == [text for _speaker, text in SAID]

    after = await ask("end-call", {"phrase": False}, A_CALLER, call_id=begun["id"])
    assert (await ask("live-calls"))["data"] == []
    level = after["call"]["risk"]["level"]
    for choice in ({"seat": "s-7"}, {"level": level}, {"state": "ended"}, {"intent": after["call"]["intent"]}):
        assert [call["id"] for call in (await ask("list-calls", **choice))["data"]] == [begun["id"]], choice
    (group,) = (await ask("call-statistics", by="seat"))["groups"]
    assert (group["key"], group["calls"], group["average_score"]) == ("s-7", 1, after["call"]["score"])

    same = await ask("recheck-calls", {"keep": True})
    assert (same["checked"], same["changed"]) == (1, 0)
    kept = (await ask("list-judgements", call_id=begun["id"]))["data"]
    assert [one["id"] is None for one in kept] == [True, False]
    assert kept[0]["judgement"]["outcomes"] == kept[1]["judgement"]["outcomes"]
    assert "s-7" in (await ask("export-calls"))["content"]
