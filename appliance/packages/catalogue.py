"""The packages in the home folder: whole ones with their cards, damaged ones with the reason."""

from dataclasses import dataclass
from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import PackageError
from appliance.packages.card import ModelCard, load_card


@dataclass(frozen=True)
class InstalledPackage:
    """One folder below `models/`: either `card` or `fault` is set."""

    name: str
    folder: Path
    card: ModelCard | None
    fault: PackageError | None = None


def list_packages(home: Home) -> tuple[InstalledPackage, ...]:
    """Return every package, by name. Checksums are not read: see `verify_package`."""
    if not home.models.is_dir():
        return ()
    found = []
    for folder in sorted(home.models.iterdir()):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            found.append(InstalledPackage(folder.name, folder, load_card(folder)))
        except PackageError as error:
            found.append(InstalledPackage(folder.name, folder, None, error))
    return tuple(found)
