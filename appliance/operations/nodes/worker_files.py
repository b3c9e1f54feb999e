"""What joining leaves in a worker's home folder, and how it is taken away again.

`node.json` comes first and goes last: whatever a killed attempt has left is found by it.
"""

from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import ValidationError

from appliance.cluster.certificates import NodeFiles, store_node_certificate
from appliance.cluster.enrolment import JoinAnswer
from appliance.cluster.instance import processes_of, read_instance
from appliance.cluster.membership import Membership, Peer, Wire, read_membership, write_membership
from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site, parse_site
from appliance.core.errors import AlreadyRunning, ConfigError
from appliance.core.files import fsync_folder, write_durably
from appliance.core.messages import _
from appliance.packages.sharing import SharedPackage
from appliance.packages.signed.trust import Trust

_BEFORE: Final = "site.yaml.before-join"
_WANTED: Final = "joining.json"


class Wanted(Wire):
    """What a node that is joining is still to fetch, and from whom."""

    packages: tuple[SharedPackage, ...]
    peers: tuple[Peer, ...]


def check_home(home: Home) -> None:
    """Return where `home` is free to become a worker's; what a killed attempt left is cleared away.

    Raises `AlreadyRunning` for one that runs or has joined, `ConfigError` for one that holds an appliance of its own.
    """
    instance = read_instance(home.instance_file)
    if instance is not None and processes_of(instance):
        raise AlreadyRunning(
            _("The appliance of {folder} runs.", folder=home.root),
            _("Stop it with `appliance down`, or name another home folder with --home."),
        )
    membership = read_membership(home)
    if membership is not None and membership.state == "joined":
        raise AlreadyRunning(
            _(
                "This home folder is already the node {name} of the appliance at {head}.",
                name=membership.name, head=membership.head.address,
            ),
            _("Remove it on the head with `appliance node remove {name}` before it joins again.", name=membership.name),
            code="node_known",
        )  # fmt: skip
    if membership is not None:
        remove_worker_files(home)
    if home.database.exists() or home.ca_key_file.exists() or load_site(home.site_file).state.url is not None:
        raise ConfigError(
            _("The home folder {folder} holds an appliance of its own.", folder=home.root),
            _("Name an empty folder with --home; a node's state is on the head."),
            code="home_in_use",
        )


def worker_site(
    home: Home, settings: Mapping[str, Any], address: str, labels: Mapping[str, str]
) -> tuple[SiteConfig, str]:
    """Return a worker's settings and their text: the head's, then what the home's own site file says, then the rest.

    Raises `ConfigError` where they cannot be used together.
    """
    own = yaml.safe_load(home.site_file.read_text(encoding="utf-8")) if home.site_file.exists() else {}
    merged = _over(settings, own or {})
    cluster = merged.get("cluster", {})
    merged["cluster"] = {**cluster, "address": address, "labels": {**cluster.get("labels", {}), **labels}}
    text = yaml.safe_dump(merged, allow_unicode=True, sort_keys=False)
    return parse_site(text, str(home.site_file)), text


def write_worker_files(home: Home, membership: Membership, key: bytes, answer: JoinAnswer, site: str) -> NodeFiles:
    """Write what makes `home` a worker's, each file durably. Raises `DiskFull`, `ConfigError`, `PackageError`."""
    write_membership(home, membership)
    files = store_node_certificate(home.secrets, key, answer.certificate.encode(), answer.authority.encode())
    write_durably(home.ray_token_file, answer.ray_token.encode())
    trust = Trust(home.trusted_keys)
    for text in answer.trusted_keys:
        trust.add(text)
    if home.site_file.exists():
        home.site_file.rename(home.root / _BEFORE)
    write_durably(home.site_file, site.encode())
    wanted = Wanted(packages=answer.packages, peers=answer.peers)
    write_durably(home.state / _WANTED, wanted.model_dump_json().encode())
    return files


def read_wanted(home: Home) -> Wanted | None:
    """Return what a join that was cut is still to fetch; None where it had not written everything, or has ended."""
    try:
        return Wanted.model_validate_json((home.state / _WANTED).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def end_joining(home: Home, membership: Membership) -> None:
    """Write down that the node has joined. Raises `DiskFull`."""
    write_membership(home, membership.model_copy(update={"state": "joined"}))
    (home.state / _WANTED).unlink(missing_ok=True)


def remove_worker_files(home: Home) -> None:
    """Take away what `write_worker_files` wrote; packages that came whole stay, as they are nobody's secret."""
    secrets = (home.node_key_file, home.node_certificate_file, home.ca_file, home.ray_token_file)
    for path in (home.state / _WANTED, *secrets):
        path.unlink(missing_ok=True)
    before = home.root / _BEFORE
    membership = read_membership(home)
    if before.exists():
        before.replace(home.site_file)
    elif membership is not None and not membership.had_site:
        home.site_file.unlink(missing_ok=True)
    home.node_file.unlink(missing_ok=True)
    fsync_folder(home.root)


def _over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return `lower` with everything that `upper` says put over it, section by section."""
    merged = dict(lower)
    for name, value in upper.items():
        below = merged.get(name)
        merged[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
