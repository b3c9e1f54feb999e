"""What the gateway counts: Prometheus metrics by model and tenant, and recent TTFT quantiles for the status page."""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from appliance.core.status import TrafficStatus

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4)
_RECENT = 200  # requests that the quantiles look back on


@dataclass
class _Totals:
    requests: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    in_flight: int = 0
    ttft: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))


class GatewayMetrics:
    """The metrics of one gateway replica. `target` is a model alias or a scenario's name."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("target", "tenant")
        self._requests = Counter(
            "appliance_requests", "Finished requests.", (*labels, "route", "status"), registry=self.registry
        )
        self._tokens = Counter(
            "appliance_tokens", "Tokens, as the engine counted them.", (*labels, "kind"), registry=self.registry
        )
        self._ttft = Histogram(
            "appliance_time_to_first_token_seconds",
            "From the request's arrival to its first token, streaming requests.",
            labels,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._duration = Histogram(
            "appliance_request_duration_seconds",
            "From the request's arrival to its last byte.",
            labels,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._in_flight = Gauge(
            "appliance_requests_in_flight", "Requests being worked on.", labels, registry=self.registry
        )
        self._waiting = Gauge(
            "appliance_queue_depth", "Requests that have no token yet.", labels, registry=self.registry
        )
        self._held = Counter(
            "appliance_answers_held", "Answers that were held for a person.", labels, registry=self.registry
        )
        self._versions = Counter(
            "appliance_model_version_requests",
            "Finished requests by the version of the model.",
            ("target", "version", "status"),
            registry=self.registry,
        )
        self._loads = {
            name: Gauge(f"appliance_model_{name}", text, ("target",), registry=self.registry)
            for name, text in (
                ("requests_running", "Requests that the engines of a chat model work on."),
                ("requests_waiting", "Requests that wait for their turn at a chat model."),
                ("kv_cache_usage_ratio", "Part of the KV cache in use, 0 to 1, of the replica where it is fullest."),
            )
        }
        self._totals: dict[str, _Totals] = defaultdict(_Totals)

    def started(self, target: str, tenant: str) -> None:
        """Count a request in."""
        self._in_flight.labels(target, tenant).inc()
        self._waiting.labels(target, tenant).inc()
        self._totals[target].in_flight += 1

    def first_token(self, target: str, tenant: str, seconds: float, *, streaming: bool) -> None:
        """Take the request off the queue; TTFT is recorded for streams only."""
        self._waiting.labels(target, tenant).dec()
        if streaming:
            self._ttft.labels(target, tenant).observe(seconds)
            self._totals[target].ttft.append(seconds)

    def tokens_streamed(self, target: str, count: int) -> None:
        """Let the status page see tokens before their request ends."""
        self._totals[target].completion_tokens += count

    def tokens(self, target: str, tenant: str, prompt: int, completion: int, streamed: int = 0) -> None:
        """Add the tokens of one request, of which `tokens_streamed` has told `streamed` already."""
        self._tokens.labels(target, tenant, "prompt").inc(prompt)
        self._tokens.labels(target, tenant, "completion").inc(completion)
        totals = self._totals[target]
        totals.prompt_tokens += prompt
        totals.completion_tokens += completion - streamed

    def finished(self, target: str, tenant: str, route: str, status: int, seconds: float, *, answered: bool) -> None:
        """Count a request out. `answered` tells whether `first_token` was called for it."""
        self._in_flight.labels(target, tenant).dec()
        if not answered:
            self._waiting.labels(target, tenant).dec()
        self._duration.labels(target, tenant).observe(seconds)
        totals = self._totals[target]
        totals.in_flight -= 1
        totals.requests += 1
        totals.errors += status >= 500
        self._requests.labels(target, tenant, route, str(status)).inc()

    def version_served(self, target: str, version: str, status: int) -> None:
        """Count a finished request for the version of the model that it went to."""
        self._versions.labels(target, version, str(status)).inc()

    def held(self, target: str, tenant: str) -> None:
        """Count an answer that waits for a person."""
        self._held.labels(target, tenant).inc()

    def refused(self, route: str, status: int) -> None:
        """Count a request that never reached a model or scenario; its labels say nothing a caller chose."""
        self._requests.labels("-", "-", route, str(status)).inc()

    def engines_told(self, loads: Mapping[str, tuple[int | None, int | None, float | None]]) -> None:
        """Take in what the engines of each chat model carry now: running, waiting, KV cache. None is left out."""
        for place, gauge in enumerate(self._loads.values()):
            gauge.clear()
            for target, load in loads.items():
                if (value := load[place]) is not None:
                    gauge.labels(target).set(value)

    def traffic(self, target: str) -> TrafficStatus:
        """Return totals and quantiles of one model or scenario."""
        totals = self._totals[target]
        recent = sorted(totals.ttft)
        return TrafficStatus(
            requests_total=totals.requests,
            errors_total=totals.errors,
            prompt_tokens_total=totals.prompt_tokens,
            completion_tokens_total=totals.completion_tokens,
            in_flight=totals.in_flight,
            ttft_p50_s=recent[len(recent) // 2] if recent else None,
            ttft_p95_s=recent[min(len(recent) - 1, int(len(recent) * 0.95))] if recent else None,
        )

    def exposition(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self.registry)
