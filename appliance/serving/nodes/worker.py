"""What a worker's node service does of itself: it shows the head that it is there, and keeps its certificate good."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

import psutil

import appliance
from appliance.cluster.certificates import (
    client_context,
    must_renew,
    node_files,
    request_for,
    store_node_certificate,
)
from appliance.cluster.enrolment import HEARTBEAT_PATH, RENEW_PATH, Beat, Heartbeat
from appliance.cluster.membership import Membership, NodeStanding, write_membership
from appliance.cluster.peers import NodeClient, shaped
from appliance.cluster.supervision import read_supervision
from appliance.config.home import Home
from appliance.core.errors import ApplianceError
from appliance.core.files import write_durably
from appliance.hardware.sampling import NodeSampler
from appliance.serving.names import NOT_ADMITTED
from appliance.serving.nodes.answers import log

HEARTBEAT_S: Final = 5.0
_ASK_AGAIN_S: Final = 1.0
_RENEW_AGAIN_S: Final = 3600.0  # a head that knows other names than this node's site file gives others


class Watch:
    """The worker's side of the heartbeat; `names` are those that callers use, as its own site file says."""

    def __init__(self, home: Home, membership: Membership, names: Sequence[str] = ()) -> None:
        self._home = home
        self._membership = membership
        self._names = (membership.address, *names)
        self._renewed = -_RENEW_AGAIN_S
        self._files = node_files(home.secrets)
        self._lock = threading.Lock()
        self._known = frozenset({membership.head.id})
        self._beaten = -_ASK_AGAIN_S
        self._failing: str | None = None
        self._standing: NodeStanding | None = None
        self._sampler = NodeSampler(home.root)

    def belongs(self, node_id: str) -> bool:
        """Tell whether the head names a node as one of the appliance's; it is asked anew for one that is not known."""
        if node_id not in self._known and time.monotonic() - self._beaten > _ASK_AGAIN_S:
            with contextlib.suppress(ApplianceError):
                self.beat()
        return node_id in self._known

    async def run(self, every_s: float = HEARTBEAT_S) -> None:
        """Show the head that this node is there, until the task is cancelled; what fails is tried again."""
        while True:
            try:
                await asyncio.to_thread(self.beat)
                self._failing = None
            except ApplianceError as error:
                if error.code == NOT_ADMITTED:
                    await asyncio.to_thread(self._put_out)
                    return
                if error.code != self._failing:  # once, not at each beat
                    self._failing = error.code
                    log.warning("heartbeat_failed", code=error.code, reason=error.message.render("en"))
            await asyncio.sleep(every_s)

    def beat(self) -> None:
        """Tell the head once, and learn from it; one thread at a time. Raises as `NodeClient`, `ConfigError`."""
        head = self._membership.head
        with self._lock, NodeClient(head.address, head.ports.peer, client_context(self._files)) as client:
            self._beaten = time.monotonic()
            told = shaped(Heartbeat, client.post(HEARTBEAT_PATH, self._beat()), client)
            self._known = frozenset(peer.id for peer in told.peers)
            self._keep(told.standing)
            self._renew(client)

    def _beat(self) -> dict[str, Any]:
        reading = self._sampler.sample().as_status("", self._membership.address, head=False)
        beat = Beat(version=appliance.__version__, start=self._start(), reading=reading)
        return beat.model_dump(mode="json")

    def _start(self) -> str:
        """Return what names this start of Ray here; empty while it does not run."""
        told = read_supervision(self._home.supervisor_file)
        ray = None if told is None else next((part for part in told.parts if part.name == "ray"), None)
        return "" if told is None or ray is None or ray.since is None else f"{told.pid}-{ray.since}"

    def _keep(self, standing: NodeStanding) -> None:
        """Write what the head says of this node where it has changed."""
        if standing != self._standing:
            write_durably(self._home.node_state_file, standing.model_dump_json().encode())
            self._standing = standing

    def _put_out(self) -> None:
        """The head has removed this node: note it, and have the supervisor end everything here."""
        log.warning("removed_by_head")
        write_membership(self._home, self._membership.model_copy(update={"state": "removed"}))
        supervision = read_supervision(self._home.supervisor_file)
        if supervision is not None and (process := supervision.process()) is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()

    def _renew(self, client: NodeClient) -> None:
        member = self._membership
        asked_lately = time.monotonic() - self._renewed < _RENEW_AGAIN_S
        if asked_lately or not must_renew(self._files, member.node_id, self._names):
            return
        key = self._files.key.read_bytes()
        asked = request_for(key, member.node_id, self._names)
        given = str(client.post(RENEW_PATH, {"request": asked.decode()}).get("certificate", ""))
        store_node_certificate(self._home.secrets, key, given.encode(), self._files.authority.read_bytes())
        self._renewed = time.monotonic()
        log.info("certificate_renewed")
