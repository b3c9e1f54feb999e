import fcntl
import os
import signal
import stat
import subprocess
import sys
import time

import pytest
import yaml

from appliance.core.errors import DiskFull, PackageError
from appliance.packages.build import base_recipe_path, ensure_base_model
from appliance.packages.card import load_card
from appliance.packages.catalogue import list_packages
from appliance.packages.checksums import sha256_of_file, verify_package
from appliance.packages.recipe import load_recipe, recipe_digest

BUILD = """
import sys
from pathlib import Path
from appliance.config.home import Home
from appliance.packages.build import ensure_base_model
for news in ensure_base_model(Home(Path(sys.argv[1])), Path(sys.argv[2])):
    print(news.step, news.state, flush=True)
"""


def states(steps):
    return [(news.step, news.state) for news in steps]


def test_a_build_gives_a_whole_package_that_transformers_reads(built_once):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    home, made, steps = built_once
    assert states(steps)[-1] == ("model.seal", "done")
    folder = home.models / "base"
    card = verify_package(folder)
    assert card.dtype == "bfloat16"
    assert card.source.recipe_sha256 == recipe_digest(made.recipe, load_recipe(made.recipe))
    assert card.tools["transformers"]
    assert {name: sha256_of_file(folder / name) for name in card.files} == {
        name: entry.sha256 for name, entry in card.files.items()
    }
    assert card.weights_bytes == (folder / "model.safetensors").stat().st_size
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.num_parameters() == card.parameters
    assert tokenizer.eos_token == "<|im_end|>"
    assert model.generation_config.eos_token_id == tokenizer.eos_token_id
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": "ab"}], tokenize=False)
    assert prompt.endswith("<|im_start|>user\nab<|im_end|>\n")


def test_nothing_but_the_package_is_left_in_the_models_folder(built_once):
    home, _made, _steps = built_once
    assert sorted(path.name for path in home.models.iterdir()) == [".base.lock", "base"]


def test_a_second_run_builds_nothing(package):
    home, recipe, folder = package
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert states(ensure_base_model(home, recipe)) == [("model", "skipped")]
    assert states(ensure_base_model(home, None)) == [("model", "skipped")]
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    # A copy has new times, so the checksums are read again and the note of them is renewed; nothing else is.
    assert {name: after[name] for name in before if name != ".verified.json"} == {
        name: moment for name, moment in before.items() if name != ".verified.json"
    }


def test_a_package_of_another_recipe_is_built_again(package):
    home, recipe, folder = package
    changed = recipe.with_name("changed.yaml")
    fields = yaml.safe_load(recipe.read_text()) | {"version": "2"}
    changed.write_text(yaml.safe_dump(fields))
    assert states(ensure_base_model(home, changed))[-1] == ("model.seal", "done")
    assert load_card(folder).version == "2"
    assert not (home.models / ".base.old").exists()


def test_a_damaged_package_that_we_built_is_built_again(package):
    home, recipe, folder = package
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    building = ensure_base_model(home, recipe)
    assert next(building).step == "model.fetch"
    building.close()


def test_a_damaged_package_of_the_site_is_reported_and_kept(package):
    home, recipe, folder = package
    card = yaml.safe_load((folder / "card.yaml").read_text())
    del card["source"]
    (folder / "card.yaml").write_text(yaml.safe_dump(card))
    (folder / "config.json").unlink()
    with pytest.raises(PackageError, match=r"config\.json is missing"):
        list(ensure_base_model(home, recipe))
    assert (folder / "model.safetensors").exists()


def test_without_recipe_and_without_package_the_message_says_what_to_do(home):
    with pytest.raises(PackageError, match="make up"):
        list(ensure_base_model(home, None))


def test_a_failed_conversion_leaves_no_model_and_names_the_log(home, workshop):
    workshop.write(parameters=7)
    with pytest.raises(PackageError, match=r"not what the recipe says.*model-build\.log"):
        list(ensure_base_model(home, workshop.recipe))
    assert list_packages(home) == ()
    assert [path.name for path in home.models.iterdir()] == [".base.lock"]


def test_too_little_space_is_told_before_anything_is_fetched(home, workshop):
    workshop.write(disk_bytes=1 << 60)
    with pytest.raises(DiskFull, match=str(home.models)):
        list(ensure_base_model(home, workshop.recipe))
    assert not home.downloads.exists()


def test_a_disk_that_fills_during_the_build_is_named(home, workshop, small_disk):
    home.models.rmdir()
    home.models.symlink_to(small_disk)
    with pytest.raises(DiskFull):
        list(ensure_base_model(home, workshop.recipe))
    assert [path.name for path in small_disk.iterdir()] == [".base.lock"]


def test_a_build_that_is_killed_leaves_nothing_and_the_next_one_succeeds(home, workshop):
    command = [sys.executable, "-c", BUILD, str(home.root), str(workshop.recipe)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    for line in process.stdout:
        if line.startswith("model.convert running"):
            break
    # Once the log is there the child runs: all of it is killed, as a power cut would.
    while not (home.logs / "model-build.log").exists():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with (home.models / ".base.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # free when the converting child is gone too
    assert list_packages(home) == ()
    assert states(ensure_base_model(home, workshop.recipe))[-1] == ("model.seal", "done")
    assert [installed.name for installed in list_packages(home)] == ["base"]


def test_two_builds_at_once_are_one(home, workshop):
    first = ensure_base_model(home, workshop.recipe)
    next(first)
    with pytest.raises(PackageError, match="Another process"):
        next(ensure_base_model(home, workshop.recipe))
    first.close()


def test_the_checkout_holds_the_base_models_recipe():
    path = base_recipe_path()
    recipe = load_recipe(path)
    assert recipe.name == "base"
    assert set(recipe.weaknesses) == {"en", "zh_CN"}
    assert (path.parent / recipe.chat_template).is_file()
