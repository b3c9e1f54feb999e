"""Pictures of the first screen. After a change that is meant: look at the report, then pytest --snapshot-update."""

import pytest

from appliance.core.errors import AuthenticationFailed, NotRunning
from appliance.core.messages import _
from appliance.operations.gateways import START_IT
from tests.tui.recorded import later, load, read_all, recorded_app

GONE = NotRunning(_("No appliance answers at {url}.", url="http://127.0.0.1:8080"), START_IT)
REFUSED = AuthenticationFailed(
    _("The appliance refused the key in {file}.", file="/srv/appliance/admin.key"),
    _("Make a new one with `appliance key create`, and write it into that file."),
)


def series(name, readings=40):
    status = load(name)
    return [later(status, number) for number in range(readings)]


def shot(snap_compare, readings, language="en", size=(80, 24), press=()):
    app = recorded_app(*readings, language=language)
    read = read_all(app)

    async def before(pilot):
        await read(pilot)
        await pilot.press(*press)
        await pilot.pause()

    return snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("name", ["one-cpu-node", "three-gpu-nodes"])
def test_overview_at_80_by_24(snap_compare, name, language):
    assert shot(snap_compare, series(name), language)


def test_eight_accelerators_fit_at_80_by_24(snap_compare):
    assert shot(snap_compare, series("eight-gpus"))


def test_overview_at_120_by_40(snap_compare):
    assert shot(snap_compare, series("three-gpu-nodes"), size=(120, 40))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_overview_at_160_by_48(snap_compare, language):
    assert shot(snap_compare, series("three-gpu-nodes", 100), language, size=(160, 48))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_never_reached(snap_compare, language):
    assert shot(snap_compare, [GONE], language)


def test_lost_after_readings(snap_compare):
    assert shot(snap_compare, [*series("one-cpu-node"), GONE])


def test_key_refused(snap_compare):
    assert shot(snap_compare, [REFUSED])


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_help(snap_compare, language):
    assert shot(snap_compare, series("one-cpu-node", 3), language, press=["question_mark"])


def test_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert shot(snap_compare, series("three-gpu-nodes"))
