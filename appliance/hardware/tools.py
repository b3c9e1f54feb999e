"""Vendors' command-line tools: found, run with a time limit and without a shell, and read strictly."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

# Where vendors install their tools without putting them on every user's or service's path.
FOLDERS = ("/opt/rocm/bin", "/opt/hyhal/bin", "/usr/local/hyhal/bin", "/usr/local/sbin", "/usr/local/bin")
READ_TIMEOUT_S = 30.0
SAMPLE_TIMEOUT_S = 10.0
_END_S = 2.0
_WORDS_CHARACTERS = 240
# The first line that opens a document; a warning may begin with "[WARNING]". No later line is tried: the parts of a
# damaged document are not the document.
_DOCUMENT = re.compile(r"^\s*(?:\{|\[\s*(?:\{|\]))", re.MULTILINE)
_STRING = re.compile(r'("(?:[^"\\\n]|\\.)*")(?=(\s*")?)')


class ToolFault(Exception):
    """A tool did not do what was asked; the text is the tool's own words, or what kept it from speaking."""


@dataclass(frozen=True)
class Output:
    """What a tool left when it ended."""

    code: int
    stdout: str
    stderr: str = ""

    def words(self) -> str:
        """Return what the tool says, on one line and shortened; of a Python traceback its last line."""
        text = self.stderr.strip() or self.stdout.strip()
        lines = ["".join(c if c.isprintable() else " " for c in line).strip() for line in text.splitlines()]
        lines = [line for line in lines if line]
        if any(line.startswith("Traceback ") for line in lines):
            lines = lines[-1:]
        return "; ".join(lines)[:_WORDS_CHARACTERS] or f"exit code {self.code}"


class Tools(Protocol):
    """Finds and runs tools by their plain names; recordings stand in for the system's."""

    def has(self, name: str) -> bool:
        """Say whether the tool is installed."""
        ...

    def run(self, command: Sequence[str], timeout_s: float) -> Output:
        """Run a tool, its name first, to its end. Raises `ToolFault` where it cannot be started or does not end."""
        ...


class SystemTools:
    """The tools of this machine, on the path or where vendors put them. `folders` are looked through last."""

    def __init__(self, folders: Sequence[str] = FOLDERS) -> None:
        self._folders = folders

    def has(self, name: str) -> bool:
        """Say whether the tool is installed."""
        return self._find(name) is not None

    def run(self, command: Sequence[str], timeout_s: float) -> Output:
        """Run a tool in plain English. Raises `ToolFault`; a tool that hangs in its driver is left to the kernel."""
        path = self._find(command[0])
        if path is None:
            raise ToolFault(f"{command[0]}: not found")
        try:
            process = subprocess.Popen(
                [path, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"},
                start_new_session=True,
            )
        except OSError as error:
            raise ToolFault(f"{command[0]}: {error.strerror}") from error
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=_END_S)  # a process inside a hanging driver does not even die
            raise ToolFault(f"{command[0]}: no answer after {timeout_s:g} s") from error
        return Output(process.returncode, stdout.decode(errors="replace"), stderr.decode(errors="replace"))

    def _find(self, name: str) -> str | None:
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), *self._folders])
        found = shutil.which(name, path=path)
        return str(Path(found).absolute()) if found else None


def ask(tools: Tools, *command: str, timeout_s: float) -> str:
    """Return what a tool prints. Raises `ToolFault` with its words where it fails or prints nothing."""
    output = tools.run(command, timeout_s)
    if output.code != 0:
        raise ToolFault(output.words())
    if not output.stdout.strip():
        raise ToolFault(output.words() if output.stderr.strip() else f"{command[0]}: no output")
    return output.stdout


def ask_json(tools: Tools, *command: str, timeout_s: float) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a tool prints, warnings around it left out. Raises `ToolFault`."""
    text = ask(tools, *command, timeout_s=timeout_s)
    start = _DOCUMENT.search(text)
    document = text[start.start() :].lstrip() if start else ""
    for attempt in (document, with_commas(document)):
        with suppress(ValueError, RecursionError):
            return json.JSONDecoder().raw_decode(attempt)[0]
    raise ToolFault(f"{' '.join(command)}: no JSON: {Output(0, text).words()}"[:_WORDS_CHARACTERS])


def with_commas(document: str) -> str:
    """Put the commas back that hy-smi leaves out between one entry and the next: `"91.0""Average …"`."""
    return _STRING.sub(lambda string: f"{string[1]}," if string[2] else string[1], document)
