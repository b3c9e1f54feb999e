"""What is written into the first start's fields: it is kept, and whatever it is, it is answered with a sentence."""

import pytest
from textual.widgets import Input, OptionList

from appliance.catalogue.plan import Plan
from appliance.catalogue.wish import ServiceLevel
from appliance.core.errors import PreflightError
from appliance.core.messages import _
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.fields import Picks
from appliance.tui.wizard.pages.beginning import ChecksPage
from appliance.tui.wizard.pages.content import PackagesPage, PlanPage
from appliance.tui.wizard.pages.settings import AdministratorPage, JoinPage, NetworkPage
from tests.tui.recorded import screen_text, settled
from tests.tui.setup_double import BAD, MODELS, STICK, RecordedSetup
from tests.tui.test_wizard import PASSWORD, front, on, to_page, write
from tests.tui.test_wizard_install import until


def beginning_at(page, source, language="en", **answers):
    """An app whose first page is one in the middle, so that a test sees no others."""
    app = SetupApp(source, language)
    app.draft = app.with_answer(**answers)
    app._page = page
    return app


def value(app, name):
    return app.screen.query_one(f"#field-{name} Input", Input).value


async def test_the_language_and_going_back_keep_what_is_written_right_or_wrong():
    app = beginning_at(NetworkPage, RecordedSetup())
    async with app.run_test(size=(80, 30)) as pilot:
        await until(pilot, "NetworkPage")
        app.screen.query_one("#choice-host", OptionList).highlighted = 2
        await settled(pilot)
        app.screen.query_one("#choice-tls", OptionList).highlighted = 2
        await write(pilot, port="x90")
        for key in ("f2", "escape", "ctrl+s"):
            await pilot.press(key)
            await settled(pilot)
        assert front(app) == "NetworkPage"
        assert value(app, "port") == "x90"
        page = app.screen
        assert (page.query_one("#choice-host").chosen, page.query_one("#choice-tls").chosen) == ("0.0.0.0", "none")
        assert app.language == "zh_CN"


async def test_a_password_is_kept_and_shown_nowhere():
    app = beginning_at(AdministratorPage, RecordedSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "AdministratorPage")
        await write(pilot, name="lin", password=PASSWORD, again=PASSWORD)
        await pilot.press("f2")
        await settled(pilot)
        assert (value(app, "name"), value(app, "password"), value(app, "again")) == ("lin", PASSWORD, PASSWORD)
        assert PASSWORD not in repr((app.kept, app.draft, *(vars(one) for one in app.screen.query(".field"))))
        await on(pilot)
        await until(pilot, "PackagesPage")
        assert PASSWORD not in repr((app.kept, app.draft))


@pytest.mark.parametrize(
    ("page", "fields", "said"),
    [
        (PackagesPage, {"folder": "~nobodyhere/x"}, "no such file or folder"),
        (PackagesPage, {"folder": "/srv/" + "x" * 300}, "no such file or folder"),
        (PlanPage, {"users": "9" * 5000}, "number of people, from 1 to 1000000"),
        (PlanPage, {"users": "²"}, "number of people, from 1 to 1000000"),
        (NetworkPage, {"port": "9" * 5000}, "number from 1 to 65535"),
    ],
)
async def test_what_nobody_should_write_gets_a_sentence(page, fields, said):
    app = beginning_at(page, RecordedSetup())
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, page.__name__)
        await write(pilot, **fields)
        app.screen.query_one(f"#field-{next(iter(fields))} Input").focus()
        await pilot.press("enter" if page is not NetworkPage else "ctrl+s")
        await settled(pilot)
        assert said in screen_text(app)
        assert front(app) == page.__name__


async def test_a_certificate_of_a_home_that_nobody_has_gets_a_sentence():
    app = beginning_at(NetworkPage, RecordedSetup(), tls="files")
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, "NetworkPage")
        await write(pilot, certificate="~nobodyhere/c.pem", key="~nobodyhere/k.pem")
        await on(pilot)
        assert "no such file or folder" in screen_text(app)


async def test_packages_stay_chosen_while_another_folder_is_looked_in():
    source = RecordedSetup(found=MODELS[:2], elsewhere=MODELS[2:])
    app = beginning_at(PackagesPage, source)
    async with app.run_test(size=(80, 30)) as pilot:
        await until(pilot, "PackagesPage")
        await pilot.press("space", "down")
        await settled(pilot)
        await write(pilot, folder="/srv/packages")
        await pilot.press("f5")
        await settled(pilot)
        shown = screen_text(app)
        assert "coder-7b" in shown
        assert "[x] model qinglan-7b" in shown
        assert "qinglan-finance" not in shown
        app.screen.query_one(Picks).toggle(0)
        await pilot.press("f2")
        await settled(pilot)
        await write(pilot, folder="")
        await pilot.press("f5")
        await settled(pilot)
        assert value(app, "folder") == ""
        await on(pilot)
        assert app.draft.packages == (STICK / "qinglan-7b.lmab", STICK / "coder-7b.lmab")
        assert dict(app.draft.models) == {"general": "qinglan-7b", "coder-7b": "coder-7b"}


async def test_the_plan_is_for_the_chosen_packages_and_the_number_that_is_written():
    source = RecordedSetup()
    source.plan = lambda _site, users, packages: (
        source.planned_with.append((users, packages)) or Plan(ServiceLevel(users=users), (), (), ())
    )
    chosen = (STICK / "qinglan-7b.lmab",)
    app = beginning_at(PlanPage, source, packages=chosen, models=(("general", "qinglan-7b"),))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "PlanPage")
        await write(pilot, users="50")
        assert "appliance plan --users 50 --choose" in screen_text(app)
        await on(pilot)
        assert front(app) == "PlanPage"  # the plan that was shown was for another number
        assert source.planned_with == [(20, chosen), (50, chosen)]
        await on(pilot)
        assert front(app) == "ConfirmPage"
        assert app.draft.answers().users == 50


async def test_a_plan_that_does_not_reach_everybody_says_so_where_everything_is_confirmed():
    app = beginning_at(PlanPage, RecordedSetup())
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, "PlanPage")
        await on(pilot)
        assert "20; the plan does not reach them" in screen_text(app)
        assert app.draft.answers().users is None


async def test_checks_that_cannot_be_made_are_named_and_made_again():
    source = RecordedSetup(checks=BAD[:-1])
    faults = [PreflightError(_("The machine does not answer."))]

    def checks(_site):
        if faults:
            raise faults.pop()
        yield from source.given_checks

    source.checks = checks
    app = beginning_at(ChecksPage, source)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "ChecksPage")
        assert "The machine does not answer." in screen_text(app)
        await on(pilot)
        assert "The machine does not answer." in screen_text(app)
        assert front(app) == "ChecksPage"
        await pilot.press("f5")
        await settled(pilot)
        await on(pilot)
        assert front(app) == "AdministratorPage"


async def test_a_token_is_in_no_command():
    app = beginning_at(JoinPage, RecordedSetup(), role="join")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "JoinPage")
        await write(pilot, head="10.0.0.1; rm", token="njt_secret")
        assert "appliance node join '10.0.0.1; rm' --token TOKEN" in screen_text(app)
        assert "njt_secret" not in screen_text(app)


ON_EACH = {
    "WelcomePage": ("English", "中文"), "RolePage": ("The first machine", "第一台机器"),
    "NetworkPage": ("This machine only", "仅限本机"), "ChecksPage": ("Shared memory", "共享内存"),
    "AdministratorPage": ("Name to sign in with", "登录"), "PackagesPage": ("qinglan-7b", "qinglan-7b"),
    "PlanPage": ("People at once", "同时使用人数"), "ConfirmPage": ("127.0.0.1:8080", "127.0.0.1:8080"),
    "DonePage": ("8080/v1", "8080/v1"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh_CN"])
async def test_a_small_terminal_shows_what_each_page_is_about_and_its_keys(language):
    app = SetupApp(RecordedSetup(checks=BAD[:-1]), language)
    async with app.run_test(size=(40, 12)) as pilot:
        for name, words in ON_EACH.items():
            await to_page(pilot, name)
            shown = screen_text(app)
            assert words[language == "zh_CN"] in shown, name
            assert shown.count("\n") == 11
            assert "Esc" in shown or "^s" in shown.lower() or "Ctrl+S" in shown, name
            assert "$ appliance" in shown, name
