"""Put one gateway with the engine's double on a running Ray: `python alone_apps.py appliance|ray HOME`.

A process of its own, because its environment makes it a driver of that cluster.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.config.home import Home
from appliance.config.site import SiteConfig, load_site
from appliance.serving import deploy
from appliance.serving.ledger_app import LEDGER_APPLICATION, ledger_app
from appliance.serving.names import GATEWAY_APPLICATION, MODEL_DEPLOYMENT, model_application

if TYPE_CHECKING:
    from ray.serve.deployment import Application

_TIMEOUT_S = 600.0
QUIET = {"enable_access_log": False, "log_level": "WARNING"}
SMALL = {"num_cpus": 0.25}
_PLACES = 256  # requests that the double takes at once: it is not to be what they wait for


@contextmanager
def connected(home: Home) -> Iterator[SiteConfig]:
    """Be a driver of the cluster of this home's site file until the block ends; give what the file says."""
    site = load_site(home.site_file)
    deploy.connect(f"127.0.0.1:{site.cluster.port}")
    try:
        yield site
    finally:
        deploy.disconnect()


def put_appliance(home: Home, model: "Application", *, gateways: int = 1) -> None:
    """Deploy the gateway as `appliance up` does, with its ledger and guardrails, and `model` behind `general`."""
    site = load_site(home.site_file)
    entry = {
        "alias": "general", "kind": "chat", "package": "double", "context_length": 8192, "languages": ["en"],
        "created": int(time.time()),
    }  # fmt: skip
    gateway = deploy.gateway_app(home.root, site, {"models": [entry], "scenarios": []})
    if gateways > 1:
        bound = gateway._bound_deployment
        gateway = bound.options(num_replicas=gateways).bind(*bound.init_args, **bound.init_kwargs)
    applications = [
        (LEDGER_APPLICATION, ledger_app(home.root, site)),
        (model_application("general"), model),
        (GATEWAY_APPLICATION, gateway),
    ]
    deploy.submit(applications)
    for _state in deploy.watch([name for name, _application in applications], _TIMEOUT_S):
        pass


def double_app() -> "Application":
    """Return the double as the appliance's model."""
    from instant_engine import InstantModel
    from ray import serve

    model = serve.deployment(
        InstantModel,
        name=MODEL_DEPLOYMENT,
        max_ongoing_requests=_PLACES,
        ray_actor_options=SMALL,
        logging_config=QUIET,
    )
    return model.bind()


def put_ray(_home: Home) -> None:
    """Deploy `ray.serve.llm`'s own ingress in front of its own server around the double."""
    from ray import serve
    from ray.serve.llm import LLMConfig, build_openai_app

    config = LLMConfig(
        model_loading_config={"model_id": "general", "model_source": "/nonexistent"},
        accelerator_config={"kind": "cpu"},
        placement_group_config={"bundles": [{"CPU": 1}]},
        experimental_configs={"stream_batching_interval_ms": 0},
        server_cls="instant_server:InstantServer",
        log_engine_metrics=False,
        deployment_config={"num_replicas": 1, "max_ongoing_requests": _PLACES, "logging_config": QUIET},
    )
    options = {"num_replicas": 1, "logging_config": QUIET, "max_ongoing_requests": _PLACES}
    arguments = {"llm_configs": [config], "ingress_deployment_config": options}
    serve.run(build_openai_app(arguments), name="ray", route_prefix="/")


def start_with_proxy(site: SiteConfig) -> None:
    """Start Serve with its own proxy on the site file's port: `ray.serve.llm` answers there."""
    from ray import serve
    from ray.serve.config import HTTPOptions

    options = HTTPOptions(host=site.gateway.host, port=site.gateway.port, keep_alive_timeout_s=75)
    serve.start(proxy_location="EveryNode", http_options=options, logging_config=QUIET)


def main() -> None:
    """Connect, start Serve, deploy."""
    kind, home = sys.argv[1], Home(Path(sys.argv[2]))
    with connected(home) as site:
        if kind == "appliance":
            deploy.start_serve(site)
            put_appliance(home, double_app())
        else:
            start_with_proxy(site)
            put_ray(home)


if __name__ == "__main__":
    main()
