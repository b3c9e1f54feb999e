"""Where scenario packs are: those that a site added in its home folder, then those that come with the appliance."""

from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.scenario.loading import load_pack
from appliance.scenario.pack import ScenarioPack

_SHIPPED = Path(__file__).resolve().parent.parent.parent / "scenarios"
_ADDED = "scenarios"


def pack_folders(home: Home) -> dict[str, Path]:
    """Return the folder of each pack by name; a pack in the home folder goes before a shipped one of that name."""
    found: dict[str, Path] = {}
    for place in (_SHIPPED, home.root / _ADDED):
        if place.is_dir():
            for folder in sorted(place.iterdir()):
                if (folder / "scenario.yaml").is_file():
                    found[folder.name.replace("_", "-")] = folder
    return found


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
