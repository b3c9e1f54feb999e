"""What a reviewer does, key by key, against the routes' double."""

import pytest
from textual.widgets import Input, TextArea

from appliance.core.errors import NotRunning
from appliance.core.messages import Message
from appliance.tui import commands
from appliance.tui.app import TerminalApp
from appliance.tui.reviews_source import OWN_ANSWER
from appliance.tui.screens.overview import OverviewScreen
from appliance.tui.screens.review import ReviewScreen
from appliance.tui.screens.review_dialogs import ConfirmScreen, EditScreen, RefuseScreen
from appliance.tui.screens.reviews import ReviewsScreen
from appliance.tui.widgets.listing import RowList
from tests.tui.recorded import load, recorded_app, screen_text, settled
from tests.tui.reviews_double import FIRST, SECOND, THIRD, ReviewsDouble

DECISIONS = {"a", "e", "x"}


@pytest.fixture
def double():
    return ReviewsDouble()


@pytest.fixture
def app(double, tmp_path):
    key_file = tmp_path / "a.key"
    key_file.write_text("key-1")
    return recorded_app(load("one-cpu-node"), reviews=double.source(key_file))


async def press(pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
    return screen_text(pilot.app)


def keys_of(app):
    return {key for key, entry in app.screen.active_bindings.items() if entry.binding.id in commands.COMMANDS}


def sent(double):
    return [(path, body) for method, path, body in double.asked if method == "POST"]


async def test_queue_is_read_when_it_is_looked_at(app, double):
    async with app.run_test() as pilot:
        await settled(pilot)
        assert double.asked == []
        text = await press(pilot, "7")
        assert isinstance(app.screen, ReviewsScreen)
        for words in ("11-24 05:58", "branch-shanghai", "model:general", "topic:investment", "appliance review list"):
            assert words in text
        assert "head-office" not in text, "decided already"


async def test_filter(app):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "f")
        assert "head-office" in text
        assert "✖ refused" in text
        assert "appliance review list --all" in text
        assert "head-office" not in await press(pilot, "f")


async def test_approve(app, double):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter", "a")
        assert isinstance(app.screen, ConfirmScreen)
        assert FIRST in text
        assert f"appliance review approve {FIRST}" in text
        assert sent(double) == []
        text = await press(pilot, "y")
        assert sent(double) == [(f"/v1/reviews/{FIRST}/approve", {})]
        assert isinstance(app.screen, ReviewsScreen)
        assert f"The answer of review {FIRST} was sent as it was." in " ".join(text.split())
        assert "branch-shanghai" not in text, "it is no longer pending"


@pytest.mark.parametrize("keys", [("escape",), ("enter", "escape")])
async def test_confirmation_can_be_left(app, double, keys):
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter", "a", *keys)
        assert isinstance(app.screen, ReviewScreen)
        assert sent(double) == []


async def test_edit(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7", "down", "enter", "e")
        assert isinstance(app.screen, EditScreen)
        app.screen.query_one(TextArea).text = "One month's interest.\n\n仅限首年。"
        text = await press(pilot, "ctrl+s")
        assert isinstance(app.screen, ConfirmScreen)
        assert SECOND in text
        assert "One month's interest. 仅限首年。" in text
        await press(pilot, "y")
        assert sent(double) == [(f"/v1/reviews/{SECOND}/edit", {"text": "One month's interest.\n\n仅限首年。"})]


async def test_refuse_needs_a_reason(app, double):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter", "x", "enter")
        assert "Write the reason" in text
        await press(pilot, "space", "ctrl+s")
        assert isinstance(app.screen, RefuseScreen), "a blank is no reason"
        app.screen.query_one(Input).value = "承诺保本"
        text = await press(pilot, "enter")
        assert isinstance(app.screen, ConfirmScreen)
        assert FIRST in text
        assert "承诺保本" in text
        assert sent(double) == []
        await press(pilot, "y")
        assert sent(double) == [(f"/v1/reviews/{FIRST}/refuse", {"reason": "承诺保本"})]


async def test_empty_edit_is_not_sent(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter", "e")
        app.screen.query_one(TextArea).text = " \n"
        text = await press(pilot, "ctrl+s")
        assert isinstance(app.screen, EditScreen)
        assert "Write the text" in text
        assert sent(double) == []


async def test_what_was_written_is_kept(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter", "e")
        app.screen.query_one(TextArea).text = "half a sen"
        await press(pilot, "escape", "e")
        assert app.screen.query_one(TextArea).text == "half a sen"
        double.down = True
        text = await press(pilot, "ctrl+s", "y")
        assert "No appliance answers" in text
        double.down = False
        await press(pilot, "e")
        assert app.screen.query_one(TextArea).text == "half a sen", "it did not arrive: it is not lost"


async def test_somebody_was_faster(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter", "a")
        double.settle(FIRST, "refuse", "保本", by="user_wang.min")
        text = await press(pilot, "y")
        assert "user_wang.min had refused this answer at 2026-11-24 06:05:00" in text
        assert "保本" in text, "the record is the one of now"
        assert not DECISIONS & keys_of(app)


async def test_own_answer_when_deciding(app, double):
    double.deciding = (403, OWN_ANSWER)
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter", "a", "y")
        assert "You asked this question yourself." in text
        assert not DECISIONS & keys_of(app)
        await press(pilot, "escape", "down", "enter")
        assert keys_of(app) >= DECISIONS, "other answers may be decided"


async def test_own_answer_when_reading(app, double):
    double.reading = (403, OWN_ANSWER)
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter")
        assert "You asked this question yourself." in text
        assert not DECISIONS & keys_of(app)


async def test_key_that_may_not_decide(app, double):
    double.deciding = (403, "permission_denied")
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter")
        assert keys_of(app) >= DECISIONS
        text = await press(pilot, "a", "y")
        assert "Read only: this key may not decide." in text
        assert not DECISIONS & keys_of(app)
        text = await press(pilot, "escape", "down", "enter")
        assert "Read only" in text, "nor the next one"
        assert not DECISIONS & keys_of(app)
        double.deciding = None
        await press(pilot, "r")
        assert keys_of(app) >= DECISIONS, "the key was replaced"


async def test_key_that_may_not_read_the_queue(app, double):
    double.listing = (403, "permission_denied")
    async with app.run_test() as pilot:
        text = " ".join((await press(pilot, "7")).split())
        assert "may not decide on answers" in text
        assert "review.decide" in text


async def test_answer_that_is_not_one_text(app, double):
    double.records[FIRST]["editable"] = False
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter", "e")
        assert isinstance(app.screen, ReviewScreen)
        assert "One text cannot take the place" in text
        assert keys_of(app) & DECISIONS == {"a", "x"}


async def test_decided_review_has_no_keys(app):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "f", "down", "down", "enter")
        assert THIRD in text
        assert "user_li.wei" in text
        assert "对监管机构的表述不当" in text
        assert not DECISIONS & keys_of(app)
        assert f"appliance review show {THIRD}" in text


async def test_appliance_that_goes_away_and_returns(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7")
        double.down = True
        text = await press(pilot, "r")
        assert "No appliance answers" in text
        assert "Last seen 06:02:30." in text
        assert "✖ not connected" in text
        assert "branch-shanghai" in text, "the last list stays"
        text = await press(pilot, "enter")
        assert "Press r to read it again." in text
        assert not DECISIONS & keys_of(app), "who has not read it does not decide"
        double.down = False
        text = await press(pilot, "r")
        assert "尊敬的客户" in text
        assert "Last seen" not in await press(pilot, "escape")


async def test_review_that_is_gone(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7")
        del double.records[FIRST]
        assert "This review is not there any more." in await press(pilot, "enter")
        assert "branch-shanghai" not in await press(pilot, "escape")


async def test_empty_queue(app, double):
    double.records.clear()
    async with app.run_test() as pilot:
        assert "No answer waits for a decision." in await press(pilot, "7")
        assert isinstance(app.screen, ReviewsScreen)
        await press(pilot, "enter")
        assert isinstance(app.screen, ReviewsScreen)
        double.records[FIRST] = dict(ReviewsDouble().records[FIRST])
        await press(pilot, "r", "enter")
        assert isinstance(app.screen, ReviewScreen)


async def test_chosen_row_stays_chosen_when_the_queue_moves(app, double):
    async with app.run_test() as pilot:
        await press(pilot, "7", "down")
        double.records["rev_new"] = double.records[FIRST] | {"id": "rev_new"}
        double.settle(FIRST, "approve")
        await press(pilot, "r")
        assert app.screen.query_one(RowList).highlighted_option.id == SECOND


async def test_text_cannot_steer_the_terminal(app, double):
    double.records[FIRST]["answer"] = "\x1b[2J\x1b]0;t\x07[bold]x[/bold] \u202etxet\u200b\u2028end"
    double.records[FIRST]["tenant"] = "a\x1bb\nc"
    async with app.run_test(size=(200, 24)) as pilot:
        text = await press(pilot, "7")
        assert "\x1b" not in text
        assert "a⟨U+001B⟩b c" in text
        text = await press(pilot, "enter")
        assert "⟨U+001B⟩[2J⟨U+001B⟩]0;t⟨U+0007⟩[bold]x[/bold] ⟨U+202E⟩txet⟨U+200B⟩⟨U+2028⟩end" in text
        await press(pilot, "e")
        assert app.screen.query_one(TextArea).text == "[2J]0;t[bold]x[/bold] txetend", "only what can be seen is sent"


async def test_language_changes_on_every_screen(app):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "l", "enter")
        assert Message("Question").render("zh_CN") in text
        await press(pilot, "a")
        keys = {entry.binding.id: entry.binding.description for entry in app.screen.active_bindings.values()}
        assert keys["dialog.confirm"] == Message("Yes").render("zh_CN")


async def test_screens_by_number_and_by_mouse(app):
    async with app.run_test() as pilot:
        await press(pilot, "7", "enter")
        await press(pilot, "1")
        assert isinstance(app.screen, OverviewScreen)
        await press(pilot, "7")
        assert isinstance(app.screen, ReviewScreen), "one comes back to where one was"
        await pilot.click("TitleBar", offset=(screen_text(app).index(" 1 ") + 1, 0))
        await settled(pilot)
        assert isinstance(app.screen, OverviewScreen)


def test_every_mode_has_a_screen_and_its_own_number():
    assert list(TerminalApp.MODES) == list(commands.MODES)
    keys = [command.key for command in commands.MODES.values()]
    assert keys == [str(number) for number in range(1, len(keys) + 1)]


async def test_help_lists_the_keys_of_a_review(app):
    async with app.run_test() as pilot:
        text = await press(pilot, "7", "enter", "question_mark")
        for words in ("Send the answer as it is.", "Withhold the answer", "Scroll the text down.", "Overview"):
            assert words in text


@pytest.mark.parametrize(
    ("language", "size"), [("en", (20, 5)), ("en", (40, 12)), ("en", (160, 48)), ("zh_CN", (40, 12))]
)
async def test_any_size_draws(app, language, size):
    app.language = language
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in (("7",), ("f",), ("enter",), ("e",), ("ctrl+s",), ("escape", "escape", "x"), ("escape", "escape")):
            await press(pilot, *keys)
            await pilot.resize_terminal(*size)
            await settled(pilot)
            await pilot.resize_terminal(80, 24)
            await settled(pilot)
        assert "model:general" in screen_text(app)


async def test_status_that_this_key_may_not_read_does_not_matter(double, tmp_path):
    (tmp_path / "key").write_text("k")
    gone = NotRunning(Message("No status."))
    app = recorded_app(gone, reviews=double.source(tmp_path / "key"))
    async with app.run_test() as pilot:
        text = await press(pilot, "7")
        assert "● connected" in text
        assert "No status." not in text
