"""How many replicas a chat model is to have: a pure function of its load, and its adapter to Serve's autoscaler.

Serve carries this module to its controller by value and calls the policy about every tenth of a second; it waits out
`upscale_delay_s` and `downscale_delay_s` itself. What the policy adds is what Serve does not know: how full the KV
caches are, how long first tokens take, and how long ago the last request was.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from appliance.config.site import ModelSettings

KV_USE: Final = "kv_use"
"""Metric of a replica: part of its KV cache in use, 0 to 1."""
TTFT_P90_MS: Final = "ttft_p90_ms"
"""Metric of a replica: 90th percentile of its latest times to the first token, in ms; 0 where there were none."""
SINCE_LAST_S: Final = "since_last_s"
"""Metric of a replica: seconds since its last request ended, or since it started; 0 while one runs."""

LOOK_BACK_S: Final = 20.0
"""Seconds that Serve averages numbers of requests over; it hears of them every ten."""
_HEADROOM: Final = 0.8  # fewer replicas must be enough with a fifth to spare, else they would be wanted back at once
_CALM_TTFT: Final = 0.5
_SHARE_OF_SEQUENCES: Final = 0.75
_NOTHING: Final = 0.5  # mean number of requests below which only the replicas' own clocks count


@dataclass(frozen=True)
class Targets:
    """What one replica is to carry, and how many there may be."""

    least: int
    most: int
    requests: float
    """Requests that run or wait."""
    kv_use: float
    ttft_ms: float | None
    idle_s: float

    @classmethod
    def of(cls, settings: ModelSettings) -> Self:
        """Return what the site file asks for a model with `scaling`."""
        scaling = settings.scaling
        assert scaling is not None
        return cls(
            scaling.min_replicas,
            scaling.max_replicas,
            scaling.target_ongoing_requests or max(1.0, _SHARE_OF_SEQUENCES * settings.engine.max_num_seqs),
            scaling.target_kv_use,
            scaling.ttft_target_ms,
            scaling.idle_s,
        )


@dataclass(frozen=True)
class Load:
    """What a model has to do now. `kv_use` is the mean of the replicas that run, 0 to 1."""

    running: int
    """Replicas that serve."""
    wanted: int
    """Replicas that were asked for last."""
    requests: float
    """Requests that run or wait, of all replicas together."""
    kv_use: float = 0.0
    ttft_p90_ms: float | None = None
    """Of the replica where it is longest; None where no request had a first token lately."""
    since_last_s: float | None = None
    """Seconds since the last request anywhere; None where a replica has not told yet."""


def desired_replicas(load: Load, targets: Targets) -> int:
    """Return how many replicas the model is to have.

    Up as soon as the largest need exceeds what was asked for; down only where fewer are enough with headroom, and to
    zero only when nobody has asked for `idle_s`. While replicas start, their number stands, unless requests want more.
    """
    if load.running == 0:
        return _within(max(load.wanted, 1 if load.requests > 0 else 0), targets)
    need = _need(load, targets, 1.0)
    if need > load.wanted:
        return _within(need, targets)
    starting = load.running < load.wanted
    if starting and load.requests >= _NOTHING:
        return _within(load.wanted, targets)
    fewer = _need(load, targets, _HEADROOM)
    if fewer == 0 and not _idle(load, targets):
        fewer = 1
    return _within(min(load.wanted, fewer), targets)


def _need(load: Load, targets: Targets, share: float) -> int:
    """Return the replicas of which each carries at most `share` of its target."""
    if load.requests < _NOTHING:
        return 0
    by_requests = math.ceil(load.requests / (share * targets.requests))
    by_cache = math.ceil(load.running * load.kv_use / (share * targets.kv_use) - 1e-9)
    return max(1, by_requests, by_cache, _by_ttft(load, targets, share))


def _by_ttft(load: Load, targets: Targets, share: float) -> int:
    """Return one replica more for first tokens that come too late, and no fewer for those that come barely in time.

    How much a further replica helps is not known before it is there: so one at a time.
    """
    if targets.ttft_ms is None or load.ttft_p90_ms is None:
        return 0
    if load.ttft_p90_ms > targets.ttft_ms:
        return load.running + 1
    return load.running if share < 1.0 and load.ttft_p90_ms > _CALM_TTFT * targets.ttft_ms else 0


def _idle(load: Load, targets: Targets) -> bool:
    return load.since_last_s is not None and load.since_last_s >= targets.idle_s


def _within(count: int, targets: Targets) -> int:
    return max(targets.least, min(targets.most, count))


class ScalingPolicy:
    """`desired_replicas` as Serve's autoscaler calls it; its arguments are the fields of `Targets`."""

    def __init__(self, **targets: Any) -> None:  # noqa: ANN401 - JSON
        self._targets = Targets(**targets)

    def __call__(self, context: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - Serve's `AutoscalingContext`
        """Return the replicas wanted now, and no state of its own."""
        return desired_replicas(load_of(context), self._targets), {}


def load_of(context: Any) -> Load:  # noqa: ANN401 - Serve's `AutoscalingContext`
    """Return the load that Serve tells of. A replica that has told nothing yet counts as one with an empty cache."""
    told: Mapping[str, Mapping[Any, Any]] = context.raw_metrics or {}

    def latest(name: str) -> list[float]:
        return [float(series[-1].value) for series in told.get(name, {}).values() if series]

    caches, clocks = latest(KV_USE), latest(SINCE_LAST_S)
    first_tokens = [value for value in latest(TTFT_P90_MS) if value > 0]
    running = context.current_num_replicas
    return Load(
        running=running,
        wanted=context.target_num_replicas,
        requests=float(context.total_num_requests),
        kv_use=sum(caches) / running if running else 0.0,
        ttft_p90_ms=max(first_tokens, default=None),
        since_last_s=min(clocks) if clocks and len(clocks) >= running else None,
    )


def replica_options(settings: ModelSettings) -> dict[str, Any]:
    """Return the options of Serve's deployment that say how many replicas a model has."""
    scaling = settings.scaling
    if scaling is None:
        return {"num_replicas": settings.replicas}
    policy = {
        "policy_function": f"{__name__}:{ScalingPolicy.__name__}",
        "policy_kwargs": vars(Targets.of(settings)),
    }
    return {
        "autoscaling_config": {
            "min_replicas": scaling.min_replicas,
            "max_replicas": scaling.max_replicas,
            "initial_replicas": scaling.min_replicas,
            "target_ongoing_requests": Targets.of(settings).requests,
            "look_back_period_s": LOOK_BACK_S,
            "upscale_delay_s": scaling.upscale_delay_s,
            "downscale_delay_s": scaling.downscale_delay_s,
            "downscale_to_zero_delay_s": 0.0,  # the policy has waited for `idle_s`
            "policy": policy,
        }
    }
