"""Packages from other nodes: file by file, by checksum, from whoever has it; a copy that was cut goes on.

Files arrive in `downloads/nodes` under their checksum, with `.part` until they are whole and right; that folder may be
deleted at any time but during a fetch. A package takes its name only when all of its files are there.
"""

import fcntl
import hashlib
import os
import shutil
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from appliance.cluster.membership import Peer
from appliance.cluster.peers import NodeClient
from appliance.config.home import Home
from appliance.core.errors import ConfigError, Conflict, DiskFull, RequestError, Unavailable
from appliance.core.files import fsync_folder, reporting_full_disk
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.packages.sharing import SharedFile, SharedPackage, has_whole, take_over
from appliance.packages.signed.building import Moved
from appliance.packages.signed.reading import ROOM

FILES_PATH: Final = "/files/sha256/"
FETCH_PATH: Final = "/packages/fetch"
_ROUNDS: Final = 4
_PIECE: Final = 1 << 20
_LONGEST_SILENCE_S: Final = 600.0  # while a node holds what it has to its checksums


def fetch_packages(
    home: Home, packages: Iterable[SharedPackage], peers: Iterable[Peer], context: ssl.SSLContext, pause_s: float = 2.0
) -> Iterator[Moved]:
    """Get what is missing of `packages` from `peers`, in turns; yield how far it is.

    Every file is held to its checksum; a peer that is away, lacks it or gives another content is passed over, and asked
    again after `pause_s`, longer each round. Raises `Unavailable` where a file is nowhere to be had, `DiskFull`,
    `Conflict`, `PackageError`.
    """
    folder = home.downloads / "nodes"
    with _alone(folder), reporting_full_disk(folder):
        missing = [package for package in packages if not has_whole(home, package)]
        total, done = sum(package.size for package in missing), 0
        _check_room(folder, total - sum(path.stat().st_size for path in folder.iterdir()))
        sources = deque(peers)
        yield Moved(0, total)
        for package in missing:
            for file in {file.sha256: file for file in package.files}.values():
                for have in _Copy(folder, file, context, pause_s).from_one_of(sources):
                    yield Moved(done + have, total)
                done += file.size
            take_over(home, package, lambda file: folder / file.sha256)
        for left in folder.iterdir():  # of attempts whose packages nobody asks for any more
            left.unlink()


def fetch_at(
    node: Peer, packages: Iterable[SharedPackage], peers: Iterable[Peer], context: ssl.SSLContext
) -> Iterator[Moved]:
    """Have another node fetch packages, from the head only; yield how far it is. Raises as `fetch_packages`."""
    body = {
        "packages": [package.model_dump(mode="json") for package in packages],
        "peers": [peer.model_dump(mode="json") for peer in peers if peer.id != node.id],
    }
    ended = False
    with NodeClient(node.address, node.ports.peer, context, _LONGEST_SILENCE_S) as client:
        for news in client.lines(FETCH_PATH, body):
            ended = "result" in news
            if not ended:
                yield Moved(int(news["done"]), int(news["total"]))
    if not ended:
        raise Unavailable(
            _("The node {node} broke off before it had the packages.", node=node.id),
            _("See that it runs, then try again: what it has already is kept."),
            code="fetch_broken_off",
        )


class _Copy:
    """One file on its way here."""

    def __init__(self, folder: Path, file: SharedFile, context: ssl.SSLContext, pause_s: float) -> None:
        self._whole = folder / file.sha256
        self._part = folder / f"{file.sha256}.part"
        self._file = file
        self._context = context
        self._pause_s = pause_s

    def from_one_of(self, peers: deque[Peer]) -> Iterator[int]:
        """Yield how many bytes are here. Raises `Unavailable`."""
        if self._whole.exists():
            return
        reason: Message = _("no node has it")
        for round_ in range(_ROUNDS):
            for _turn in range(len(peers)):
                try:
                    yield from self._from(peers[0])
                except (Unavailable, RequestError, ConfigError) as error:
                    reason = error.message
                    peers.rotate(-1)
                else:
                    return
            time.sleep(self._pause_s * 2**round_ if round_ < _ROUNDS - 1 else 0)
        raise Unavailable(
            _("The file {path} cannot be had from any node: {reason}", path=self._file.path, reason=reason),
            _("See that the other nodes run, then try again: what is here already is kept."),
            code="file_not_available",
        )

    def _from(self, peer: Peer) -> Iterator[int]:
        """Go on with what is here."""
        with self._part.open("a+b") as part:
            part.seek(0)
            digest = hashlib.sha256()
            while piece := part.read(_PIECE):
                digest.update(piece)
            have = part.tell()
            yield have
            if have < self._file.size:
                for piece in self._pieces(peer, have):
                    part.write(piece)
                    digest.update(piece)
                    have += len(piece)
                    yield have
                    if have > self._file.size:
                        break
            part.flush()
            os.fsync(part.fileno())
        if digest.hexdigest() != self._file.sha256:
            self._part.unlink()
            raise Unavailable(
                _("{path} is damaged at the node {node}", path=self._file.path, node=peer.id), code="file_damaged"
            )
        self._part.rename(self._whole)
        fsync_folder(self._whole.parent)

    def _pieces(self, peer: Peer, start: int) -> Iterator[bytes]:
        """Yield the rest of the file. Raises `Unavailable` where it is cut, `RequestError`, `ConfigError`."""
        wanted = {"Range": f"bytes={start}-"} if start else {}
        with (
            NodeClient(peer.address, peer.ports.peer, self._context) as client,
            client.stream(FILES_PATH + self._file.sha256, wanted) as answer,
        ):
            if answer.status_code != (206 if start else 200):
                raise Unavailable(_("the node {node} does not go on where a file was cut", node=peer.id))
            yield from answer.iter_bytes(_PIECE)


def _check_room(folder: Path, missing: int) -> None:
    needed, free = int(max(0, missing) * ROOM), shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFull(
            _(
                "The packages need {needed} in {folder}; {free} is free.",
                needed=human_bytes(needed), folder=folder, free=human_bytes(free),
            ),
            _("Free some space there, then try again."),
        )  # fmt: skip


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one fetch at a time work in `folder`. Raises `Conflict`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder.with_name(".nodes.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict(
            _("Packages are being fetched already."), _("Wait for it to end, then try again."), code="fetch_busy"
        ) from error
    finally:
        os.close(descriptor)
