"""A bare home, a start without Ray, and a signed package as its maker gives it away."""

import pytest

from appliance.config.home import Home
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.packages import build, make_key
from appliance.operations.setup import running
from appliance.packages.signed.building import Wish
from tests.unit.serving.ports import free_ports

LEXICON = 'version: "1"\ngroups:\n  - {category: own, tier: block, words: [一号项目]}\n'


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def site():
    first = free_ports(13)
    return {"gateway": {"port": first + 12}, "cluster": {"port": first}}


@pytest.fixture
def started(monkeypatch):
    """Collect the sites that would be started; the first entry of `fail` is raised in place of a start."""
    sites, failures = [], []

    def bring_up(_home, site):
        sites.append(site)
        yield Progress("start", _("Start"))
        if failures:
            raise failures.pop()

    monkeypatch.setattr(running, "bring_up", bring_up)
    return sites, failures


@pytest.fixture
def built(tmp_path):
    """Give a function that builds a signed package of a lexicon on a stick, beside the public key."""
    stick = tmp_path / "stick"
    stick.mkdir()
    make_key(stick / "vendor", None)

    def build_one(name):
        folder = tmp_path / f"{name}-words"
        folder.mkdir()
        (folder / "lexicon.yaml").write_text(LEXICON, encoding="utf-8")
        target = stick / f"{name}.lmab"
        wish = Wish(kind="lexicon", name=name, version="1.0", release_counter=1, licence="MIT", source="test")
        list(build(wish, folder, stick / "vendor.key", None, target))
        return target

    return build_one


@pytest.fixture
def lexicon(built):
    """Return a signed package of a lexicon, and the public key it is signed with."""
    package = built("own")
    return package, package.parent / "vendor.pub"


@pytest.fixture
def second(built):
    """Return another package that is signed with the same key."""
    return built("other")
