"""What the ledger holds of one request: opened before a model works, closed before the caller hears the end."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from appliance.core.clock import iso, utc_now
from appliance.core.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.serving.gateway.exchange import Exchange

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")


class Ledger(Protocol):
    """The ledger by handle."""

    async def ledger(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call a method of the ledger."""
        ...


@dataclass
class Entry:
    """The entry of one request. `verdicts` are what the guardrails found, without any text."""

    ledger: Ledger
    exchange: "Exchange"
    seq: int
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    content: str | None = None
    """What the site keeps of the answer."""
    _closing: asyncio.Task[None] | None = None

    async def close(self, status: int, outcome: str) -> None:
        """Write the end, durably on return; a second call waits for the first. Raises `Unavailable`.

        It goes on where the caller's task is cancelled: what was used is counted even when nobody waits for it.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._complete(status, outcome))
        await asyncio.shield(self._closing)

    async def _complete(self, status: int, outcome: str) -> None:
        exchange = self.exchange
        await self.ledger.ledger(
            "complete",
            {
                "request_id": exchange.request_id,
                "seq": self.seq,
                "status": status,
                "outcome": outcome,
                "prompt_tokens": exchange.prompt_tokens,
                "completion_tokens": exchange.completion_tokens,
                "verdicts": self.verdicts,
                # Where the version went out of service before the first token, another one has answered.
                "audit": {**({"version": exchange.version} if exchange.version else {}), **exchange.answered},
                "content": self.content,
                "seconds": round(exchange.seconds, 4),
                "ttft_s": exchange.ttft_s,
            },
        )

    async def close_failed(self, status: int, outcome: str) -> None:
        """As `close`, behind an error that is told already: that it could not be written is logged."""
        try:
            await self.close(status, outcome)
        except ApplianceError as error:
            log.error("ledger", request_id=self.exchange.request_id, code=error.code)


async def open_entry(
    ledger: Ledger,
    exchange: "Exchange",
    *,
    model: str | None,
    estimated_tokens: int,
    content: str | None = None,
    verdicts: list[dict[str, Any]] | None = None,
) -> Entry:
    """Have the quotas checked and the request written down. Raises `QuotaExceeded`, `Unavailable`."""
    who = exchange.who
    reply = await ledger.ledger(
        "admit",
        {
            "request_id": exchange.request_id,
            "at": iso(utc_now()),
            "tenant": who.tenant,
            "actor": who.key_id,
            "role": who.role,
            "route": exchange.route,
            "target": exchange.target,
            "model": model,
            "priority": who.priority,
            "estimated_tokens": estimated_tokens,
            "audit": {"stream": exchange.streaming, **exchange.facts},
            "content": content,
        },
    )
    return Entry(ledger, exchange, reply["seq"], verdicts if verdicts is not None else [])
