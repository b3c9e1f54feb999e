"""Faults 14 and 15: models and settings are changed under load, badly and well."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from faults.fault import Fault
from faults.outcomes import Measured, counted, failed
from faults.rig import Rig

PACKAGE = "base-again"
_WEIGHTS, _CONFIG = "model.safetensors", "config.json"


@contextlib.contextmanager
def copied(home: Path) -> Iterator[Path]:
    """Give the base model once more, as the package `PACKAGE`, inside the block."""
    folder = home / "models" / PACKAGE
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home / "models" / "base", folder, copy_function=os.link)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file anew: it may be a link to one that serves."""
    path.unlink()
    path.write_bytes(content)


def damage_weights(folder: Path) -> None:
    """Flip the last bits of the weights, as a bad disk does."""
    content = (folder / _WEIGHTS).read_bytes()
    replace_file(folder / _WEIGHTS, content[:-4] + bytes(byte ^ 0xFF for byte in content[-4:]))


def ask_for_missing_weights(folder: Path) -> None:
    """Let the model's own configuration name a layer without weights, and the card agree, as a bad package does."""
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    content = json.dumps({**config, "num_hidden_layers": config["num_hidden_layers"] + 1}).encode()
    replace_file(folder / _CONFIG, content)
    card = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    card["files"][_CONFIG] = {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    replace_file(folder / "card.yaml", yaml.safe_dump(card, allow_unicode=True).encode())


def bad_changes(rig: Rig) -> Measured:
    """Stage a package that is not there, one with damaged weights, one that cannot load; then a bad site file."""
    refused: dict[str, bool] = {}
    with rig.load("fault-14") as load:
        load.await_open(2)
        refused["no such package"] = rig.cli("model", "stage", "general", "no-such-package").returncode != 0
        for name, spoil in (("damaged weights", damage_weights), ("missing weights", ask_for_missing_weights)):
            with copied(rig.home) as folder:
                spoil(folder)
                refused[name] = rig.cli("model", "stage", "general", PACKAGE).returncode != 0
        refused["bad site file"] = _bad_site_file(rig)
        load.await_whole(load.clients)
    lost = failed(load.outcomes)
    passed = [name for name, done in refused.items() if not done]
    text = f"refused: {', '.join(name for name, done in refused.items() if done)}; "
    text += f"NOT refused: {', '.join(passed)}; " if passed else ""
    return Measured(text + f"{len(load.outcomes)} requests, not answered: {counted(lost)}", not lost and not passed)


def _bad_site_file(rig: Rig) -> bool:
    """Apply a site file with a fault in it; tell whether it was refused. The old one is back afterwards."""
    path = rig.home / "site.yaml"
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"\ngatewy: {port: -1}\n")
        return rig.cli("up").returncode != 0
    finally:
        path.write_bytes(before)


def rolling_update(rig: Rig) -> Measured:
    """Put another version of the model in place of the one that serves, and take it back, under load."""
    steps = (("stage", "general", PACKAGE), ("promote", "general", "--no-gate"), ("rollback", "general"))
    with copied(rig.home), rig.load("fault-15") as load:
        load.await_open(2)
        for step in steps:
            done = rig.cli("model", *step)
            if done.returncode != 0:
                return Measured(f"`model {step[0]}` failed: {done.stderr.strip()[-160:]}", met=False)
            load.await_whole(load.clients)
    lost = failed(load.outcomes)
    text = f"staged, promoted, rolled back; {len(load.outcomes)} requests, not answered: {counted(lost)}"
    return Measured(text, not lost)


FAULTS = (
    Fault(
        14, "a bad model or configuration is applied", "the old one keeps serving, 0 failed requests", bad_changes
    ),
    Fault(15, "a rolling update under load", "0 failed requests", rolling_update),
)  # fmt: skip
