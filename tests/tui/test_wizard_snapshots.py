"""Pictures of the first start. After a change that is meant: look at the report, then pytest --snapshot-update."""

import pytest

from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.tui.wizard.app import SetupApp
from tests.tui.recorded import settled
from tests.tui.setup_double import BAD, RecordedSetup
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
@pytest.mark.parametrize("page", ["NetworkPage", "PackagesPage", "ConfirmPage"])
def test_a_page_at_160_by_48(snap_compare, page, language):
    assert shot(snap_compare, page, language, (160, 48))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_an_installation_that_failed(snap_compare, language):
    fault = StartFailed(_("No process could run {function} of the scenario {name}.", function="x", name="y"))
    assert shot(snap_compare, "InstallPage", language, (80, 24), RecordedSetup(fails=[fault]))


def test_a_machine_with_a_fault(snap_compare):
    assert shot(snap_compare, "ChecksPage", "en", (80, 24), RecordedSetup(checks=BAD), ["ctrl+s"])
