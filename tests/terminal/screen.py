"""A terminal of 80×24 that a test types into and reads, by tmux."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gateway.stack import APPLIANCE

Runner = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs a command to its end as `subprocess.run` does, here or inside another host."""

OPEN_S = 120.0
_FRAMES = dict.fromkeys(map(ord, "│─╭╮╰╯"), " ")


def run_here(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command on this machine; its output is captured."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, **options)


def unfolded(shown: str) -> str:
    """Return a screen's text on one line, without frames."""
    return " ".join(shown.translate(_FRAMES).split())


class Terminal:
    """One session of tmux on a server of its own, which `run` starts where it is to be."""

    def __init__(self, folder: Path, width: int = 80, height: int = 24, run: Runner = run_here) -> None:
        self._run = run
        self._socket = folder / "tmux.sock"
        self._size = ("-x", str(width), "-y", str(height))

    def start(self, *command: str, **environment: str) -> None:
        """Run a command in the terminal; what it leaves on the screen stays there."""
        told = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **environment}
        line = " ".join(
            ["env", *(f"{name}={shlex.quote(value)}" for name, value in told.items()), *map(shlex.quote, command)]
        )
        self._tmux("-f", "/dev/null", "new-session", "-d", *self._size, f"{line}; echo ENDED $?; sleep 3600")

    def resize(self, width: int, height: int) -> None:
        """Make the terminal larger or smaller, as somebody who drags its window."""
        self._tmux("resize-window", "-t", "0", "-x", str(width), "-y", str(height))

    def text(self, *, colours: bool = False) -> str:
        """Return what is on the screen, with the sequences that colour it where asked."""
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []), "-t", "0")

    def type(self, *keys: str) -> None:
        """Press keys by tmux's names, or type texts."""
        for key in keys:
            self._tmux("send-keys", "-t", "0", key)
            time.sleep(0.4)

    def wait_for(self, words: str, seconds: float = 60.0) -> str:
        """Return the screen once it shows `words`, as they stand there or over several lines.

        Fails with the last screen.
        """
        return self.wait_for_one(words, seconds=seconds)

    def wait_for_one(self, *words: str, seconds: float = 60.0) -> str:
        """Return the screen once it shows one of `words`. Fails with the last screen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown = self.text()
            plain = unfolded(shown)
            if any(one in shown or one in plain for one in words):
                return shown
            time.sleep(0.5)
        raise AssertionError(f"{words} never came:\n{self.text()}")

    def confirm(self, key: str, question: str, *came_of_it: str, seconds: float = 60.0) -> str:
        """Press a key, see what is asked, say yes; return the screen once it tells one of what may come of it."""
        self.type(key)
        self.wait_for(question)
        self.type("y")
        return self.wait_for_one(*came_of_it, seconds=seconds)

    def end(self) -> None:
        """Close the terminal and everything that still runs in it."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = self._run(["tmux", "-S", str(self._socket), *arguments], timeout=30)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout


@contextmanager
def opened(
    folder: Path, home: Path, *options: str, shows: str = "● connected", run: Runner = run_here, **environment: str
) -> Iterator[Terminal]:
    """Give the appliance's terminal, once its first screen shows some words."""
    terminal = Terminal(folder, run=run)
    terminal.start(str(APPLIANCE), "tui", *options, APPLIANCE_HOME=str(home), **environment)
    try:
        terminal.wait_for(shows, OPEN_S)
        yield terminal
    finally:
        terminal.end()
