"""Making the platform's package from a checkout: one signed file, and the script that installs it elsewhere."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import appliance
from appliance.config.home import Home
from appliance.core.clock import Clock, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.transfer import told
from appliance.packages.build import base_recipe_path, ensure_base_model
from appliance.packages.places import this_platform
from appliance.packages.platform.assembling import Order, assemble, bootstrap_script
from appliance.packages.platform.releases import NAME
from appliance.packages.signed.building import Wish, build_package
from appliance.packages.signed.minisign import SecretKey

INSTALLER: Final = "install-offline.sh"


@dataclass(frozen=True)
class Built:
    """What was made: the package and the script, each with its SHA-256 for the paper that goes with them."""

    package: Path
    package_sha256: str
    installer: Path
    installer_sha256: str


def build_platform(
    home: Home,
    accelerator: Literal["cpu", "gpu"],
    release_counter: int,
    key: SecretKey,
    target: Path,
    wheels: Path | None = None,
) -> Iterator[Progress | Built]:
    """Build the checkout that this program runs from. Raises `InvalidRequest` outside one, `PackageError`."""
    recipe = base_recipe_path()
    if recipe is None:
        raise InvalidRequest(
            _("The platform is built in a checkout; this program does not run from one."),
            _("Run `make install` in a checkout, then .venv/bin/appliance there."),
            code="no_checkout",
        )
    home.create()
    yield from ensure_base_model(home, recipe)
    checkout = recipe.parents[3]
    order = Order(
        checkout, appliance.__version__, accelerator, home.models / "base", wheels or home.downloads / "wheels"
    )
    yield from build_order(order, release_counter, key, target)


def build_order(
    order: Order, release_counter: int, key: SecretKey, target: Path, clock: Clock = utc_now
) -> Iterator[Progress | Built]:
    """Build what `order` says to `target`, whole or not at all, and the script beside it."""
    wish = Wish(
        "platform", NAME, order.version, release_counter, "Apache-2.0", "built from a checkout of the appliance",
        platform=this_platform(order.accelerator),
    )  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the wheels: these are linked, not copied, where both are on one disk.
    order.wheels.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=order.wheels, prefix=".platform.") as scratch:
        folder = Path(scratch) / "platform"
        folder.mkdir()
        yield from assemble(order, folder, clock())
        title = _("Sign and write {file}", file=target.name)
        yield from told("platform.write", title, build_package(wish, folder, key, target, clock))
    script = bootstrap_script(order.checkout).encode()
    installer = target.with_name(INSTALLER)
    write_durably(installer, script, 0o755)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    yield Built(target, digest, installer, hashlib.sha256(script).hexdigest())
