"""What the platform's package is made of: locked wheels, licences, bill of materials."""

import json
import re
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from packaging.version import Version
from referencing import Registry, Resource

from appliance.core.errors import PackageError
from appliance.packages.platform.assembling import assemble
from appliance.packages.platform.distributions import LONGEST_NAME, licence_page, read_wheel, short_wheel_name
from appliance.packages.platform.locks import Locked, lock_text, read_locks
from appliance.packages.tuned_recipe import load_tuned_recipe, tuned_recipe_path
from tests.unit.packages.platform_workshop import ROOT, Maker, sha256, tiny_wheel
from tests.unit.packages.signed_packages import NOW

SCHEMAS = ROOT / "tests" / "data" / "cyclonedx"


FINANCE = Path("images") / "models" / "finance"


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    made = Maker(tmp_path_factory.mktemp("maker"))
    shutil.copytree(ROOT / FINANCE, made.checkout / FINANCE)
    return made


@pytest.fixture(scope="module")
def folder(maker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("assembled")
    for _news in assemble(maker.order(), folder, NOW):
        pass
    return folder


@pytest.fixture(scope="module")
def bill(folder):
    return json.loads((folder / "sbom.cdx.json").read_text())


def test_everything_is_there(folder):
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "LICENSE", "install.sh", "sbom.cdx.json", "docs/offline.md", "scenarios/talk/scenario.yaml",
        "locks/cpu.txt", "locks/torch-cpu.txt", "locks/install.txt",
        "models/base/card.yaml", "models/base/weights.safetensors",
        "tuned/finance/recipe.yaml", "tuned/finance/adapter/adapter_config.json",
        "tuned/finance/adapter/adapter_model.safetensors",
        "wheels/tiny_one-1.0-py3-none-any.whl", "wheels/tiny_two-1.0-py3-none-any.whl",
        "wheels/llm_appliance-1.0-py3-none-any.whl",
        "licences/tiny-one-1.0.txt", "licences/tiny-two-1.0.txt", "licences/llm-appliance-1.0.txt",
    }  # fmt: skip


def test_the_lock_of_the_package_names_exactly_its_wheels(folder):
    locked = read_locks([folder / "locks" / "install.txt"])
    assert {digest for one in locked for digest in one.hashes} == {sha256(one) for one in (folder / "wheels").iterdir()}
    assert [one.name for one in locked] == ["llm-appliance", "tiny-one", "tiny-two"]


def test_each_licence_text_is_there(folder):
    page = (folder / "licences" / "tiny-two-1.0.txt").read_text()
    assert "Licence: Apache-2.0 OR MIT" in page
    assert "The licence text of tiny_two." in page
    assert "Apache License" in (folder / "licences" / "llm-appliance-1.0.txt").read_text()


def test_the_bill_is_valid_cyclonedx(bill):
    names = ("bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")
    schemas = [json.loads((SCHEMAS / name).read_text()) for name in names]
    registry = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in schemas]
    )  # fmt: skip
    validator = Draft7Validator(schemas[0], registry=registry)
    assert [error.message for error in validator.iter_errors(bill)] == []
    assert list(validator.iter_errors({**bill, "components": [{"name": "no type"}]}))


def test_the_bill_holds_every_locked_distribution_with_version_hash_and_licence(bill, folder, maker):
    wheels = {one["name"]: one for one in bill["components"] if one["type"] == "library"}
    locked = read_locks([maker.checkout / "locks" / name for name in ("torch-cpu.txt", "cpu.txt")])
    assert set(wheels) == {one.name for one in locked} | {"llm-appliance"}
    for one in locked:
        component = wheels[one.name]
        assert component["version"] == one.version
        assert component["hashes"][0]["content"] in one.hashes
        assert component["licenses"][0]["expression"] in ("MIT", "Apache-2.0 OR MIT")
        assert sha256(folder / component["properties"][0]["value"]) == component["hashes"][0]["content"]


def test_the_bill_says_who_needs_whom(bill):
    graph = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert graph["pkg:pypi/llm-appliance@1.0"] == ["pkg:pypi/tiny-two@1.0"]
    assert graph["pkg:pypi/tiny-two@1.0"] == ["pkg:pypi/tiny-one@1.0"]
    assert set(graph["appliance"]) >= {"data/talk@1.0.0", "machine-learning-model/Tiny@1"}


def test_the_bill_names_model_and_scenario_with_their_files(bill, folder):
    models = [one for one in bill["components"] if one["type"] == "machine-learning-model"]
    model, tuned = sorted(models, key=lambda one: one["name"] != "Tiny")
    named = {file["name"]: file["hashes"][0]["content"] for file in tuned["components"]}
    weights = "adapter/adapter_model.safetensors"
    assert named[weights] == sha256(folder / "tuned" / "finance" / weights)
    hashes = {file["name"]: file["hashes"][0]["content"] for file in model["components"]}
    assert hashes["weights.safetensors"] == sha256(folder / "models" / "base" / "weights.safetensors")
    assert [one["name"] for one in bill["components"] if one["type"] == "data"] == ["talk"]


def test_an_installed_release_finds_the_recipes_that_came_with_it(folder, tmp_path, monkeypatch):
    (tmp_path / "files").symlink_to(folder)
    monkeypatch.setattr("appliance.config.installation._ROOT", tmp_path / "venv" / "lib")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    path = tuned_recipe_path("finance")
    assert path == tmp_path / "files" / "tuned" / "finance" / "recipe.yaml"
    assert load_tuned_recipe(path).name == "finance"
    assert tuned_recipe_path("nonsense") is None


def test_a_second_build_of_the_same_gives_the_same_bill(maker, folder, tmp_path):
    for _news in assemble(maker.order(), tmp_path, NOW):
        pass
    assert (tmp_path / "sbom.cdx.json").read_bytes() == (folder / "sbom.cdx.json").read_bytes()


def test_a_wheel_of_another_checksum_is_not_taken(tmp_path, monkeypatch):
    (tmp_path / "maker").mkdir()
    made = Maker(tmp_path / "maker")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(made.wheels))
    tiny_wheel(made.wheels, "tiny_one", licence="BSD-3-Clause")
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(PackageError, match=r"torch-cpu\.txt cannot be had"):
        for _news in assemble(made.order(), target, NOW):
            pass


def test_the_package_begins_with_its_manifest_and_holds_these_files(maker):
    built = maker.build()
    with tarfile.open(built.package) as archive:
        names = archive.getnames()
    assert names[:2] == ["manifest.json", "manifest.json.minisig"]
    assert "files/install.sh" in names
    assert (sha256(built.package), sha256(built.installer)) == (built.package_sha256, built.installer_sha256)


@pytest.mark.parametrize("name", ["cpu.txt", "gpu.txt", "torch-cpu.txt"])
def test_the_real_lock_files_are_read_whole(name):
    text = (ROOT / "locks" / name).read_text()
    locked = read_locks([ROOT / "locks" / name])
    assert len({one.name for one in locked}) == len(locked)  # markers leave one version of each
    assert sum(len(one.hashes) for one in locked) <= text.count("--hash=")
    names = {re.split(r"[=;\[ ]", line)[0] for line in text.splitlines() if re.match(r"[a-z0-9]", line)}
    elsewhere = {"colorama", "pywin32", "win32-setctime", "httpx2-jsfetch"}
    assert {one.name for one in locked} >= names - elsewhere
    assert all(Version(one.version) for one in locked)


def test_a_lock_file_is_read_as_it_is_written(tmp_path):
    locked = (Locked("a", "1", frozenset({"0" * 64, "1" * 64})), Locked("b", "2+cpu", frozenset({"2" * 64})))
    (tmp_path / "lock.txt").write_text("# a remark\n" + lock_text(locked))
    assert read_locks([tmp_path / "lock.txt"]) == locked


@pytest.mark.parametrize("line", ["a==1", "a>=1 \\\n    --hash=sha256:" + "0" * 64])
def test_an_entry_without_version_or_checksum_is_refused(tmp_path, line):
    (tmp_path / "lock.txt").write_text(line + "\n")
    with pytest.raises(PackageError, match="does not pin a"):
        read_locks([tmp_path / "lock.txt"])


def test_what_is_no_wheel_is_refused(tmp_path):
    path = tmp_path / "x-1-py3-none-any.whl"
    path.write_bytes(b"not a zip")
    with pytest.raises(PackageError, match="no wheel"):
        read_wheel(path)


def test_a_long_name_of_a_wheel_loses_tags_until_it_fits():
    tags = "manylinux1_x86_64.manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_5_x86_64"
    name = f"pybase64-1.5.1-cp311-cp311-{tags}.whl"
    short = short_wheel_name(name)
    assert len(name) > LONGEST_NAME >= len(short)
    assert short.startswith("pybase64-1.5.1-cp311-cp311-manylinux1_x86_64.")
    assert short_wheel_name("a-1-py3-none-any.whl") == "a-1-py3-none-any.whl"
    with pytest.raises(PackageError, match="too long"):
        short_wheel_name("a" * 100 + "-1-py3-none-any.whl")


@pytest.mark.parametrize(
    ("metadata", "licence", "is_spdx"),
    [
        ("License: Apache 2.0", "Apache-2.0", True),
        ("License: MIT License\n        and much more", "MIT", True),
        ("Classifier: License :: OSI Approved :: BSD License", "BSD-3-Clause", True),
        ("License: Some End User Agreement", "Some End User Agreement", False),
        ("Summary: nothing said", "NOASSERTION", False),
    ],
)
def test_licences_as_metadata_says_them(tmp_path, metadata, licence, is_spdx):
    path = Path(tmp_path / "x-1-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("x-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: X\nVersion: 1\n{metadata}\n")
    found = read_wheel(path)
    assert (found.name, found.licence, found.is_spdx) == ("x", licence, is_spdx)
    assert "carries no licence text" in licence_page(found)
