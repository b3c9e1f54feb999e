"""Both ways to find a replica in one router, so that they can be compared on the same replicas in the same minutes."""

from typing import Any

from ray.serve._private.request_router.pow_2_router import PowerOfTwoChoicesRequestRouter

from appliance.serving.prefix_router import PrefixRouter

BALANCED = "balanced"


class ArmRouter(PrefixRouter):  # type: ignore[misc]
    """`PrefixRouter`, but requests whose id begins with `balanced` go where Serve's own router sends them."""

    async def choose_replicas(self, candidate_replicas: Any, pending_request: Any = None) -> Any:  # noqa: ANN401
        """Return ranks of replicas by the request's arm."""
        if pending_request is not None and str(pending_request.args[-1]).startswith(BALANCED):
            return await PowerOfTwoChoicesRequestRouter.choose_replicas(self, candidate_replicas, pending_request)
        return await super().choose_replicas(candidate_replicas, pending_request)
