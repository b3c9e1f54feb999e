"""The first start, page by page, on a recorded machine."""

import pytest
from textual.widgets import Input, OptionList

from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.operations.setup.answers import Administrator, Answers
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.fields import Choice, Picks
from appliance.tui.wizard.source import Left
from tests.tui.recorded import screen_text, settled
from tests.tui.setup_double import BAD, MODELS, STICK, RecordedSetup
from tests.unit.bank_authority import Bank

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
            "gateway": {"host": "10.20.0.11", "port": 9000, "tls": {}},
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


async def test_tls_follows_the_address_until_somebody_chooses():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "NetworkPage")
        host, tls = app.screen.query_one("#choice-host", Choice), app.screen.query_one("#choice-tls", Choice)
        assert tls.chosen == "none"
        host.highlighted = 1
        await settled(pilot)
        assert tls.chosen == "own"
        host.highlighted = 0
        await settled(pilot)
        assert tls.chosen == "none"
        tls.choose("own")
        await settled(pilot)
        await write(pilot, names="AI.bank.example, 10.20.0.12")
        host.highlighted = 2
        await settled(pilot)
        host.highlighted = 0
        await on(pilot)
        assert front(app) == "ChecksPage"
    assert app.draft.site() == {"gateway": {"tls": {"names": ["AI.bank.example", "10.20.0.12"]}}}
    assert app.draft.config().gateway.tls.names == ("ai.bank.example", "10.20.0.12")


async def test_files_of_a_certificate_are_read_before_one_goes_on(tmp_path):
    certificate, key = Bank().write(tmp_path, "ai.bank.example")
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "NetworkPage")
        app.screen.query_one("#choice-tls", Choice).choose("files")
        await settled(pilot)
        for fields, said in (
            ({}, "Name both files"),
            ({"certificate": str(certificate), "key": str(tmp_path / "none")}, "cannot be read"),
            ({"key": str(key), "names": "other.example"}, "does not hold for other.example"),
            ({"names": "a b/c"}, "must be a name such as"),
        ):
            await write(pilot, **fields)
            await on(pilot)
            assert front(app) == "NetworkPage"
            assert said in " ".join(screen_text(app).split())
        await write(pilot, names="ai.bank.example")
        await on(pilot)
        assert front(app) == "ChecksPage"
    given = app.draft.config().gateway.tls
    assert (given.certificate, given.key) == (str(certificate), str(key))


async def test_enter_goes_through_every_field_that_is_shown_and_then_on():
    app = SetupApp(RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await to_page(pilot, "NetworkPage")
        app.screen.query_one("#choice-tls", Choice).choose("files")
        await settled(pilot)
        passed = []
        for _step in range(7):
            passed.append(app.focused.id or app.focused.parent.id)
            await pilot.press("enter")
            await settled(pilot)
        assert passed == ["choice-host", "field-port", "field-cluster", "choice-tls", "field-names",
                          "field-certificate", "field-key"]  # fmt: skip
        assert "Name both files" in screen_text(app)


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


async def test_models_get_aliases_that_can_be_changed_and_are_never_twice():
    source = RecordedSetup(found=MODELS)
    app = SetupApp(source)
    async with app.run_test(size=(80, 30)) as pilot:
        await to_page(pilot, "PackagesPage")
        await pilot.press("f4")
        await settled(pilot)
        assert front(app) == "PackagesPage"  # nothing is taken yet
        await pilot.press("space", "down", "space", "down", "space")
        await settled(pilot)
        assert "callers name it coder-7b" in screen_text(app)
        await pilot.press("f4")
        await settled(pilot)
        app.screen.query_one("#field-alias Input", Input).value = "general"
        await pilot.press("enter")
        await settled(pilot)
        assert front(app) == "AliasDialog"
        assert "that of qinglan-7b" in screen_text(app)
        app.screen.query_one("#field-alias Input", Input).value = "coder"
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "callers name it coder (F4" in screen_text(app)
        await on(pilot)
        await pilot.press("escape")
        await settled(pilot)
        assert front(app) == "PackagesPage"
        await to_page(pilot, "ConfirmPage")
        shown = " ".join(screen_text(app).replace("│", " ").split())
        assert "general = qinglan-7b, finance = qinglan-finance-7b, coder = coder-7b" in shown
        await to_page(pilot, "DonePage")
        ((answers, _password),) = source.ran
        assert answers.site["models"] == {
            "general": {"package": "qinglan-7b"},
            "finance": {"package": "qinglan-finance-7b"},
            "coder": {"package": "coder-7b"},
        }
        assert [str(site.models["finance"].package) for site in source.planned] == ["qinglan-finance-7b"] * 2
        assert answers.site_config().models["coder"].package == "coder-7b"


async def test_the_base_model_stays_general_where_no_package_is():
    source = RecordedSetup(found=MODELS[1:2])
    app = SetupApp(source)
    async with app.run_test(size=(80, 30)) as pilot:
        await to_page(pilot, "PackagesPage")
        await pilot.press("space")
        await to_page(pilot, "ConfirmPage")
        assert app.draft.site()["models"] == {
            "general": {"package": "base"},
            "finance": {"package": "qinglan-finance-7b"},
        }


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
