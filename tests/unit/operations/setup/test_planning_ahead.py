"""The plan of a first start: with models of packages that lie on a stick and are not installed."""

import json
import shutil

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import InvalidRequest, PackageError
from appliance.operations.packages import build, make_key
from appliance.operations.setup.finding import find_packages, model_entry
from appliance.packages.signed.building import Wish
from appliance.tui.wizard.source import LocalSetup
from tests.unit.operations.small_models import write_model
from tests.unit.operations.test_planning import TINY

OWN = SiteConfig.model_validate({"models": {"general": {"package": "own-tiny"}}})


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def packed(tmp_path):
    """Return what makes a signed model package with the public key beside it, of a configuration."""

    def make(config, name="own-tiny"):
        folder = write_model(tmp_path / "models" / name, config=json.dumps(config))
        stick = tmp_path / "stick"
        stick.mkdir(exist_ok=True)
        make_key(stick / "tiny", None)
        target = stick / f"{name}.lmab"
        wish = Wish(kind="model", name=name, version="1.0", release_counter=1, licence="MIT", source="test")
        list(build(wish, folder, stick / "tiny.key", None, target))
        return target

    return make


def test_a_package_on_a_stick_is_planned_with_before_it_is_installed(home, packed):
    file = packed(TINY)
    plan = LocalSetup(home).plan(OWN, 3, [file])
    assert plan.placement("general").entry.name == "own-tiny"
    assert plan.placement("general").entry.architecture.layers == 30
    assert plan.level.users == 3
    assert not plan.refusals
    assert not home.root.exists()


@pytest.mark.parametrize("config", [{}, {"model_type": "unheard-of"}, {**TINY, "num_hidden_layers": "many"}])
def test_a_model_that_cannot_be_sized_is_told(home, packed, config):
    with pytest.raises(PackageError, match="own-tiny cannot be sized"):
        LocalSetup(home).plan(OWN, 3, [packed(config)])


def test_a_configuration_that_was_changed_is_refused(home, packed):
    file = packed(TINY)
    content = file.read_bytes().replace(b'"num_hidden_layers": 30', b'"num_hidden_layers": 31')
    file.write_bytes(content)
    with pytest.raises(PackageError, match=r"config\.json is damaged"):
        model_entry(home, file)


def test_of_other_packages_nothing_is_planned(home, lexicon):
    package, _key = lexicon
    assert model_entry(home, package) is None
    with pytest.raises(PackageError, match="cannot be read"):
        model_entry(home, package.with_name("pulled-out.lmab"))


def test_what_was_chosen_elsewhere_is_listed_beside_another_folder(home, packed, lexicon, tmp_path):
    words, _key = lexicon
    other = tmp_path / "other"
    other.mkdir()
    for file in (packed(TINY), tmp_path / "stick" / "tiny.pub"):
        shutil.move(file, other)
    found = LocalSetup(home).packages(words.parent, [other / "own-tiny.lmab", tmp_path / "gone.lmab"])
    assert [one.file.name for one in found if one.file.parent == other] == ["own-tiny.lmab"]
    assert words in [one.file for one in found]


@pytest.mark.parametrize("name", ["not-there", "x" * 300, "a\0b"])
def test_a_folder_that_cannot_be_is_told(home, tmp_path, name):
    with pytest.raises(InvalidRequest, match="no such file or folder"):
        LocalSetup(home).packages(tmp_path / name)
    assert list(find_packages(home, SiteConfig(), [tmp_path / name])) == []
