import json
import pickle

import pytest
import yaml

from appliance.core.errors import PackageError
from appliance.packages.card import load_card
from appliance.packages.catalogue import list_packages
from appliance.packages.checksums import verify_package
from appliance.packages.recipe import load_recipe


def admit(folder, name):
    """Put `name` into the card's list, as someone who builds a bad package would."""
    card = yaml.safe_load((folder / "card.yaml").read_text())
    card["files"][name] = {"size_bytes": (folder / name).stat().st_size, "sha256": "0" * 64}
    (folder / "card.yaml").write_text(yaml.safe_dump(card))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "modeling_base.py", "kernel.so"])
def test_a_package_that_can_hold_code_is_refused(package, name):
    _home, _recipe, folder = package
    (folder / name).write_bytes(pickle.dumps({}))
    admit(folder, name)
    with pytest.raises(PackageError, match=f"{name} is of a kind that can hold code"):
        load_card(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_package_that_asks_for_its_own_code_is_refused(package, name):
    _home, _recipe, folder = package
    content = json.loads((folder / name).read_text()) | {"auto_map": {"AutoModel": "modeling_base.Model"}}
    (folder / name).write_text(json.dumps(content))
    admit(folder, name)
    with pytest.raises(PackageError, match="auto_map"):
        load_card(folder)


def test_a_pickle_under_a_safetensors_name_is_refused(package):
    _home, _recipe, folder = package
    (folder / "model.safetensors").write_bytes(pickle.dumps(list(range(1000))))
    admit(folder, "model.safetensors")
    with pytest.raises(PackageError, match="not a safetensors file"):
        load_card(folder)


def test_links_and_folders_are_refused(package, tmp_path):
    _home, _recipe, folder = package
    (folder / "notes.txt").symlink_to(tmp_path)
    with pytest.raises(PackageError, match=r"notes\.txt is not a plain file"):
        load_card(folder)


def test_a_file_that_the_card_does_not_list_is_refused(package):
    _home, _recipe, folder = package
    (folder / "extra.json").write_text("{}")
    with pytest.raises(PackageError, match=r"extra\.json is not in the card"):
        load_card(folder)


def test_a_shortened_file_is_found_without_reading_it(package):
    _home, _recipe, folder = package
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(PackageError, match="not of the size"):
        load_card(folder)


def test_a_changed_byte_is_found_by_its_checksum(package):
    _home, _recipe, folder = package
    verify_package(folder)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(PackageError, match=r"model\.safetensors has changed"):
        verify_package(folder)


def test_unknown_fields_in_card_and_recipe_are_refused(package):
    _home, recipe, folder = package
    for path, read in ((folder / "card.yaml", lambda: load_card(folder)), (recipe, lambda: load_recipe(recipe))):
        before = path.read_text()
        path.write_text(before + "surprise: 1\n")
        with pytest.raises(PackageError, match="surprise"):
            read()
        path.write_text(before)


def test_the_list_shows_damaged_packages_with_their_reason(package):
    home, _recipe, folder = package
    (home.models / "empty").mkdir()
    (home.models / "README").write_text("not a package")
    whole, empty = list_packages(home)
    assert (whole.name, whole.card.title, whole.fault) == ("base", "Tiny", None)
    assert empty.card is None
    assert "card.yaml is missing" in str(empty.fault)
    assert folder == whole.folder
