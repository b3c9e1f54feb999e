"""A terminal of 80×24 that a test types into and reads, by tmux."""

import os
import shlex
import subprocess
import time
from pathlib import Path


class Terminal:
    """One session of tmux on a server of its own."""

    def __init__(self, folder: Path, width: int = 80, height: int = 24) -> None:
        self._socket = folder / "tmux.sock"
        self._size = ("-x", str(width), "-y", str(height))

    def start(self, *command: str, **environment: str) -> None:
        """Run a command in the terminal; what it leaves on the screen stays there."""
        told = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", **environment}
        line = " ".join(
            ["env", *(f"{name}={shlex.quote(value)}" for name, value in told.items()), *map(shlex.quote, command)]
        )
        self._tmux("-f", "/dev/null", "new-session", "-d", *self._size, f"{line}; echo ENDED $?; sleep 3600")

    def text(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "0")

    def type(self, *keys: str) -> None:
        """Press keys by tmux's names, or type texts."""
        for key in keys:
            self._tmux("send-keys", "-t", "0", key)
            time.sleep(0.4)

    def wait_for(self, words: str, seconds: float = 30.0) -> str:
        """Return the screen once it shows `words`. Fails with the last screen."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown = self.text()
            if words in shown:
                return shown
            time.sleep(0.5)
        raise AssertionError(f"{words!r} never came:\n{self.text()}")

    def end(self) -> None:
        """Close the terminal and everything that still runs in it."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments],
            capture_output=True, text=True, check=False, timeout=30, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout
