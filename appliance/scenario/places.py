"""Where scenario packs are: installed packages, those that a site put into its home folder, those that are shipped."""

from pathlib import Path

from appliance.config.home import Home
from appliance.config.installation import shipped
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.packages.places import open_store
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import ScenarioPack

_SHIPPED = shipped("scenarios")
_ADDED = "scenarios"
_DESCRIPTION = "scenario.yaml"


def pack_folders(home: Home) -> dict[str, Path]:
    """Return the folder of each pack by name; an installed one goes before one in the home folder, that before ours."""
    found: dict[str, Path] = {}
    for place in (_SHIPPED, home.root / _ADDED):
        if place.is_dir():
            for folder in sorted(place.iterdir()):
                if (folder / _DESCRIPTION).is_file():
                    found[folder.name.replace("_", "-")] = folder
    installed = (release for release in open_store(home).releases("scenario") if release.current)
    return found | {release.manifest.name: release.files for release in installed}


def own_folders(home: Home) -> dict[str, Path]:
    """Return by pack the folder with the bank's own files of it (`ScenarioContext.own_files`), where there is one."""
    folders = {name: home.root / name for name in pack_folders(home)}
    return {name: folder for name, folder in sorted(folders.items()) if folder.is_dir()}


def find_pack(home: Home, name: str) -> ScenarioPack:
    """Load the pack `name`. Raises `ConfigError` when there is none or it cannot be used."""
    folders = pack_folders(home)
    if name not in folders:
        raise ConfigError(
            _("There is no scenario pack {name}.", name=repr(name)),
            _("Known packs: {names}. Correct `scenarios` in the site file.", names=", ".join(sorted(folders)) or "-"),
        )
    pack = load_pack(folders[name])
    if pack.name != name:
        raise ConfigError(
            _("The scenario pack in {folder} calls itself {name}.", folder=folders[name], name=pack.name),
            _("Name folder and pack alike, with underscores in the folder's name for hyphens."),
        )
    return pack
