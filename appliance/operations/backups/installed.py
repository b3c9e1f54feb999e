"""Which packages a home holds: a backup lists them, for they are installed again from where they came."""

from collections.abc import Iterable

from appliance.config.home import Home
from appliance.operations.backups.manifest import ListedPackage
from appliance.operations.platform import installed_platforms
from appliance.packages.card import CARD_FILE
from appliance.packages.catalogue import list_packages
from appliance.packages.checksums import sha256_of_file
from appliance.packages.places import open_store
from appliance.packages.signed.building import MANIFEST


def installed_packages(home: Home) -> tuple[ListedPackage, ...]:
    """Return the packages in use, those of the platform first, then signed ones, then folders in `models/`."""
    found = [
        ListedPackage(
            kind=release.manifest.kind,
            name=release.manifest.name,
            version=release.manifest.version,
            sha256=sha256_of_file(release.folder / MANIFEST),
        )
        for release in (*installed_platforms(), *open_store(home).releases())
        if release.current
    ]
    for package in list_packages(home):
        card = package.folder / CARD_FILE
        digest = sha256_of_file(card) if card.is_file() else None
        found.append(ListedPackage(kind="folder", name=package.name, version="", sha256=digest))
    return tuple(found)


def missing_packages(listed: Iterable[ListedPackage], home: Home) -> tuple[ListedPackage, ...]:
    """Return those of `listed` that `home` does not hold in exactly that form; the platform's release may differ."""
    here = {(one.kind, one.name, one.sha256) for one in installed_packages(home)}
    return tuple(one for one in listed if one.kind != "platform" and (one.kind, one.name, one.sha256) not in here)
