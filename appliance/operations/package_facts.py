"""Installed packages as people look at them: the release in use, the one kept beside it, who signed them, licences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import ApplianceError, Conflict, InvalidRequest
from appliance.core.messages import _
from appliance.core.units import KIB
from appliance.operations.accounts import nothing_there, open_accounts
from appliance.operations.models import KIND
from appliance.operations.operator import operator
from appliance.operations.packages import installed, trust, trusted
from appliance.operations.setup.finding import FoundPackage, find_packages
from appliance.packages.signed.building import SIGNATURE
from appliance.packages.signed.manifest import Kind
from appliance.packages.signed.minisign import PublicKey, parse_public_key, parse_signature
from appliance.packages.signed.store import Release
from appliance.state.approval_records import canonical

_LICENCES: Final = ("licen", "notice", "copying")
_MOST_TEXT: Final = 512 * KIB


@dataclass(frozen=True)
class InstalledPackage:
    """One package. At least one of `used` and `kept` is there."""

    kind: Kind
    name: str
    used: Release | None
    kept: Release | None
    """The release that rolling back puts in use; it may be the newer one."""
    signed_by: str | None
    """Id of the key; None where no signature is kept."""
    trusted: bool
    """Whether more packages of that key are taken."""

    @property
    def shown(self) -> Release:
        """The release in use, or else the one that is kept."""
        release = self.used or self.kept
        assert release is not None
        return release


def installed_packages(home: Home) -> tuple[InstalledPackage, ...]:
    """Return what is installed, by kind and name. Raises `PackageError` for a manifest or key that is damaged."""
    keys, found = set(trusted(home)), []
    for (kind, name), group in groupby(installed(home), lambda one: (one.manifest.kind, one.manifest.name)):
        releases = list(group)
        used = next((one for one in releases if one.current), None)
        kept = next((one for one in releases if not one.current), None)
        signed_by = _signed_by(used or releases[0])
        found.append(InstalledPackage(kind, name, used, kept, signed_by, signed_by in keys))
    return tuple(found)


def find_new(home: Home, site: SiteConfig, folders: Iterable[Path]) -> Iterator[FoundPackage]:
    """Yield what `find_packages` does; one that is in use already, or older than what was here, has that as its fault.

    Raises `PackageError` for an installed manifest that is damaged.
    """
    releases = {(one.kind, one.name): one for one in installed_packages(home)}
    for found in find_packages(home, site, folders):
        manifest = found.manifest
        package = None if manifest is None else releases.get((manifest.kind, manifest.name))
        if manifest is None or package is None or found.fault is not None:
            yield found
            continue
        counters = [one.manifest.release_counter for one in (package.used, package.kept) if one is not None]
        if package.used is not None and manifest.release_counter == package.used.manifest.release_counter:
            yield replace(found, fault=_("it is in use already"))
        elif manifest.release_counter < max(counters):
            highest = max(counters)
            told = _("release {highest} is here, and an older one is not taken in its place", highest=highest)
            yield replace(found, fault=told)
        else:
            yield found


def licence_text(folder: Path, licence: str) -> str:
    """Return the texts of the licence in a package's folder, or an empty text where there is none.

    `licence` is what the package says of itself: the name of a file, or of a licence that everybody knows.
    """
    try:
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()]
    except OSError:
        return ""
    texts = []
    for path in files:
        if path.name == licence or path.name.casefold().startswith(_LICENCES):
            with path.open("rb") as file:
                text = file.read(_MOST_TEXT).decode("utf-8", "replace")
            texts.append(f"{path.name}\n\n{text.strip()}\n")
    return "\n".join(texts)


def read_key(file: Path) -> PublicKey:
    """Return the key of a `.pub` file. Raises `PackageError`, `InvalidRequest`."""
    try:
        return parse_public_key(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be read: {reason}.", path=file, reason=error.strerror or str(error)),
            _("Check the path and who may read it."),
        ) from error


def trust_known(home: Home, site: SiteConfig, file: Path, key_id: str) -> PublicKey:
    """Trust the key of a file that was shown as `key_id`. Raises `Conflict` where the file has another one by now."""
    if read_key(file).key_id != key_id:
        raise Conflict(
            _("{path} holds another key now; nothing was changed.", path=file), _("Look at the packages again.")
        )
    return trust(home, site, file)


def granted(home: Home, site: SiteConfig, change: Mapping[str, Any]) -> str:
    """Return the approval that one has already for a change of the models that serve; an empty text without one."""
    if nothing_there(home, site):
        return ""
    with open_accounts(home, site) as accounts:
        approved = accounts.approvals.list(status="approved")
    mine = (KIND, canonical(change), operator())
    return next((one.id for one in approved if (one.kind, one.payload, one.asked_by) == mine), "")


def _signed_by(release: Release) -> str | None:
    try:
        text = (release.folder / SIGNATURE).read_text(encoding="utf-8", errors="replace")
        return parse_signature(text).key_id
    except (OSError, ApplianceError):
        return None
