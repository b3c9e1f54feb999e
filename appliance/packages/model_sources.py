"""Which files a version of a model is: a release of an installed package, or a folder that somebody put there."""

from dataclasses import dataclass
from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.packages.card import CARD_FILE, load_card
from appliance.packages.checksums import sha256_of_file
from appliance.packages.places import open_store
from appliance.packages.signed.store import Release

_DIGITS = 8


@dataclass(frozen=True)
class ModelSource:
    """The files of one version, and what it is called."""

    package: str
    release_counter: int | None
    """None: a folder below models/ that no package installed."""
    version: str
    folder: Path


def current_source(home: Home, package: str) -> ModelSource:
    """Return the version in use: the store's, else that of the folder below models/. Raises `PackageError`."""
    release = open_store(home).current("model", package)
    return _folder(home, package) if release is None else _released(release)


def source_at(home: Home, package: str, release_counter: int | None) -> ModelSource:
    """Return one release, or with None the folder below models/. Raises `NotFound`, `PackageError`."""
    if release_counter is None:
        return _folder(home, package)
    for release in open_store(home).releases("model", package):
        if release.manifest.release_counter == release_counter:
            return _released(release)
    raise NotFound(
        _("Release {counter} of the model package {name} is not kept here.", counter=release_counter, name=package),
        _("`appliance package list` shows what is."),
        code="release_not_found",
    )


def _released(release: Release) -> ModelSource:
    manifest = release.manifest
    version = f"{manifest.version}-r{manifest.release_counter}"
    return ModelSource(manifest.name, manifest.release_counter, version, release.files)


def _folder(home: Home, package: str) -> ModelSource:
    """The card's digest tells apart folders that say the same version of themselves."""
    folder = home.models / package
    card = load_card(folder)
    version = f"{card.version[:48]}-{sha256_of_file(folder / CARD_FILE)[:_DIGITS]}"
    return ModelSource(package, None, version, folder)
