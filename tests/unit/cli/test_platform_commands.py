"""The commands for the whole platform as a package, where this program runs from a checkout."""

from types import SimpleNamespace

import pytest

from appliance.core.progress import Progress
from appliance.operations import platform
from appliance.operations.platform_state import Snapshot, State
from appliance.packages.signed.minisign import SecretKey
from tests.unit.packages.signed_packages import Workshop


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "maker.key"
    path.write_text(SecretKey.generate().to_text())
    return str(path)


def test_an_unknown_accelerator_is_refused(run, key):
    outcome = run("package", "build-platform", "--key", key, "--release", "1", "--output", "x.lmab",
                  "--accelerator", "tpu")  # fmt: skip
    assert outcome.code != 0
    assert "There is no accelerator 'tpu'" in outcome.err


def test_in_a_checkout_there_is_no_platform_to_roll_back(run):
    outcome = run("package", "rollback", "platform", "appliance")
    assert outcome.code != 0
    assert "was not installed from a platform package" in outcome.err


def test_in_a_checkout_a_platform_package_is_not_installed(run, home, tmp_path):
    shop = Workshop(tmp_path / "shop")
    public = tmp_path / "maker.pub"
    public.write_text(shop.key.public.to_text())
    assert run("package", "trust", str(public)).code == 0
    outcome = run("package", "install", str(shop.package(kind="platform", name="appliance")))
    assert outcome.code != 0
    assert "was not installed from a platform package" in outcome.err


@pytest.fixture
def lossy(monkeypatch):
    """A return that would lose three keys; nothing is really there."""
    title = SimpleNamespace(title="platform appliance 1.0", version="1.0")
    there = SimpleNamespace(manifest=title)
    snapshot = Snapshot(None, "0000000001-1.0", "upgrade", "2026-11-26T00:00:00.000Z", State(1, {}))
    way = platform.WayBack(there, there, snapshot, {"api_keys": 3})
    done = []

    def roll_back(home, site, *, database_saved):
        done.append(database_saved)
        yield Progress("platform.switch", platform._("Keep the present state"), "done")
        yield there

    monkeypatch.setattr(platform, "way_back", lambda home, site: way)
    monkeypatch.setattr(platform, "roll_back", roll_back)
    return done


def test_a_return_that_loses_data_is_not_made_where_nobody_can_be_asked(run, lossy):
    outcome = run("package", "rollback", "platform", "appliance")
    assert outcome.code != 0
    assert "api_keys" in outcome.err
    assert "Add --yes to go on" in outcome.err
    assert lossy == []


def test_a_return_that_loses_data_says_so_and_goes_on_with_yes(run, lossy):
    outcome = run("package", "rollback", "platform", "appliance", "--yes", "--database-saved")
    assert outcome.code == 0
    assert "platform appliance 1.0 is in use" in outcome.err
    assert lossy == [True]
