"""Pictures of the first start. After a change that is meant: look at the report, then pytest --snapshot-update."""

import pytest

from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.operations.setup.answers import Administrator, Answers
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.pages.settings import JoinPage
from appliance.tui.wizard.source import Left
from tests.tui.recorded import settled
from tests.tui.setup_double import BAD, MODELS, RecordedSetup, Slow, joining
from tests.tui.test_wizard import to_page

PAGES = ("WelcomePage", "RolePage", "NetworkPage", "ChecksPage", "AdministratorPage", "PackagesPage", "PlanPage",
         "ConfirmPage", "DonePage")  # fmt: skip


def shot(snap_compare, page, language, size, source=None, press=()):
    app = SetupApp(source or RecordedSetup(), language)

    async def before(pilot):
        await to_page(pilot, page)
        await pilot.press(*press)
        await settled(pilot)

    return snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_at_80_by_24(snap_compare, page, language):
    assert shot(snap_compare, page, language, (80, 24))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_at_160_by_48(snap_compare, page, language):
    assert shot(snap_compare, page, language, (160, 48))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_an_installation_that_failed(snap_compare, language):
    fault = StartFailed(_("No process could run {function} of the scenario {name}.", function="x", name="y"))
    assert shot(snap_compare, "InstallPage", language, (80, 24), RecordedSetup(fails=[fault]))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize(
    ("size", "press"),
    [((80, 24), ["space", "down", "space"]), ((80, 24), ["space", "f4"]), ((40, 12), ["space", "f4"])],
)
def test_the_alias_of_a_model(snap_compare, language, size, press):
    assert shot(snap_compare, "PackagesPage", language, size, RecordedSetup(found=MODELS), press)


def test_a_machine_with_a_fault(snap_compare):
    assert shot(snap_compare, "ChecksPage", "en", (80, 24), RecordedSetup(checks=BAD), ["ctrl+s"])


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_an_installation_at_work(snap_compare, language, size):
    assert shot(snap_compare, "InstallPage", language, size, Slow())


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
@pytest.mark.parametrize("page", ["JoinPage", "ConfirmPage", "DonePage"])
def test_a_machine_that_joins(snap_compare, language, size, page):
    app = joining(RecordedSetup(), JoinPage, language)

    async def before(pilot):
        await to_page(pilot, page)

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_password_after_a_power_cut(snap_compare, language):
    answers = Answers(language=language, administrator=Administrator(name="lin"))
    source = RecordedSetup(left=Left(answers, asks_password=True))
    assert shot(snap_compare, "AdministratorPage", language, (80, 24), source)
