"""Signed packages: build, look into, install, go back, remove, export. On the home folder, whether it runs or not."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import ApplianceError, InvalidRequest, PackageError
from appliance.core.files import durable_write
from appliance.core.messages import Message, _
from appliance.core.progress import Progress
from appliance.guardrails.lexicon.entries import read_source
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover
from appliance.hardware.engines import installed_engine
from appliance.operations import platform
from appliance.operations.accounts import open_accounts
from appliance.operations.going_live import BACK, LIVE, Going, News, check_switch, go_live, served_aliases
from appliance.operations.transfer import told
from appliance.packages.checksums import verify_package
from appliance.packages.places import open_store, this_platform
from appliance.packages.signed.building import SUFFIX, Wish, build_package
from appliance.packages.signed.bundle import is_bundle, unbundle, write_bundle
from appliance.packages.signed.manifest import Kind, Manifest, Platform, wrong_kind
from appliance.packages.signed.minisign import PublicKey, SecretKey
from appliance.packages.signed.reading import check_fits, look_through, open_package, opened_file
from appliance.packages.signed.store import Release
from appliance.packages.signed.trust import Trust
from appliance.scenario.loading import load_pack

LEXICON_FILE = "lexicon.yaml"


@dataclass(frozen=True)
class Inspected:
    """What a package says of itself; `fault` is why it would not be installed here."""

    file: str
    manifest: Manifest
    signed_by: str
    fault: Message | None


def kind_of(text: str) -> Kind:
    """Return a kind of package. Raises `PackageError`."""
    if text not in get_args(Kind):
        raise wrong_kind(text)
    return cast("Kind", text)


def make_key(target: Path, password: str | None) -> PublicKey:
    """Make a pair of keys, `target`.key and `target`.pub. Raises `InvalidRequest` where one is there already."""
    secret, public = target.with_suffix(".key"), target.with_suffix(".pub")
    for path in (secret, public):
        if path.exists():
            raise InvalidRequest(
                _("{path} is there already.", path=path), _("A key is never overwritten; name another."), param="target"
            )
    key = SecretKey.generate()
    with durable_write(secret, 0o600) as file:
        file.write(key.to_text(password).encode())
    with durable_write(public, 0o644) as file:
        file.write(key.public.to_text().encode())
    return key.public


def build(wish: Wish, folder: Path, key_file: Path, password: str | None, target: Path) -> Iterator[Progress]:
    """Make a package of the files in `folder`, which must pass the test of their kind. Raises `PackageError`."""
    key = SecretKey.parse(_text_of(key_file), password)
    _test_files(wish.kind, wish.name, folder)
    yield from told("package.build", _("Build {file}", file=target.name), build_package(wish, folder, key, target))


def inspect(home: Home, site: SiteConfig, file: Path, whole: bool) -> Iterator[Progress | Inspected]:
    """Look into a package or a file of several, with `whole` at every byte; yield what each says of itself.

    Raises `PackageError` for one whose signature, manifest or content is not good.
    """
    here = _here(site)
    for path in _each(file, home):
        with opened_file(path) as archive:
            opened = open_package(archive, Trust(home.trusted_keys))
            if whole:
                title = _("Check {file}", file=path.name)
                yield from told("package.verify", title, look_through(opened))
            yield Inspected(path.name, opened.manifest, opened.key.key_id, _fault(opened.manifest, here))


def install(
    home: Home, site: SiteConfig, file: Path, going: Going = LIVE, *, database_saved: bool = False, again: bool = False
) -> Iterator[News | Release]:
    """Install a package or each of a file of several; yield progress, and each release once it is in use.

    What is in use already is left as it is where the file has several, so that one that was broken off goes on, and
    with `again` also where it has one.
    A model that serves an alias goes live on the running appliance; where it fails there, the release before is in
    use again. Raises `PackageError` etc., `ApprovalNeeded`, and as `go_live`.
    """
    home.create()
    store = open_store(home, _here(site).accelerator)
    for path in _each(file, home):
        title = _("Install {file}", file=path.name)
        with opened_file(path) as archive:
            manifest = open_package(archive, Trust(home.trusted_keys)).manifest
        if (again or is_bundle(file)) and (there := _in_use(home, manifest)) is not None:
            yield Progress("package.install", title, "skipped", _("it is installed already"))
            yield there
            continue
        check_switch(home, site, manifest, "package.install", going)
        if manifest.kind == "platform":
            yield from platform.upgrade(home, site, path, database_saved=database_saved)
            continue
        was = store.current(manifest.kind, manifest.name)
        release: Release | None = None
        for news in told("package.install", title, store.install(path, _test)):
            if isinstance(news, Release):
                release = news
            else:
                yield news
        assert release is not None, "an installation ends with its release"
        _note(home, site, "package.install", release.manifest)
        before = None if was is None else was.manifest.release_counter
        yield from go_live(home, site, release.manifest, before, going)
        yield next(one for one in store.releases(manifest.kind, manifest.name) if one.folder == release.folder)


def installed(home: Home) -> tuple[Release, ...]:
    """Return what is installed, by kind and name, the newest release first."""
    return (*platform.installed_platforms(), *open_store(home).releases())


def _in_use(home: Home, manifest: Manifest) -> Release | None:
    """Return the release in use where it is this very one, file by file."""
    return next((one for one in installed(home) if one.current and one.manifest == manifest), None)


def trusted(home: Home) -> list[str]:
    """Return the ids of the keys whose packages are taken. Raises `PackageError` for a file that is no key."""
    return sorted(Trust(home.trusted_keys).keys())


def rollback(home: Home, site: SiteConfig, kind: Kind, name: str, going: Going = BACK) -> Iterator[News | Release]:
    """Put the other release of a package in use, a model on the running appliance too; yield it at the end.

    Raises `NotFound`, `Conflict`, `ApprovalNeeded`, and as `go_live`.
    """
    store = open_store(home)
    was = store.current(kind, name)
    others = [one for one in store.releases(kind, name) if not one.current]
    if others:
        check_switch(home, site, others[0].manifest, "package.rollback", going)
    release = store.rollback(kind, name)
    _note(home, site, "package.rollback", release.manifest)
    yield from go_live(home, site, release.manifest, None if was is None else was.manifest.release_counter, going)
    yield release


def remove(home: Home, site: SiteConfig, kind: Kind, name: str) -> None:
    """Remove a package. Raises `NotFound`, `Conflict` where it is needed: by another one, or by the site file."""
    users = [alias for alias, model in site.models.items() if kind == "model" and model.package == name]
    if kind == "model":
        users += served_aliases(home, site, name)
    if kind == "lexicon":
        link = f"packages/lexicon/{name}/current/"
        named = [site.guardrails.lexicon, *(one.lexicon for one in site.guardrails.tenants.values())]
        users += [path for path in named if path is not None and link in path]
    if users or (kind == "scenario" and name in site.scenarios):
        raise InvalidRequest(
            _("The site file names the package {name}.", name=name),
            _("Take it out of site.yaml, run `appliance up`, then remove it."),
            code="package_in_use",
        )
    store = open_store(home)
    manifests = [release.manifest for release in store.releases(kind, name)]
    store.remove(kind, name)
    _note(home, site, "package.remove", manifests[0])


def export(home: Home, names: list[tuple[Kind, str]], target: Path) -> Iterator[Progress]:
    """Write the packages in use to one file: as they came, or several as a file for a USB stick."""
    store = open_store(home)
    if len(names) == 1 and not is_bundle(target):
        title = _("Write {file}", file=target.name)
        yield from told("package.export", title, store.export(*names[0], target))
        return
    if not is_bundle(target):
        raise InvalidRequest(
            _("Several packages go into a file that ends in .lmabs, not {file}.", file=target.name), param="output"
        )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export.") as scratch:
        paths = []
        for kind, name in names:
            paths.append(Path(scratch) / f"{kind}-{name}{SUFFIX}")
            title = _("Gather {name}", name=f"{kind} {name}")
            yield from told("package.export", title, store.export(kind, name, paths[-1]))
        title = _("Write {file}", file=target.name)
        yield from told("package.export", title, write_bundle(paths, target))


def trust(home: Home, site: SiteConfig, key_file: Path) -> PublicKey:
    """Take packages signed with a key from now on. Raises `PackageError`."""
    home.create()
    key = Trust(home.trusted_keys).add(_text_of(key_file))
    with open_accounts(home, site) as accounts:
        accounts.note("package.trust", key.key_id, None)
    return key


def distrust(home: Home, site: SiteConfig, key_id: str) -> None:
    """Take no more packages signed with a key; what is installed stays. Raises `PackageError`."""
    Trust(home.trusted_keys).remove(key_id)
    with open_accounts(home, site) as accounts:
        accounts.note("package.distrust", key_id, None)


def _here(site: SiteConfig) -> Platform:
    return this_platform(choose_accelerator(site.accelerator, discover(), installed_engine()).kind)


def _fault(manifest: Manifest, here: Platform) -> Message | None:
    try:
        check_fits(manifest, here, utc_now())
    except ApplianceError as error:
        return error.message
    return None


def _test(manifest: Manifest, folder: Path) -> None:
    """Load what was unpacked as it will be loaded in use, so far as no engine is needed for it."""
    _test_files(manifest.kind, manifest.name, folder)


def _test_files(kind: Kind, name: str, folder: Path) -> None:
    if kind == "model":
        found = verify_package(folder).name
        (folder / ".verified.json").unlink(missing_ok=True)  # a note about this place, not a part of the package
    elif kind == "scenario":
        found = load_pack(folder).name
    else:
        found = name
    if kind == "lexicon":
        read_source(folder / LEXICON_FILE)
    if found != name:
        raise PackageError(
            _("The package is called {name}, what is in it {found}.", name=name, found=found),
            _("Give it the name of its content."),
            code="package_refused",
        )


def _each(file: Path, home: Home) -> Iterator[Path]:
    """Yield the package, or one after the other those of a file of several."""
    if not is_bundle(file):
        yield file
        return
    home.packages.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=home.packages, prefix=".bundle.") as scratch, opened_file(file) as bundle:
        yield from unbundle(bundle, Path(scratch))


def _note(home: Home, site: SiteConfig, action: str, manifest: Manifest) -> None:
    target = f"{manifest.kind}/{manifest.name} {manifest.version} release {manifest.release_counter}"
    with open_accounts(home, site) as accounts:
        accounts.note(action, target, None)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be read: {reason}.", path=path, reason=os.strerror(error.errno or 0)),
            _("Check the path and who may read it."),
        ) from error


def parse_day(text: str) -> datetime:
    """Return the end of a day written YYYY-MM-DD, in UTC. Raises `InvalidRequest`."""
    try:
        return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    except ValueError as error:
        raise InvalidRequest(_("{text} is no date.", text=ascii(text)), _("Write it as 2027-12-31.")) from error
