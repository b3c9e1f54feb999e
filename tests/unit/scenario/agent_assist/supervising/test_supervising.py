"""What a supervisor asks, over a real database; the calls that are going on are stood in for."""

import csv
import io
import tempfile
from dataclasses import replace

import pytest

from appliance.core.errors import InvalidRequest, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.scenario.actions import check_actions
from appliance.scenario.pack import Caller, ScenarioContext, invoke
from appliance.serving.scenario_services import StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import NewRecord, RecordRows
from scenarios.agent_assist.calls.books import Shelf
from scenarios.agent_assist.models import Analysis, CallFacts, Mood, Risk, Turn
from scenarios.agent_assist.supervising import actions as supervising
from scenarios.agent_assist.supervising.recheck import judged
from scenarios.agent_assist.supervising.sources import KeptCall
from scenarios.agent_assist.supervising.table import table_of
from tests.unit.knowledge.principals import A_ADMIN, A_CALLER, B_ADMIN

SUPERVISOR = replace(A_ADMIN, role="auditor", key_id="lma-supervisor")
EN, ZH = Caller(SUPERVISOR, "en"), Caller(SUPERVISOR, "zh_CN")
RISKS = {
    "low": Risk(escalation=0.1, complaint=0.1, level="low"),
    "medium": Risk(escalation=0.4, complaint=0.5, level="medium"),
    "high": Risk(escalation=0.8, complaint=0.7, level="high"),
}
DRAFT = """
rules:
  - name: says_blue
    title: {en: Says blue, zh: 说蓝色}
    kind: must_say
    area: quality
    severity: notice
    points: 10
    say: {zh: [蓝色], en: [blue]}
    alert: {en: "Nobody said blue.", zh: 没有说蓝色。}
    source: {en: A test, zh: 测试}
"""


def facts(id_="call_x", level="low", **more):
    given = {"state": "ended", "seat": "s-1", "started_at": "2026-11-20T10:00:00.000Z", "duration_s": 60.0, **more}
    return CallFacts(id=id_, direction="inbound", risk=RISKS[level], **given)


class Books(Shelf):
    """The pack's YAML files, with titles of two intents."""

    def title_of_intent(self, name, language):
        titles = {"lost_card": ("Lost card", "卡片丢失"), "transfer": ("Transfer", "转账")}
        return titles[name][language == "zh_CN"] if name in titles else None


class Calls:
    """Calls as the pack gives them: those going on as told, those kept by their turns."""

    def __init__(self):
        self.open = []
        self.turns = {}
        self.judgements = {}
        self.known = {}

    async def open_now(self, _caller):
        return self.open

    async def kept(self, _caller, call_id):
        if call_id not in self.known:
            raise NotFound(_("There is no record {id} here.", id=call_id))
        return KeptCall(self.known[call_id], self.turns.get(call_id, ()), self.judgements.get(call_id))

    async def show(self, caller, call_id):
        raise NotImplementedError


class Desk:
    """The supervisor's actions."""

    def __init__(self, records, tmp_path):
        self.records = records
        self.calls = Calls()
        self.books = Books(tmp_path / "agent-assist", lambda: None)
        nobody = object()
        context = ScenarioContext(nobody, (), nobody, records, nobody)
        made = supervising.actions(supervising.Supervising(context, self.calls, self.books))
        check_actions("agent-assist", made)
        self.actions = {action.name: action for action in made}

    async def ask(self, name, payload=None, caller=EN, **parameters):
        return await invoke(self.actions[name], payload, caller, {key: str(one) for key, one in parameters.items()})

    async def keep(self, level="low", who=A_CALLER, **more):
        """Keep a call as its key began it; return its facts."""
        new = NewRecord("call", who.key_id, facts(level=level, **more).model_dump(mode="json"))
        record = await self.records.create(who, new)
        kept = facts(record.id, level, **more)
        self.calls.known[record.id] = kept
        return kept

    async def say(self, kept, *texts):
        """Let the seat say something in a kept call, and keep what the rules say of it."""
        turns = tuple(
            (
                Turn(id=f"t{at}", revision=1, speaker="seat", text=text, start_s=5.0 * at, end_s=5.0 * at + 3),
                Analysis(language="en"),
            )
            for at, text in enumerate(texts, 1)
        )
        self.calls.turns[kept.id] = turns
        self.calls.judgements[kept.id] = judged(self.books.rules(), KeptCall(kept, turns, None), "en")


@pytest.fixture
def desk(tmp_path):
    database = Database.open(sqlite_url(tmp_path / "records.db"))
    database.migrate()
    yield Desk(StoredRecords(RecordRows(database, "agent-assist")), tmp_path)
    database.close()


def ids(answer):
    return [call["id"] for call in answer["data"]]


async def test_open_calls_the_riskiest_first_then_the_newest(desk):
    def live(name, level, at):
        return facts(name, level, state="open", started_at=f"2026-11-20T10:{at:02}:00.000Z", intent="lost_card")

    desk.calls.open = [live("a", "low", 1), live("b", "high", 2), live("c", "low", 3), live("d", "medium", 4)]
    found = await desk.ask("live-calls")
    assert ids(found) == ["b", "d", "c", "a"]
    assert (found["total"], found["levels"]) == (4, {"low": 2, "medium": 1, "high": 1})
    assert [call["intent_title"] for call in (await desk.ask("live-calls", caller=ZH))["data"]] == ["卡片丢失"] * 4
    second = await desk.ask("live-calls", page=2, limit=3)
    assert (ids(second), second["pages"]) == (["a"], 2)


async def test_open_calls_are_chosen_by_each_filter(desk):
    desk.calls.open = [
        facts("a", "high", seat="s-2", product="card", intent="lost_card", state="open"),
        facts("b", "low", state="open"),
    ]
    for choice in ({"seat": "s-2"}, {"product": "card"}, {"intent": "lost_card"}, {"level": "high"}):
        assert ids(await desk.ask("live-calls", **choice)) == ["a"]
    assert ids(await desk.ask("live-calls", seat="s-3")) == []


async def test_kept_calls_of_every_key_of_the_tenant_are_found_newest_first(desk):
    first = await desk.keep("high", seat="s-2", product="card", intent="lost_card", tags=("urgent",))
    second = await desk.keep(who=replace(A_CALLER, key_id="lma-other"), state="abandoned")
    await desk.keep(who=B_ADMIN)
    assert ids(await desk.ask("list-calls")) == [second.id, first.id]
    for choice in (
        {"seat": "s-2"}, {"product": "card"}, {"intent": "lost_card"}, {"level": "high"}, {"tag": "urgent"},
        {"state": "ended"},
    ):  # fmt: skip
        assert ids(await desk.ask("list-calls", **choice)) == [first.id], choice


async def test_pages_go_on_where_the_last_one_ended_whatever_is_left_out(desk):
    kept = [await desk.keep(tags=("odd",) if at % 2 else ()) for at in range(9)]
    found, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        page = await desk.ask("list-calls", tag="odd", limit=2, **({"cursor": cursor} if cursor else {}))
        found, cursor, pages = found + ids(page), page["next_cursor"], pages + 1
    assert found == [call.id for call in reversed(kept) if call.tags]
    assert pages == 3


async def test_days_are_those_on_which_calls_reached_the_appliance(desk, monkeypatch):
    moments = iter(["2026-11-19T23:59:59.999Z", "2026-11-20T00:00:00.000Z", "2026-11-21T23:59:59.999Z",
                    "2026-11-22T00:00:00.000Z"])  # fmt: skip
    monkeypatch.setattr("appliance.state.records.iso", lambda _moment: next(moments))
    kept = [(await desk.keep()).id for _at in range(4)]
    assert ids(await desk.ask("list-calls", since="2026-11-20", until="2026-11-21")) == [kept[2], kept[1]]
    assert ids(await desk.ask("list-calls", until="2026-11-19")) == [kept[0]]
    assert ids(await desk.ask("list-calls", since="2026-11-22")) == [kept[3]]
    with pytest.raises(InvalidRequest) as told:
        await desk.ask("list-calls", since="2026-11-21", until="2026-11-20")
    assert told.value.param == "until"


async def test_the_last_day_of_all_is_a_day(desk):
    kept = await desk.keep()
    assert ids(await desk.ask("list-calls", since="0001-01-01", until="9999-12-31")) == [kept.id]
    assert (await desk.ask("call-statistics", until="9999-12-31"))["total"]["calls"] == 1


async def test_figures_by_intent_product_seat_and_day(desk):
    await desk.keep("high", intent="lost_card", seat="s-1", duration_s=100.0, score=50.0, alerts=3, outcome="resolved")
    await desk.keep(intent="lost_card", seat="s-2", duration_s=50.0, score=100.0, alerts=0, outcome="not_resolved")
    await desk.keep(intent="lost_card", seat="s-2", duration_s=30.0, outcome="unclear", state="open")
    await desk.keep(intent=None, seat="s-3", duration_s=10.0, product="card", started_at="2026-11-21T10:00:00.000Z")
    told = await desk.ask("call-statistics", by="intent")
    first, second = told["groups"]
    assert first == {
        "key": "lost_card", "title": "Lost card", "calls": 3, "open": 1, "average_duration_s": 75.0,
        "average_score": 75.0, "high_risk_share": 0.3333, "alerts_per_call": 1.0, "resolved_share": 0.5,
    }  # fmt: skip
    assert (second["key"], second["calls"], second["average_score"], second["resolved_share"]) == (None, 1, None, None)
    assert (told["total"]["calls"], told["total"]["average_duration_s"], told["complete"]) == (4, 53.3, True)
    for by, keys in (
        ("seat", ["s-2", "s-1", "s-3"]), ("product", [None, "card"]), ("day", ["2026-11-21", "2026-11-20"]),
    ):  # fmt: skip
        assert [group["key"] for group in (await desk.ask("call-statistics", by=by))["groups"]] == keys
    assert (await desk.ask("call-statistics", by="seat", level="high"))["total"]["calls"] == 1


async def test_figures_with_a_tag_are_the_same_as_without_where_every_call_has_it(desk):
    for at in range(5):
        await desk.keep(["low", "high"][at % 2], score=20.0 * at if at else None, tags=("x",), outcome="resolved")
    for by in ("seat", "day"):
        plain, tagged = await desk.ask("call-statistics", by=by), await desk.ask("call-statistics", by=by, tag="x")
        assert plain == tagged
    assert (await desk.ask("call-statistics", tag="y"))["total"]["average_duration_s"] is None


async def test_no_calls_have_figures_too(desk):
    told = await desk.ask("call-statistics")
    assert (told["total"]["calls"], told["total"]["high_risk_share"], told["groups"]) == (0, 0.0, [])


def rows_of(content):
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def test_a_table_has_headings_and_words_of_the_caller(desk):
    await desk.keep("high", intent="lost_card", score=72.5, tags=("a", "b"), call_id="cc-1")
    english = await desk.actions["export-calls"].run(supervising.ExportRequest(), EN)
    headings, row = rows_of(english.content)
    told = dict(zip(headings, row, strict=True))
    assert (told["Call centre's id"], told["Risk"], told["Intent"]) == ("cc-1", "high", "Lost card")
    assert (told["Score (0 to 100)"], told["Tags"], told["Ended (UTC)"]) == ("72.5", "a b", "")
    assert english.filename.endswith(".csv")
    assert "charset=utf-8" in english.media_type
    chinese = await desk.actions["export-calls"].run(supervising.ExportRequest(), ZH)
    assert "卡片丢失" in rows_of(chinese.content)[1]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(text):
    _headings, row = rows_of(table_of([facts(seat=text, product=text)], "en", {}))
    assert [cell for cell in row if cell == f"'{text}"] == [f"'{text}"] * 2
    assert text not in row


def test_a_negative_number_stays_a_number():
    _headings, row = rows_of(table_of([facts(mood=Mood(score=-0.25, trend="worse"))], "en", {}))
    assert "-0.25" in row


async def test_more_calls_than_a_table_holds_are_refused(desk, monkeypatch):
    monkeypatch.setattr(supervising, "MOST_ROWS", 2)
    for _at in range(2):
        await desk.keep()
    assert len(rows_of((await desk.actions["export-calls"].run(supervising.ExportRequest(), EN)).content)) == 3
    await desk.keep()
    with pytest.raises(InvalidRequest) as told:
        await desk.actions["export-calls"].run(supervising.ExportRequest(), EN)
    assert told.value.code == "too_many_calls"


async def test_the_same_rules_change_nothing(desk):
    kept = await desk.keep()
    await desk.say(kept, "Good morning, this is the bank.", "Your card is blocked.")
    told = await desk.ask("recheck-calls", {})
    assert (told["checked"], told["changed"], told["data"], told["rules"]) == (1, 0, [], [])


async def test_a_draft_is_compared_call_by_call_and_rule_by_rule(desk):
    blue, grey = await desk.keep(), await desk.keep()
    await desk.say(blue, "Good morning, this is the bank.", "The blue card is blocked.")
    await desk.say(grey, "Good morning, this is the bank.", "The card is blocked.")
    still_open = await desk.keep(state="open")
    told = await desk.ask("recheck-calls", {"rules": DRAFT})
    assert told["checked"] == 2
    assert {call["call_id"] for call in told["data"]} == {blue.id, grey.id}
    assert still_open.id not in ids({"data": [{"id": call["call_id"]} for call in told["data"]]})
    changes = {call["call_id"]: call["changes"] for call in told["data"]}
    assert [(one["rule"], one["before"], one["after"]) for one in changes[blue.id]] == [("says_blue", None, "met")]
    assert changes[grey.id][0]["after"] == "broken"
    assert {(row["rule"], row["after"], row["calls"]) for row in told["rules"]} == {
        ("says_blue", "met", 1), ("says_blue", "broken", 1),
    }  # fmt: skip
    scores = {call["call_id"]: call["score_change"] for call in told["data"]}
    assert scores[grey.id] < scores[blue.id]


async def test_what_is_kept_stands_beside_what_there_was(desk):
    kept = await desk.keep()
    await desk.say(kept, "Good morning, this is the bank.")
    before = await desk.records.get(A_ADMIN, "call", kept.id)
    first = (await desk.ask("recheck-calls", {"rules": DRAFT, "keep": True}))["data"][0]
    await desk.ask("recheck-calls", {"keep": True})
    told = (await desk.ask("list-judgements", call_id=kept.id))["data"]
    assert [one["draft"] for one in told] == [False, True, False]
    assert told[0]["id"] is None
    assert told[0]["judgement"] == desk.calls.judgements[kept.id].model_dump(mode="json")
    assert (told[1]["id"], told[1]["by"]) == (first["judgement_id"], SUPERVISOR.key_id)
    assert any(outcome["rule"] == "says_blue" for outcome in told[1]["judgement"]["outcomes"])
    assert await desk.records.get(A_ADMIN, "call", kept.id) == before


async def test_all_calls_of_a_run_are_judged_by_the_same_rules(desk, monkeypatch):
    kept = [await desk.keep() for _at in range(3)]
    for call in kept:
        await desk.say(call, "Hello.")
    desk.calls.judgements.clear()  # so that they are compared with the rules now in force
    books = iter([desk.books.rules(), *(desk.books.draft(DRAFT) for _at in range(3))])
    monkeypatch.setattr(desk.books, "rules", lambda: next(books))
    told = await desk.ask("recheck-calls", {})
    assert (told["checked"], told["changed"]) == (3, 0)


async def test_many_calls_are_rechecked_part_by_part(desk):
    kept = [await desk.keep() for _at in range(5)]
    for call in kept:
        await desk.say(call, "Hello.")
    checked, cursor = [], None
    for _part in range(3):
        told = await desk.ask("recheck-calls", {"rules": DRAFT, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        checked += [call["call_id"] for call in told["data"]]
        cursor = told["next_cursor"]
    assert checked == [call.id for call in reversed(kept)]
    assert cursor is None


async def test_a_call_that_is_gone_meanwhile_is_skipped(desk):
    kept = await desk.keep()
    del desk.calls.known[kept.id]
    told = await desk.ask("recheck-calls", {})
    assert (told["checked"], told["skipped"]) == (0, 1)


@pytest.mark.parametrize("draft", ["rules: [", "rules: [{name: x}]", "nonsense: true"])
async def test_a_draft_that_is_no_book_of_rules_is_refused(desk, draft):
    with pytest.raises(InvalidRequest) as told:
        await desk.ask("recheck-calls", {"rules": draft})
    assert (told.value.param, told.value.code) == ("rules", "invalid_rules")
    assert "rules" in str(told.value)
    assert tempfile.gettempdir() not in str(told.value)


async def test_only_who_may_supervise(desk):
    caller = Caller(A_CALLER, "en")
    for name, payload in (
        ("live-calls", None), ("list-calls", None), ("call-statistics", None), ("export-calls", None),
        ("recheck-calls", {}),
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            await desk.ask(name, payload, caller)


def test_a_calls_facts_hold_what_records_are_counted_by():
    data = facts(level="high", score=1.0).model_dump(mode="json")
    assert (data["level"], data["day"], data["scored"]) == ("high", "2026-11-20", 1)
    assert CallFacts.model_validate(data) == facts(level="high", score=1.0)
