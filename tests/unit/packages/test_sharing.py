"""Which packages a node gives to others, and taking one over."""

import pytest

from appliance.config.home import Home
from appliance.core.errors import PackageError
from appliance.packages.checksums import verify_package
from appliance.packages.sharing import files_by_checksum, folder_of, has_whole, packages_for, packages_here, take_over
from tests.unit.operations.small_models import write_model


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    found.create()
    return found


def received(home, package, folder):
    """Give the files of a package as they lie after a fetch: under their checksums."""
    folder.mkdir()
    for checksum, path in files_by_checksum(home, [package]).items():
        (folder / checksum).write_bytes(path.read_bytes())
    return lambda file: folder / file.sha256


def test_a_tuned_model_goes_with_its_adapter(home):
    for name in ("finance", "finance-adapter", "other"):
        write_model(home.models / name)
    assert [one.name for one in packages_for(home, [("finance", None)])] == ["finance", "finance-adapter"]
    assert [one.name for one in packages_here(home)] == ["finance", "finance-adapter", "other"]


def test_what_is_not_whole_is_not_given(home):
    write_model(home.models / "base")
    (home.models / "base" / "config.json").unlink()
    write_model(home.models / ".base.part")
    assert packages_for(home, [("base", None), ("absent", None)]) == ()
    assert packages_here(home) == ()


def test_a_file_that_the_card_does_not_name_makes_no_package(home, tmp_path):
    other = Home(tmp_path / "other")
    other.create()
    write_model(home.models / "base")
    (package,) = packages_for(home, [("base", None)])
    more = package.files[1].model_copy(update={"path": "generation_config.json"})
    doubled = package.model_copy(update={"files": (*package.files, more)})
    with pytest.raises(PackageError, match="is not in the card"):
        take_over(other, doubled, received(home, package, tmp_path / "incoming"))
    assert list(other.models.iterdir()) == []


def test_a_package_that_was_taken_over_is_the_same(home, tmp_path):
    other = Home(tmp_path / "other")
    other.create()
    write_model(home.models / "base")
    (package,) = packages_for(home, [("base", None)])
    assert not has_whole(other, package)
    take_over(other, package, received(home, package, tmp_path / "incoming"))
    assert has_whole(other, package)
    assert packages_here(other) == (package,)
    verify_package(folder_of(other, package))
    (other.models / "base" / "config.json").write_bytes(b"[]")
    assert not has_whole(other, package)


def test_a_model_of_the_installation_is_not_replaced(home, tmp_path):
    """The platform's own base model is reached by a link: another one means another release."""
    other = Home(tmp_path / "other")
    other.create()
    write_model(tmp_path / "platform" / "base", weights=b"{ }")
    (other.models / "base").symlink_to(tmp_path / "platform" / "base")
    write_model(home.models / "base")
    (package,) = packages_for(home, [("base", None)])
    with pytest.raises(PackageError, match="not the one of the head"):
        take_over(other, package, received(home, package, tmp_path / "incoming"))
    assert (other.models / "base").is_symlink()
