"""What is collected: each part by itself, so that one that cannot be had does not stop the others."""

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from appliance import __version__
from appliance.cluster.instance import read_instance
from appliance.config.home import Home
from appliance.config.installation import shipped
from appliance.config.site import SiteConfig, load_site
from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError
from appliance.core.messages import Message, _, current_language
from appliance.core.progress import Progress
from appliance.hardware.discovery import discover
from appliance.operations.accounts import nothing_there
from appliance.operations.audit import check_log
from appliance.operations.client import read_admin_key
from appliance.operations.doctor import examine
from appliance.operations.doctor.software import IMPORTS
from appliance.operations.gateway_trust import trust_of, verified_by
from appliance.operations.gateways import base_url
from appliance.operations.redaction import Redactor
from appliance.operations.support_bundle.logs import log_files, read_tail
from appliance.operations.support_bundle.parts import Bundle, Missing, Part, data_part, text_part
from appliance.operations.support_bundle.secrets import known_secrets
from appliance.state.audit.faults import Report
from appliance.state.database import Database, sqlite_url
from appliance.state.overview import applied_migrations, rows_by_table

_STATUS_TIMEOUT_S = 10.0
_SHOWN_FOLDERS = ("state", "documents", "files", "indexes", "models", "packages", "downloads", "logs", "run")


@dataclass
class _Collected:
    """What has come together so far."""

    redactor: Redactor
    parts: list[Part] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    def add(self, name: str, make: Callable[[], Any]) -> None:
        """Add what `make` returns, or why it could not."""
        try:
            self.parts.append(data_part(name, make(), self.redactor))
        except (ApplianceError, OSError, ValueError) as error:
            self.lack(name, error)

    def lack(self, name: str, error: Exception | str) -> None:
        """Note what is not there."""
        reason, _counts = self.redactor.clean(str(error) or type(error).__name__)
        self.missing.append(Missing(name, reason))


def collect(home: Home, modules: Sequence[str] = IMPORTS) -> Iterator[Progress | Bundle]:
    """Yield the steps and at the end the bundle. Nothing is written; the appliance may run or not.

    `modules` are imported by the doctor, seconds each.
    """
    made_at = iso(utc_now())
    site, fault = _site(home)
    found = _Collected(Redactor(known_secrets(home, site)))
    found.add("version.json", _versions)
    _add_locks(found)
    _add_site_file(home, found, fault)
    yield Progress("machine", _("Look at this machine"))
    found.add("machine.json", lambda: _machine(home))
    found.add("doctor.json", lambda: [one.to_dict(current_language()) for one in examine(home, modules=modules)])
    yield Progress("machine", _("Look at this machine"), "done")
    yield Progress("state", _("Look at the database and the audit log"))
    site = site or SiteConfig()
    found.add("status.json", lambda: _status(home, site))
    found.add("disk.json", lambda: {name: _size_of(home.root / name) for name in _SHOWN_FOLDERS})
    _add_database(home, site, found)
    yield Progress("state", _("Look at the database and the audit log"), "done")
    yield from _add_logs(home, found)
    parts, missing = sorted(found.parts, key=_by_name), sorted(found.missing, key=_by_name)
    yield Bundle(made_at, __version__, tuple(parts), tuple(missing))


def _by_name(one: Part | Missing) -> str:
    return one.name


def _site(home: Home) -> tuple[SiteConfig | None, ApplianceError | None]:
    try:
        return load_site(home.site_file), None
    except ApplianceError as error:
        return None, error


def _versions() -> dict[str, Any]:
    packages = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    return {
        "appliance": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "packages": dict(sorted((name, version) for name, version in packages.items() if name)),
    }


def _add_locks(found: _Collected) -> None:
    folder = shipped("locks")
    files = sorted(folder.glob("*.txt"))
    for file in files:
        _add_file(found, f"locks/{file.name}", file)
    if not files:
        found.lack("locks", str(_("The lock files do not lie beside this installation.")))


def _add_site_file(home: Home, found: _Collected, fault: ApplianceError | None) -> None:
    if fault is not None:
        found.lack("site.yaml (as settings)", fault)
    if home.site_file.exists():
        _add_file(found, "site.yaml", home.site_file)
    else:
        found.lack("site.yaml", str(_("There is none: defaults apply.")))


def _add_file(found: _Collected, name: str, file: Path) -> None:
    try:
        text, left_out = read_tail(file)
    except OSError as error:
        found.lack(name, error.strerror or str(error))
        return
    if "\0" in text:  # of another encoding, in which nothing could be found
        found.lack(name, str(_("It is no text in UTF-8.")))
        return
    found.parts.append(text_part(name, text, found.redactor, left_out))


def _machine(home: Home) -> dict[str, Any]:
    instance = read_instance(home.instance_file)
    return {
        "facts": discover(folders=(home.root,)).model_dump(mode="json"),
        "load": os.getloadavg(),
        "instance": None if instance is None else asdict(instance),
    }


def _status(home: Home, site: SiteConfig) -> Any:  # noqa: ANN401 - JSON
    """Return the status, without waiting long for an appliance that hangs."""
    headers = {"Authorization": f"Bearer {read_admin_key(home)}"}
    try:
        answer = httpx.get(
            f"{base_url(site)}/v1/appliance/status", headers=headers, timeout=_STATUS_TIMEOUT_S, trust_env=False,
            verify=verified_by(trust_of(home, site)),
        )  # fmt: skip
        answer.raise_for_status()
        return json.loads(answer.text)
    except httpx.HTTPError as error:
        raise OSError(str(error)) from error


def _size_of(folder: Path) -> dict[str, int]:
    """Return files and bytes below a folder; links are not followed."""
    count = size = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            details = Path(place, name).lstat()
            count, size = count + 1, size + details.st_size
    return {"files": count, "bytes": size}


def _add_database(home: Home, site: SiteConfig, found: _Collected) -> None:
    if nothing_there(home, site):
        for name in ("database.json", "migrations.json", "audit.json"):
            found.lack(name, str(_("There is no database yet.")))
        return
    readable = len(found.missing)
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        found.add("database.json", lambda: {"kind": database.dialect, "rows": rows_by_table(database)})
        found.add("migrations.json", lambda: applied_migrations(database))
    finally:
        database.close()
    if len(found.missing) > readable:
        found.lack("audit.json", str(_("The database cannot be read.")))
        return
    found.add("audit.json", lambda: _audit(home, site))


def _audit(home: Home, site: SiteConfig) -> dict[str, Any]:
    """Return what a check of the log says, and none of its records."""
    (report,) = (one for one in check_log(home, site) if isinstance(one, Report))
    return report.to_dict()


def _add_logs(home: Home, found: _Collected) -> Iterator[Progress]:
    title: Message = _("Clean the logs")
    files = log_files(home)
    yield Progress("logs", title)
    left = files.budget
    for number, (name, path) in enumerate(files.found):
        if left <= 0:
            found.lack(name, str(_("The logs that are newer fill the bundle already.")))
            continue
        before = len(found.parts)
        _add_file(found, name, path)
        left -= sum(len(part.content) for part in found.parts[before:])
        yield Progress("logs", title, fraction=(number + 1) / len(files.found))
    for name, reason in files.refused:
        found.lack(name, reason)
    yield Progress("logs", title, "done")
