"""The first start, page by page, on a recorded machine."""

import pytest
from textual.widgets import Input, OptionList

from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.operations.setup.answers import Administrator, Answers
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.fields import Picks
from appliance.tui.wizard.source import Left
from tests.tui.recorded import screen_text, settled
from tests.tui.setup_double import BAD, STICK, RecordedSetup

PASSWORD = "Quiet-Harbour-27"


def front(app):
    return type(app.screen).__name__


async def write(pilot, **fields):
    for name, value in fields.items():
        pilot.app.screen.query_one(f"#field-{name} Input", Input).value = value
    await settled(pilot)


async def on(pilot):
    await pilot.press("ctrl+s")
    await settled(pilot)


async def to_page(pilot, name):
    """Go on with good answers until a page is in front."""
    await settled(pilot)
    for _step in range(12):
        if front(pilot.app) == name:
            return
        if front(pilot.app) == "AdministratorPage":
            await write(pilot, name="lin", password=PASSWORD, again=PASSWORD)
        await on(pilot)
    raise AssertionError(f"{name} never came: {front(pilot.app)}")


async def test_from_the_first_page_to_an_answered_question():
    source = RecordedSetup()
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "NetworkPage")
        app.screen.query_one("#choice-host", OptionList).highlighted = 1
        await write(pilot, port="9000")
        await to_page(pilot, "PackagesPage")
        await pilot.press("space", "down", "space")
        await to_page(pilot, "PlanPage")
        await write(pilot, users="50")
        await to_page(pilot, "ConfirmPage")
        assert source.ran == []
        shown = screen_text(app)
        for words in ("10.20.0.11:9000", "lin", "qinglan-7b.lmab", "maker.pub", "/srv/appliance/answers.yaml"):
            assert words in shown
        assert PASSWORD not in shown
        await on(pilot)
        await settled(pilot)
        assert front(app) == "DonePage"
        ((answers, password),) = source.ran
        assert source.written == [answers]
        assert password == PASSWORD
        assert answers.site == {
            "gateway": {"host": "10.20.0.11", "port": 9000},
            "models": {"general": {"package": "qinglan-7b"}},
        }
        assert answers.trust == (STICK / "maker.pub",)
        assert PASSWORD not in repr(answers)
        await write(pilot, question="How long?")
        app.screen.query_one(Input).focus()
        await pilot.press("enter")
        await settled(pilot)
        assert "Up to six months." in screen_text(app)
        assert "mortgage-policy.pdf, page 2" in screen_text(app)
        await on(pilot)
    assert app.return_value == "terminal"


async def test_a_fault_of_the_machine_stops_and_looking_again_goes_on():
    source = RecordedSetup(checks=BAD)
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "ChecksPage")
        assert "Stop what listens there" in screen_text(app)
        await on(pilot)
        assert front(app) == "ChecksPage"
        source.given_checks = BAD[:-1]
        await pilot.press("f5")
        await settled(pilot)
        await on(pilot)
        assert front(app) == "AdministratorPage"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "lin", "password": PASSWORD, "again": "other"}, "passwords differ"),
        ({"name": "lin", "password": "short", "again": "short"}, "password cannot be used"),
        ({"name": "no spaces here", "password": PASSWORD, "again": PASSWORD}, "cannot be used"),
        ({"name": "", "password": PASSWORD, "again": PASSWORD}, "cannot be used"),
    ],
)
async def test_an_administrator_that_cannot_be_is_said_why(fields, said):
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "AdministratorPage")
        await write(pilot, **fields)
        await on(pilot)
        assert front(app) == "AdministratorPage"
        assert said in screen_text(app)


@pytest.mark.parametrize(
    ("port", "said"), [("x", "number from 1"), ("70000", "65535"), ("6390", "6390"), ("", "number")]
)
async def test_a_port_that_cannot_be_is_said_why(port, said):
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(100, 30)) as pilot:
        await to_page(pilot, "NetworkPage")
        await write(pilot, port=port)
        await on(pilot)
        assert front(app) == "NetworkPage"
        assert said in screen_text(app)


async def test_going_back_keeps_what_was_written():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "NetworkPage")
        await write(pilot, port="9000")
        await on(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert app.screen.query_one("#field-port Input", Input).value == "9000"


async def test_the_language_of_the_first_page_is_that_of_all_others():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert "角色" in screen_text(app)
        await pilot.press("f2")
        await settled(pilot)
        assert "Role" in screen_text(app)


async def test_a_machine_that_joins_is_asked_for_place_and_token_alone():
    source = RecordedSetup()
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "RolePage")
        await pilot.press("down", "enter")
        await settled(pilot)
        await on(pilot)
        assert front(app) == "JoinPage"
        await write(pilot, head="10.20.0.1", token="no-token")
        await on(pilot)
        assert front(app) == "JoinPage"
        assert "token" in screen_text(app)


async def test_a_package_that_does_not_fit_cannot_be_chosen_and_a_folder_is_looked_into():
    source = RecordedSetup()
    app = SetupApp(source)
    async with app.run_test(size=(80, 30)) as pilot:
        await to_page(pilot, "PackagesPage")
        await pilot.press("down")
        await settled(pilot)
        assert "not trusted yet" in screen_text(app)
        await pilot.press("down", "space")
        await settled(pilot)
        assert "190.0 GiB" in screen_text(app)
        assert app.screen.query_one(Picks).picked == ()
        await write(pilot, folder="/srv/packages")
        app.screen.query_one("#field-folder Input", Input).focus()
        await pilot.press("enter")
        await settled(pilot)
        assert [str(folder) for folder in source.looked_in] == ["None", "/srv/packages"]


async def test_after_a_failure_it_goes_on_and_the_log_is_behind_a_key():
    source = RecordedSetup(fails=[StartFailed(_("Ray did not start."), _("Look into the log."))])
    app = SetupApp(source)
    async with app.run_test(size=(80, 30)) as pilot:
        await to_page(pilot, "InstallPage")
        await settled(pilot)
        assert "Ray did not start." in screen_text(app)
        assert "loading weights" not in screen_text(app)
        await pilot.press("f3")
        await settled(pilot)
        assert "loading weights" in screen_text(app)
        assert "⟨U+001B⟩" in screen_text(app)
        await pilot.press("f5")
        await settled(pilot)
        assert front(app) == "DonePage"
        assert len(source.ran) == 2


async def test_what_a_power_cut_left_is_gone_on_with():
    left = Answers(language="zh_CN", users=30, administrator=Administrator(name="lin"))
    source = RecordedSetup(left=Left(left, asks_password=True))
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert front(app) == "AdministratorPage"
        assert "1/3" in screen_text(app)
        await write(pilot, password=PASSWORD, again=PASSWORD)
        await on(pilot)
        await settled(pilot)
        assert front(app) == "DonePage"
        assert source.ran == [(left, PASSWORD)]


async def test_no_password_is_asked_again_once_the_administrator_is_there():
    left = Answers(administrator=Administrator(name="lin"))
    source = RecordedSetup(left=Left(left, asks_password=False))
    app = SetupApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert front(app) == "DonePage"
        assert source.ran == [(left, None)]


async def test_a_small_terminal_and_back():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        for name in ("NetworkPage", "AdministratorPage", "PackagesPage", "PlanPage", "ConfirmPage"):
            await to_page(pilot, name)
            await pilot.resize_terminal(40, 12)
            await settled(pilot)
            await pilot.resize_terminal(80, 24)
            await settled(pilot)
            assert front(app) == name


async def test_leaving_is_always_there():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "AdministratorPage")
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert app.return_value is None
