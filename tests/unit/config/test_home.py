import stat

import pytest

from appliance.config.home import Home
from appliance.core.errors import ConfigError


def test_the_home_and_its_folders_are_for_their_owner_only(tmp_path):
    home = Home(tmp_path / "home")
    home.create()
    folders = [home.root, *(path for path in home.root.rglob("*") if path.is_dir())]
    assert len(folders) > 5
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_home_that_is_open_to_others_is_closed(tmp_path):
    home = Home(tmp_path / "home")
    home.root.mkdir(mode=0o755)
    home.create()
    home.create()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700


def test_every_path_lies_below_the_root_and_naming_it_makes_nothing(tmp_path):
    home = Home(tmp_path / "home")
    names = [name for name, value in vars(Home).items() if isinstance(value, property)]
    paths = [getattr(home, name) for name in names]
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(home.root) for path in paths)
    assert not home.root.exists()


def test_a_home_that_cannot_be_made_is_a_setting_to_mend(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(ConfigError, match="--home"):
            Home(path).create()
