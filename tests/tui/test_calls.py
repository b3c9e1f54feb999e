"""What a supervisor sees and does, key by key, against the routes' double."""

from pathlib import Path

import pytest

from appliance.core.errors import InvalidRequest, NotFound, NotRunning, PermissionDenied, RequestError, Unavailable
from appliance.tui import commands
from appliance.tui.screens.call import CallScreen
from appliance.tui.screens.calls import CallsScreen, _write
from appliance.tui.screens.calls_statistics import CallsStatisticsScreen
from appliance.tui.widgets.hanging_panel import HangingLines
from tests.tui.calls_double import AFTER, ANGRY, TABLE, WHOLE, CallsDouble
from tests.tui.recorded import load, recorded_app, screen_text, settled


@pytest.fixture
def double():
    return CallsDouble()


@pytest.fixture
def source(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1")
    return double.source(key_file)


@pytest.fixture
def app(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return recorded_app(load("one-cpu-node"), calls=source)


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return screen_text(pilot.app)


async def test_calls_are_read_when_they_are_looked_at(app, double):
    async with app.run_test() as pilot:
        await settled(pilot)
        assert double.asked == []
        text = await press(pilot, "8")
        assert isinstance(app.screen, CallsScreen)
        for words in ("▲ high", "1024", "卡片丢失", "-0.62 ↘", "5:12", "◆ medium", "Pending", "appliance calls list"):
            assert words in text
        assert text.index("1024") < text.index("1031") < text.index("2007")


async def test_only_calls_of_a_high_risk(app, double):
    async with app.run_test() as pilot:
        text = await press(pilot, "8", "f")
        assert "1031" not in text
        assert "appliance calls list --level high" in text
        assert double.asked[-1] == ("/live", {"limit": "200", "level": "high"})
        double.calls = []
        assert "No call has a high risk now." in await press(pilot, "r")
        assert "No call is going on." in await press(pilot, "f")


async def test_one_call_with_its_turns_cards_and_alerts(app, double):
    async with app.run_test(size=(120, 40)) as pilot:
        text = await press(pilot, "8", "enter")
        assert isinstance(app.screen, CallScreen)
        for words in (
            ANGRY["id"], "怎么办", "卡片丢失或被盗 (0.94)", "anxious ↘", "先为客户办理挂失。",
            "您别着急", "✖ 还没有核实客户身份。", "▲ risk: high", "要求投诉", f"appliance calls show {ANGRY['id']}",
        ):  # fmt: skip
            assert words in text
        turns = app.screen.query_one("#call-turns").query_one(HangingLines).content.plain
        assert "借记卡服务手册.md" in "".join(turns.split()), "a name may go on in the next line"
        assert "written when the call has ended" in text
        double.whole = {**WHOLE, "after": AFTER, "call": {**ANGRY, "state": "ended", "score": 72.5}}
        text = await press(pilot, "r")
        for words in ("来电原因", "客户的借记卡丢失，要求挂失。", "ended", "72"):
            assert words in text
        assert "承诺事项" not in text, "an empty section"
        await press(pilot, "escape")
        assert isinstance(app.screen, CallsScreen)


async def test_what_a_customer_says_cannot_draw(app, double):
    turn = {**WHOLE["turns"][1], "turn": {**WHOLE["turns"][1]["turn"], "text": "a\x1b[2J[bold]b\u202e"}}
    double.whole = {**WHOLE, "turns": [turn]}
    async with app.run_test(size=(120, 40)) as pilot:
        assert "a⟨U+001B⟩[2J[bold]b⟨U+202E⟩" in await press(pilot, "8", "enter")


async def test_figures_by_each_value(app, double):
    double.complete = False
    async with app.run_test() as pilot:
        text = await press(pilot, "8", "s")
        assert isinstance(app.screen, CallsStatisticsScreen)
        for words in ("Calls by intent", "427", "412", "31 %", "71.0", "4:14", "not all calls are counted"):
            assert words in text
        for by in ("product", "seat", "day", "intent"):
            text = await press(pilot, "g")
            assert f"appliance calls statistics --by {by}" in text
            assert double.asked[-1] == ("/statistics", {"by": by})
        await press(pilot, "escape")
        assert isinstance(app.screen, CallsScreen)


async def test_a_table_is_written_where_the_terminal_was_started(app, double, tmp_path):
    async with app.run_test() as pilot:
        text = " ".join((await press(pilot, "8", "e")).split())
        file = tmp_path / "calls-20261124-060230.csv"
        assert file.read_bytes() == TABLE
        assert double.asked[-1] == ("/export", {"since": "2026-10-25"})
        assert "The calls since 2026-10-25 were written to" in text
        assert "appliance calls export calls-20261124-060230.csv --since 2026-10-25" in text


async def test_a_table_that_cannot_be_had_or_written_is_told(app, double, tmp_path, monkeypatch):
    async with app.run_test() as pilot:
        await press(pilot, "8")
        double.refusal = (400, "too_many_calls", "These are more calls than one table holds.")
        assert "more calls than one table holds" in " ".join((await press(pilot, "e")).split())
        double.refusal = None
        monkeypatch.setattr(Path, "cwd", lambda: tmp_path / "gone")
        assert "cannot be written" in " ".join((await press(pilot, "e")).split())


async def test_a_lost_connection_keeps_the_last_list(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "8")
        double.down = True
        text = await press(pilot, "r")
        assert "No appliance answers" in text
        assert "1024" in text


async def test_every_key_of_the_screens_is_in_the_help(app):
    async with app.run_test() as pilot:
        for keys, shown in ((("8",), {"f", "s", "e"}), (("s",), {"g", "escape"})):
            await press(pilot, *keys)
            active = app.screen.active_bindings
            known = {key for key, entry in active.items() if entry.binding.id in commands.COMMANDS}
            assert shown <= known


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        ((403, "permission_denied", "no"), PermissionDenied),
        ((404, "scenario_not_found", "There is no scenario agent-assist."), NotFound),
        ((400, "too_many_calls", "more"), RequestError),
        ((500, "appliance_error", "broken"), Unavailable),
    ],
)
async def test_what_a_refusal_means(source, double, refusal, error):
    double.refusal = refusal
    for asked in (source.live(None), source.read("call_1"), source.statistics("seat"), source.table("2026-11-01")):
        with pytest.raises(error):
            await asked


async def test_what_is_no_answer_of_this_version(source, double):
    double.whole = {"call": 1}
    with pytest.raises(Unavailable):
        await source.read("call_1")
    double.down = True
    with pytest.raises(NotRunning):
        await source.live(None)


def test_a_folder_that_is_not_there_is_a_fault_with_a_reason(tmp_path):
    with pytest.raises(InvalidRequest, match=r"calls\.csv"):
        _write(tmp_path / "absent" / "calls.csv", b"")
