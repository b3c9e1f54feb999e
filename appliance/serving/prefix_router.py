"""A router of Serve that sends a prompt to the replica that has read its beginning before.

It runs in each process that calls the model by handle, and knows what that process has sent. Ray Serve LLM has such a
router (`PrefixCacheAffinityRouter`); it looks for requests of its own classes, where ours are plain dictionaries, waits
for an actor of its own on the event loop, and mixes tenants.
"""

import random
from typing import Any

from ray.serve._private.request_router.common import PendingRequest
from ray.serve._private.request_router.pow_2_router import PowerOfTwoChoicesRequestRouter
from ray.serve._private.request_router.replica_wrapper import RunningReplica
from ray.serve._private.request_router.request_router import LocalityMixin, MultiplexMixin, RequestRouter

from appliance.serving.prefixes import PrefixIndex, close_enough, prompt_blocks

_BODY = 1  # of the arguments of `ModelServer.generate`


class PrefixRouter(LocalityMixin, MultiplexMixin, RequestRouter):  # type: ignore[misc]
    """The longest known prefix first, unless its replicas are too busy; then as Serve itself does.

    Unlike in Serve's own router a request gets the replica that was chosen for it, not the next one in line.
    """

    def initialize_state(self, spread: int = 1) -> None:
        """Begin to know nothing; `spread` is how many more requests a replica may have than the least busy one."""
        self._spread = spread
        self._index = PrefixIndex()

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Return ranks of replicas: those that hold the prefix, then two of all."""
        others = await PowerOfTwoChoicesRequestRouter.choose_replicas(self, candidate_replicas, pending_request)
        if (blocks := _blocks(pending_request)) and len(candidate_replicas) > 1:
            by_id = {replica.replica_id.to_full_id_str(): replica for replica in candidate_replicas}
            _length, holders = self._index.holders(blocks, by_id)
            if holders and (chosen := close_enough(await self._queues(candidate_replicas), holders, self._spread)):
                random.shuffle(chosen)  # of several that are as busy the first is taken
                return [[by_id[replica] for replica in chosen], *others]
        ranks: list[list[RunningReplica]] = others
        return ranks

    async def _queues(self, replicas: list[RunningReplica]) -> dict[str, int]:
        """Return the requests of each replica; one that does not tell in time is left out."""
        known = {replica.replica_id: self._replica_queue_len_cache.get(replica.replica_id) for replica in replicas}
        unknown = [replica for replica in replicas if known[replica.replica_id] is None]
        known |= {replica.replica_id: count for replica, count in await self._probe_queue_lens(unknown, 0)}
        return {replica_id.to_full_id_str(): count for replica_id, count in known.items() if count is not None}

    def on_request_routed(self, pending_request: PendingRequest, replica_id: Any, result: Any) -> None:  # noqa: ANN401
        """Keep what the replica reads now."""
        if blocks := _blocks(pending_request):
            self._index.add(blocks, replica_id.to_full_id_str())

    def update_replicas(self, replicas: list[RunningReplica]) -> None:
        """Take in which replicas there are."""
        before = {replica_id.to_full_id_str() for replica_id in self.curr_replicas}
        super().update_replicas(replicas)
        if gone := before - {replica.replica_id.to_full_id_str() for replica in replicas}:
            self._index.forget(gone)


def _blocks(pending_request: PendingRequest | None) -> list[bytes]:
    """Return the blocks of a generation's prompt; none for other calls."""
    arguments = pending_request.args if pending_request is not None else ()
    if len(arguments) <= _BODY or not isinstance(arguments[_BODY], dict):
        return []
    return prompt_blocks(arguments[_BODY])
