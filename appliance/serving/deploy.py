"""Put the Serve applications on a running Ray cluster: connect, start Serve, deploy, wait."""

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from appliance.cluster.environment import NODE_HOME
from appliance.config.site import SiteConfig
from appliance.core.errors import StartFailed
from appliance.core.messages import _
from appliance.serving.engine import HOME_OF_PATHS, ChatModel, llm_config, most_at_once
from appliance.serving.gateway.server import ensure_free
from appliance.serving.names import (
    BATCH_DEPLOYMENT,
    EMBEDDER_DEPLOYMENT,
    GATEWAY_APPLICATION,
    GATEWAY_DEPLOYMENT,
    HEAD_NODE,
    KNOWLEDGE_DEPLOYMENT,
    MODEL_DEPLOYMENT,
    SCENARIO_DEPLOYMENT,
)
from appliance.serving.waking import wake_timeouts

if TYPE_CHECKING:
    from ray.serve.deployment import Application

    from appliance.scenario.pack import ChatFacts
    from appliance.serving.handles import Handles

# A replica that has died is noticed at the next check; one that only works hard has the timeout, three times.
_HEALTH = {"health_check_timeout_s": 30, "health_check_period_s": 2}
_POLL_S = 0.25
_GATEWAY_LOOK_S = 1  # nobody answers in the place of a gateway that has died
# Replicas that mostly wait ask Ray for a part of a CPU slot, so that a small box has room for all of them.
_SMALL_ACTOR = {"num_cpus": 0.25}
# What reads or writes the state is on the head, whose home folder has it.
_ON_HEAD = {**_SMALL_ACTOR, "resources": {HEAD_NODE: 0.001}}


@dataclass(frozen=True)
class AppState:
    """One application while it starts or stops."""

    name: str
    state: Literal["starting", "running", "failed", "stopping", "stopped"]
    message: str


def connect(address: str) -> None:
    """Make this process, whose environment is the cluster's, a driver of it. Raises `StartFailed`."""
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
        raise StartFailed(
            _("The Ray cluster at {address} cannot be reached: {reason}", address=address, reason=str(error)),
            _("Run `appliance down`, then `appliance up`."),
        ) from error


def disconnect() -> None:
    """Leave the cluster; what was deployed goes on."""
    import ray

    ray.shutdown()


def start_serve(site: SiteConfig) -> None:
    """Start Serve's controller; gateways listen themselves. Raises `StartFailed` where their address is taken.

    After a head that was lost Serve has brought back what ran, the gateway too.
    """
    from ray import serve

    serve.start(proxy_location="Disabled", logging_config={"enable_access_log": False, "log_level": "WARNING"})
    if GATEWAY_APPLICATION not in serve.status().applications:
        ensure_free(site.gateway.host, site.gateway.port)


_SCENARIO_CALLS = 64  # at once, beside the sockets


def _options(name: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - Serve's own option types
    return {
        "name": name,
        "ray_actor_options": _ON_HEAD,
        "logging_config": {"enable_access_log": False, "log_level": "WARNING"},
        **_HEALTH,
        **options,
    }


def model_app(model: ChatModel, site: SiteConfig, accelerator: Literal["cpu", "gpu"], cores: int) -> "Application":
    """Return the application of one chat model on machines with `cores` processors."""
    from ray.serve.llm import build_llm_deployment

    config = llm_config(model, accelerator, cores, site.gateway.generation_timeout_s)
    config.experimental_configs[HOME_OF_PATHS] = os.environ.get(NODE_HOME, "")
    overrides = {
        "name": MODEL_DEPLOYMENT,
        "logging_config": {"enable_access_log": False, "log_level": "WARNING"},
    }
    return build_llm_deployment(config, override_serve_options=overrides)


def embedder_app(site: SiteConfig) -> "Application":
    """Return the application of the embedder."""
    from ray import serve

    from appliance.serving.embedding import Embedding

    options = _options(
        EMBEDDER_DEPLOYMENT,
        num_replicas=site.embedder.replicas,
        max_ongoing_requests=16,
        max_queued_requests=512,
        ray_actor_options=_SMALL_ACTOR,  # on any node: its weights are part of the program
    )
    return serve.deployment(Embedding, **options).bind(site.embedder.threads)


def knowledge_app(home: Path, site: SiteConfig) -> "Application":
    """Return the application of the knowledge service: one replica, the only writer of documents and indexes."""
    from ray import serve

    from appliance.serving.knowledge import Knowledge

    options = _options(KNOWLEDGE_DEPLOYMENT, num_replicas=1, max_ongoing_requests=32, max_queued_requests=256)
    return serve.deployment(Knowledge, **options).bind(str(home), site.state.url)


def scenario_app(home: Path, site: SiteConfig, name: str, chat: Mapping[str, "ChatFacts"]) -> "Application":
    """Return the application of the scenario `name`; `chat` has the chat models by alias."""
    from ray import serve

    from appliance.serving.gateway.open_sockets import MOST_SOCKETS
    from appliance.serving.scenario import Scenario

    ongoing = _SCENARIO_CALLS + MOST_SOCKETS  # each open socket is a call that goes on
    options = _options(SCENARIO_DEPLOYMENT, num_replicas=1, max_ongoing_requests=ongoing, max_queued_requests=2048)
    return serve.deployment(Scenario, **options).bind(
        str(home), name, dict(chat), site.state.url, site.guardrails, wake_timeouts(site.models), site.audit.suite,
        site.reviews, site.labels.producer,
    )  # fmt: skip


def _handles(site: SiteConfig, sharers: int = 1) -> "Handles":
    """Return handles of which each of `sharers` processes has its part of every model's places."""
    from appliance.serving.handles import Handles

    most = {alias: math.ceil(most_at_once(settings) / sharers) for alias, settings in site.models.items()}
    return Handles(most, wake_timeouts(site.models))


def gateway_app(home: Path, site: SiteConfig, directory: Mapping[str, Any]) -> "Application":
    """Return the gateway's application; `directory` can change later without a restart."""
    from ray import serve

    from appliance.serving.gateway.app import Gateway

    options = _options(
        GATEWAY_DEPLOYMENT,
        num_replicas=site.gateway.replicas,
        max_ongoing_requests=site.gateway.max_ongoing_requests,  # Serve makes it the number of threads
        graceful_shutdown_timeout_s=site.gateway.generation_timeout_s,
        health_check_period_s=_GATEWAY_LOOK_S,
        user_config=dict(directory),
    )
    return serve.deployment(Gateway, **options).bind(str(home), site, _handles(site, site.gateway.replicas))


def batch_app(home: Path, site: SiteConfig, directory: Mapping[str, Any]) -> "Application":
    """Return the application of the runner of batches: one replica, beside the files; `directory` as the gateway's.

    Submit it after the models: it begins at once with what an earlier run left.
    """
    from ray import serve

    from appliance.serving.batch.deployment import Batch

    options = _options(BATCH_DEPLOYMENT, num_replicas=1, user_config=dict(directory))
    return serve.deployment(Batch, **options).bind(str(home), site, _handles(site))


def submit(applications: Sequence[tuple[str, "Application"]], version: str | None = None) -> None:
    """Hand applications to Serve; one that runs in this `version` already goes on as it is. Does not wait."""
    from ray import serve

    for _name, application in applications:
        # Serve takes versions from configuration files only; without one every replica would be replaced by its like.
        application._bound_deployment._version = version
    targets = [serve.RunTarget(application, name=name, route_prefix=None) for name, application in applications]
    serve.run_many(targets, wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)


def watch(names: Sequence[str], timeout_s: float) -> Iterator[AppState]:
    """Yield each application's state when it changes, until all run. Raises `StartFailed` when one fails."""
    from ray import serve

    waiting = dict.fromkeys(names, "")
    deadline = time.monotonic() + timeout_s
    while waiting:
        applications = serve.status().applications
        for name in list(waiting):
            found = applications.get(name)
            state = str(getattr(found.status, "value", found.status)) if found else "NOT_STARTED"
            if state == "RUNNING":
                del waiting[name]
                yield AppState(name, "running", "")
            elif state in ("DEPLOY_FAILED", "UNHEALTHY"):
                raise _not_started(name, found.message if found else "")
            elif state != waiting[name]:
                waiting[name] = state
                yield AppState(name, "starting", found.message if found else "")
        if waiting and time.monotonic() > deadline:
            raise _not_started(next(iter(waiting)), "timed out")
        time.sleep(_POLL_S)


def _not_started(name: str, reason: str) -> StartFailed:
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return StartFailed(
        _("The application {name} did not start: {reason}", name=name, reason=lines[-1] if lines else "–"),
        _("Run `appliance doctor`; the logs are in the home folder under logs/."),
    )
