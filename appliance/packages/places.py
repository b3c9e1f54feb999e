"""Where the files of a model are: an installed package's first, then a folder that somebody built or put there."""

import platform
import sys
from pathlib import Path

from appliance.config.home import Home
from appliance.packages.signed.manifest import Platform
from appliance.packages.signed.store import PackageStore
from appliance.packages.signed.trust import Trust


def this_platform(accelerator: str | None = None) -> Platform:
    """Return what this machine is, as manifests name it."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Platform.model_validate({"arch": platform.machine(), "python": python, "accelerator": accelerator})


def open_store(home: Home, accelerator: str | None = None) -> PackageStore:
    """Return the packages of `home`; nothing is made before something is installed."""
    return PackageStore(home.packages, Trust(home.trusted_keys), this_platform(accelerator))


def model_folder(home: Home, package: str) -> Path:
    """Return the folder of a model package; it need not be there."""
    installed = open_store(home).current("model", package)
    return home.models / package if installed is None else installed.files
