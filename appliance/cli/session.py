"""What every command needs: the home, its site file, and where to print."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from appliance.config.home import Home

if TYPE_CHECKING:
    from appliance.config.site import SiteConfig
    from appliance.operations.client import ApplianceClient

DEFAULT_HOME = "~/.local/share/appliance"


@dataclass
class Session:
    """One command line's context. Results go to `out` (stdout), progress and errors to `err` (stderr)."""

    home: Home
    language: str
    out: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=False))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    @cached_property
    def site(self) -> "SiteConfig":
        """The site file of the home, read at first use; a restore that was cut off is finished first.

        Raises `ConfigError`, `AlreadyRunning` while a restore is at work.
        """
        from appliance.config.site import load_site

        if self.home.restore_journal.exists():
            from appliance.operations.backups import finish_restore

            finish_restore(self.home)
        return load_site(self.home.site_file)

    def connect(self) -> "ApplianceClient":
        """Return a client of the running appliance. Raises `NotRunning` where it was never started."""
        from appliance.operations.client import ApplianceClient

        return ApplianceClient.for_home(self.home, self.site)

    def print_json(self, value: Mapping[str, object]) -> None:
        """Print `value` as JSON: the only thing a `--json` command writes to stdout."""
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def open_session(home: Path, language: str) -> Session:
    """Return the session of the home folder `home` (`~` and relative paths are resolved)."""
    return Session(Home(home.expanduser().absolute()), language)


def session_of(context: typer.Context) -> Session:
    """Return the session that the global options made."""
    session = context.find_object(Session)
    if session is None:
        raise RuntimeError("the global options have not run")
    return session
