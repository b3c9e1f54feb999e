"""Packages to be refused: a good one is made, then one thing about it is changed."""

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.packages.signed.building import MANIFEST, SIGNATURE, Wish, build_package
from appliance.packages.signed.manifest import Platform
from appliance.packages.signed.minisign import SecretKey
from appliance.packages.signed.store import PackageStore, Release
from appliance.packages.signed.trust import Trust

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HERE = Platform(arch="x86_64", python="3.11", accelerator="cpu")
FILES = {"words.txt": b"one\ntwo\n", "more/data.bin": bytes(range(256)) * 9}


def wish(**changes) -> Wish:
    fields = {
        "kind": "lexicon", "name": "banking", "version": "1.0", "release_counter": 1, "licence": "Apache-2.0",
        "source": "written for the tests", **changes,
    }  # fmt: skip
    return Wish(**fields)


class Workshop:
    """A maker's key and folder, and a store that trusts the key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = SecretKey.generate()
        self.trust = Trust(folder / "trust")
        self.trust.add(self.key.public.to_text())
        self.root = folder / "packages"
        self.store = PackageStore(self.root, self.trust, HERE, lambda: NOW)

    def package(self, files=None, **changes) -> Path:
        """Build a package and return its path."""
        order = wish(**changes)
        source = self.folder / f"source-{order.name}-{order.release_counter}-{order.version}"
        for name, content in (FILES if files is None else files).items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        target = self.folder / f"{source.name}.lmab"
        for _moved in build_package(order, source, self.key, target, lambda: NOW):
            pass
        return target

    def install(self, path: Path, test=lambda manifest, folder: None) -> Release:
        """Install a package and return its release."""
        *_moved, release = self.store.install(path, test)
        return release

    def remade(self, path: Path, *, manifest=None, members=None, key=None, signature=None) -> Path:
        """Make a package again: `manifest` and `members` change what is in it, `signature` its text."""
        with tarfile.open(path) as archive:
            found = [(info.name, archive.extractfile(info).read()) for info in archive.getmembers()]
        raw = found[0][1]
        if manifest is not None:
            data = json.loads(raw)
            changed = manifest(data)
            raw = (
                json.dumps(data if changed is None else changed).encode() if not isinstance(changed, bytes) else changed
            )
        signed = (key or self.key).sign(raw, "for a test").to_text()
        signed = signature(signed) if signature else signed
        rest = [(tarfile.TarInfo(name), content) for name, content in found[2:]]
        rest = members(rest) if members else rest
        target = path.with_suffix(".remade.lmab")
        with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
            for info, content in [
                (tarfile.TarInfo(MANIFEST), raw),
                (tarfile.TarInfo(SIGNATURE), signed.encode()),
                *rest,
            ]:
                if info.isreg():
                    info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return target

    def left(self) -> list[str]:
        """Return every file below the store but its lock."""
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if not path.is_dir() and path.name != ".lock"
        )
