"""The last steps of every model package: convert in a process of its own, write the card, take the name."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import yaml

from appliance.core.errors import PackageError
from appliance.core.files import fsync_folder, write_durably
from appliance.core.messages import _
from appliance.packages.card import CARD_FILE, FileEntry, ModelCard, Source
from appliance.packages.checksums import sha256_of_file, verify_package
from appliance.packages.recipe import Description

_BUILD_TOOLS: Final = ("transformers", "torch", "gguf", "safetensors", "tokenizers")
_LOG_TAIL_LINES: Final = 3
_NO_HUB: Final = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def run_child(module: str, arguments: Sequence[object], log: Path, lock: int | None = None) -> None:
    """Run a module of ours in a process of its own, its words in `log`; it inherits the file `lock`.

    Raises `PackageError` with the end of the log, OSError when the disk is full.
    """
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = (sys.executable, "-m", module, *map(str, arguments))
    # No GPU: the conversion needs none, and the engine may be using it.
    environment = {**os.environ, **_NO_HUB, "CUDA_VISIBLE_DEVICES": "", "TQDM_DISABLE": "1"}
    inherited = () if lock is None else (lock,)
    with log.open("wb") as words:
        child = subprocess.Popen(command, stdout=words, stderr=subprocess.STDOUT, env=environment, pass_fds=inherited)
        try:
            code = child.wait()
        finally:
            child.kill()
            child.wait()
    if code != 0:
        said = log.read_text(encoding="utf-8", errors="replace")
        if "No space left on device" in said:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        lines = said.strip().splitlines()[-_LOG_TAIL_LINES:]
        raise PackageError(
            _("The model could not be built: {reason}", reason=" / ".join(lines) or f"exit code {code}"),
            _("The whole log is in {log}. `appliance doctor` checks the installation.", log=log),
        )


def seal(
    package: Path,
    description: Description,
    chat_template: str | None,
    source: Source | None = None,
    origin: Mapping[str, str] | None = None,
) -> ModelCard:
    """Write the card over the finished files, bring everything to the disk, and check it. Raises `PackageError`."""
    files: dict[str, FileEntry] = {}
    for path in sorted(package.iterdir()):
        path.chmod(0o600)
        files[path.name] = FileEntry(size_bytes=path.stat().st_size, sha256=sha256_of_file(path))
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    card = ModelCard(
        **description.model_dump(),
        chat_template=chat_template,
        source=source,
        origin=dict(origin or {}),
        tools={name: version(name) for name in _BUILD_TOOLS},
        files=files,
    )
    unsaid = {"embedding"} if card.embedding is None else set()
    text = yaml.safe_dump(card.model_dump(mode="json", exclude=unsaid), allow_unicode=True, sort_keys=False, width=110)
    write_durably(package / CARD_FILE, text.encode())
    return verify_package(package)


def swap_in(package: Path, target: Path) -> None:
    """Give the finished package its name; a predecessor goes first, so the name never holds half of one."""
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        target.rename(old)
    package.rename(target)
    fsync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)
