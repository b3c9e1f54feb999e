"""One request from its arrival to its last byte: who asks, in which language, what it cost, one log line."""

import sys
import time
from dataclasses import dataclass, field
from typing import Any

import structlog

from appliance.core.errors import ApplianceError
from appliance.core.messages import _
from appliance.core.principal import Principal
from appliance.metering.metrics import GatewayMetrics
from appliance.serving.gateway.entry import Entry
from appliance.serving.gateway.errors import status_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


def unforeseen(error: Exception, request_id: str, path: str) -> ApplianceError:
    """Log a failure that nobody foresaw, and return what the caller is told: the request id, not the reason."""
    log.error("failure", request_id=request_id, path=path, exc_info=error)
    return ApplianceError(
        _("The gateway failed on this request."),
        _("Tell the operator the request id {request_id}; the log has the reason.", request_id=request_id),
        code="internal_error",
    )


@dataclass
class Exchange:
    """The life of one request at a model or scenario. Call `finish` exactly once."""

    metrics: GatewayMetrics
    request_id: str
    route: str
    target: str
    who: Principal
    streaming: bool = False
    started: float = field(default_factory=time.perf_counter)
    ttft_s: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    entry: Entry | None = None
    """What the ledger holds of it."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else the audit says of it."""
    answered: dict[str, Any] = field(default_factory=dict)
    """What the audit says of the answer."""
    version: str = ""
    """Package and version of the model that answers."""
    _counted: int = 0
    _ended: tuple[int, str] | None = None

    def __post_init__(self) -> None:
        self.metrics.started(self.target, self.who.tenant)

    def first_token(self) -> None:
        """Note that the answer has begun."""
        if self.ttft_s is None:
            self.ttft_s = time.perf_counter() - self.started
            self.metrics.first_token(self.target, self.who.tenant, self.ttft_s, streaming=self.streaming)

    def streamed(self, events: int) -> None:
        """Count streamed tokens now, one an event: a live rate must not wait for the engine's own count at the end."""
        self._counted += events
        self.metrics.tokens_streamed(self.target, events)

    def usage(self, usage: dict[str, Any] | None) -> None:
        """Note the engine's token counts."""
        if usage:
            self.prompt_tokens = int(usage.get("prompt_tokens") or 0)
            self.completion_tokens = int(usage.get("completion_tokens") or 0)

    def finish(self, status: int, outcome: str = "ok") -> None:
        """Write the metrics and the log line; a second call does nothing."""
        if self._ended is not None:
            return
        self._ended = (status, outcome)
        seconds = self.seconds
        tenant = self.who.tenant
        if self.completion_tokens == 0:
            self.completion_tokens = self._counted  # a stream that broke off has no count of the engine's
        self.metrics.tokens(self.target, tenant, self.prompt_tokens, self.completion_tokens, streamed=self._counted)
        self.metrics.finished(self.target, tenant, self.route, status, seconds, answered=self.ttft_s is not None)
        if self.version:
            self.metrics.version_served(self.target, self.version, status)
        log.info(
            "request",
            request_id=self.request_id,
            route=self.route,
            target=self.target,
            **({"version": self.version} if self.version else {}),
            tenant=tenant,
            key_id=self.who.key_id,
            status=status,
            outcome=outcome,
            stream=self.streaming,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            ttft_ms=None if self.ttft_s is None else round(self.ttft_s * 1000, 1),
            duration_ms=round(seconds * 1000, 1),
        )

    @property
    def seconds(self) -> float:
        """Seconds since the request came."""
        return time.perf_counter() - self.started

    async def settle(self) -> None:
        """Have the ledger write the end, once the exchange has finished well. Raises `Unavailable`."""
        if self.entry is not None and self._ended is not None:
            await self.entry.close(*self._ended)

    async def settle_failed(self) -> None:
        """Have the ledger write the end of what did not finish well."""
        if self.entry is not None and self._ended is not None:
            await self.entry.close_failed(*self._ended)

    def fail(self, error: ApplianceError) -> None:
        """Finish with an error."""
        self.finish(status_of(error), error.code)

    def close(self) -> None:
        """Finish what is not finished yet: with an error that nobody foresaw, or because the caller has gone."""
        if isinstance(sys.exception(), Exception):
            self.finish(500, "internal_error")
        else:
            self.finish(499, "cancelled")
