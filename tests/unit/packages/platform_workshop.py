"""A platform of three tiny wheels: what is big about the real one is left out, every step is the real one."""

import hashlib
import shutil
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import yaml

from appliance.operations.platform_building import Built, build_order
from appliance.packages.card import ModelCard
from appliance.packages.platform.assembling import Order, bootstrap_program
from appliance.packages.signed.minisign import SecretKey
from appliance.state.migrations import MIGRATIONS

ROOT = Path(__file__).parents[3]
LATER_STEP = len(MIGRATIONS) + 1
PYTHON = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
# What stands for the appliance: it starts, says its version, may migrate the database, may fail.
PROGRAM = """
import pathlib, sqlite3, sys

VERSION, STEP = {version!r}, {step!r}

def main():
    if "--version" in sys.argv:
        print("appliance", VERSION)
        return
    home = pathlib.Path(sys.argv[sys.argv.index("--home") + 1])
    if sys.argv[-1] == "up":
        with open(home / "starts", "a") as file:
            file.write(VERSION + chr(10))
        if STEP and (home / "state" / "appliance.db").exists():
            with sqlite3.connect(home / "state" / "appliance.db") as database:
                if not database.execute("SELECT 1 FROM migrations WHERE number = ?", (STEP,)).fetchone():
                    database.execute("CREATE TABLE later (x INTEGER)")
                    database.execute("INSERT INTO migrations VALUES (?, 'later', '2026')", (STEP,))
        if "bad" in VERSION:
            sys.exit("it does not answer")
"""


def offline_program() -> types.ModuleType:
    """Return the program that `install-offline.sh` carries, as it is shipped."""
    module = types.ModuleType("offline")
    exec(compile(bootstrap_program(ROOT), "install-offline", "exec"), module.__dict__)
    return module


def sha256(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tiny_wheel(folder, name, version="1.0", licence="MIT", needs=()) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = (
        f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: tiny\nLicense-Expression: {licence}\n"
    )
    metadata += "License-File: LICENSE\n" + "".join(f"Requires-Dist: {one}\n" for one in needs)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "ANSWER = 42\n")
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/licenses/LICENSE", f"The licence text of {name}.\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def model_package(folder) -> Path:
    folder.mkdir(parents=True)
    header = b'{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
    weights = folder / "weights.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header + b"abcd")
    card = ModelCard(
        name="base", version="1", kind="chat", title="Tiny", languages=["en"], context_length=128, parameters=1,
        dtype="bfloat16", licence="Apache-2.0", weaknesses={"en": "Knows nothing.", "zh_CN": "一无所知。"},
        chat_template="x.jinja", source=None, origin={}, tools={},
        files={weights.name: {"size_bytes": 12 + len(header), "sha256": sha256(weights)}},
    )  # fmt: skip
    (folder / "card.yaml").write_text(yaml.safe_dump(card.model_dump(mode="json"), allow_unicode=True))
    return folder


class Maker:
    """A checkout to build from, and the key that signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = SecretKey.generate()
        self.public = folder / "maker.pub"
        self.public.write_text(self.key.public.to_text())
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.model = model_package(folder / "model")
        self.checkout = folder / "checkout"
        (self.checkout / "locks").mkdir(parents=True)
        one = tiny_wheel(self.wheels, "tiny_one")
        needs = ("tiny-one", "absent; extra == 'x'")
        two = tiny_wheel(self.wheels, "tiny_two", licence="Apache-2.0 OR MIT", needs=needs)
        self.lock("torch-cpu.txt", f"tiny-one==1.0 \\\n    --hash=sha256:{sha256(one)}\n")
        elsewhere = "elsewhere==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\n"
        pinned = f"tiny-two==1.0 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{sha256(two)}\n"
        self.lock("cpu.txt", elsewhere + pinned)
        (self.checkout / "docs").mkdir()
        (self.checkout / "docs" / "offline.md").write_text("# Offline\n")
        (self.checkout / "LICENSE").write_text("Apache License\n")
        pack = self.checkout / "scenarios" / "talk"
        pack.mkdir(parents=True)
        (pack / "scenario.yaml").write_text("name: talk\nversion: 1.0.0\n")
        shutil.copytree(ROOT / "images" / "platform", self.checkout / "images" / "platform")

    def lock(self, name, text) -> None:
        (self.checkout / "locks" / name).write_text(text)

    def order(self, version="1.0", step=None) -> Order:
        (self.checkout / "tiny_appliance.py").write_text(PROGRAM.format(version=version, step=step))
        (self.checkout / "pyproject.toml").write_text(
            "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
            f"[project]\nname = 'llm-appliance'\nversion = '{version.replace('bad', '0')}'\nlicense = 'Apache-2.0'\n"
            "requires-python = '>=3.11'\n"
            "dependencies = ['tiny-two']\n[project.scripts]\nappliance = 'tiny_appliance:main'\n"
            "[tool.hatch.build.targets.wheel]\ninclude = ['tiny_appliance.py']\n"
        )
        return Order(self.checkout, version, "cpu", self.model, self.wheels)

    def build(self, version="1.0", counter=1, step=None) -> Built:
        target = self.folder / f"release-{counter}" / f"appliance-{version}.lmab"
        *_news, built = build_order(self.order(version, step), counter, self.key, target)
        return built


def run_installer(built: Built, key: Path, prefix: Path, home: Path, **environment) -> subprocess.CompletedProcess:
    """Install as somebody on a bare machine does: nothing of this environment goes along."""
    return subprocess.run(
        ["sh", built.installer, built.package, key, "--home", home, "--prefix", prefix],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8", "PYTHON": str(PYTHON)} | environment,
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
