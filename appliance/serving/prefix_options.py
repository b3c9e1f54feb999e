"""How a chat model's requests find their replica, as Serve is asked for it."""

from typing import Any, Final

from appliance.config.site import ModelSettings

_ROUTER: Final = "appliance.serving.prefix_router:PrefixRouter"
_SHARE_OF_SEQUENCES: Final = 4


def router_options(settings: ModelSettings) -> dict[str, Any]:
    """Return the options of Serve's deployment that choose the router; none for Serve's own.

    A replica may have a quarter of its sequences more than the least busy one before a prefix is no reason any more.
    """
    if settings.routing == "balanced":
        return {}
    spread = max(1, settings.engine.max_num_seqs // _SHARE_OF_SEQUENCES)
    return {
        "request_router_config": {"request_router_class": _ROUTER, "request_router_kwargs": {"spread": spread}},
    }
