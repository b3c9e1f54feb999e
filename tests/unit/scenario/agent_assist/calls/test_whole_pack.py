"""The pack as it is put together: what supervisors ask, over calls that were told."""

from appliance.scenario.pack import Caller, invoke
from scenarios.agent_assist.app import create
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER

from .conftest import turn


async def test_a_supervisor_finds_counts_and_checks_calls(desk):
    actions = {one.name: one for one in create(desk.context)}

    async def ask(name, payload=None, who=A_ADMIN, **parameters):
        desk.runs.begin(who.tenant)
        return await invoke(actions[name], payload, Caller(who, "en"), parameters)

    begun = [await ask("begin-call", {"seat": f"seat-{number}"}, A_CALLER) for number in range(2)]
    for call in begun:
        turns = [turn(0, "喂，说吧", "seat"), turn(1, "我的银行卡丢了，你们太慢了，我要投诉！")]
        await ask("tell-turns", {"turns": turns}, A_CALLER, call_id=call["id"])
    live = await ask("live-calls")
    assert {one["id"] for one in live["data"]} == {one["id"] for one in begun}
    assert all(one["turns"] == 2 for one in live["data"])
    await ask("end-call", {}, A_CALLER, call_id=begun[0]["id"])
    ended = await ask("list-calls", state="ended")
    assert [one["id"] for one in ended["data"]] == [begun[0]["id"]]
    figures = await ask("call-statistics", by="seat")
    assert figures["total"]["calls"] == 2
    own = "disabled: [greeting, bank_named, recording_notice]"
    checked = await ask("recheck-calls", {"rules": own, "state": "ended"})
    assert (checked["checked"], checked["changed"]) == (1, 1)
    assert {one["after"] for one in checked["rules"]} >= {None}
    judged = await ask("list-judgements", None, call_id=begun[0]["id"])
    assert judged["data"][0]["judgement"]["sheet"] is not None
