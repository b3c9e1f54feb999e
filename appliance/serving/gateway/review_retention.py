"""The retention of held answers: what was kept long enough is erased, each with a record of the audit before it."""

import asyncio
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool

from appliance.core.errors import ApplianceError
from appliance.serving.gateway.context import GatewayContext, reviews_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway")

_LOOK_AGAIN_S: Final = 600.0
_AT_ONCE: Final = 100


async def erase_for_ever(context: GatewayContext) -> None:
    """Erase what has lapsed, every ten minutes; what fails is tried again then, and cannot be read until then."""
    while True:
        try:
            await erase_lapsed(context)
        except (ApplianceError, OSError) as error:
            log.warning("retention of held answers failed", code=getattr(error, "code", type(error).__name__))
        await asyncio.sleep(_LOOK_AGAIN_S)


async def erase_lapsed(context: GatewayContext) -> int:
    """Erase the texts of every lapsed answer; return of how many. Those that nobody decided about become expired.

    Raises `Unavailable` where the audit or the database does not answer: what is not written down is not erased.
    """
    reviews, erased = reviews_of(context), 0
    while lapsed := await run_in_threadpool(reviews.lapsed, _AT_ONCE):
        for record in lapsed:
            data = {
                "action": "review expire" if record.status == "expired" else "review erase",
                "target": record.id, "outcome": "done", "tenant": record.tenant, "answers": record.request_id,
                "status": record.status,
            }  # fmt: skip
            await context.models.ledger("record", "system.review", {"actor": None}, data)
            erased += await run_in_threadpool(reviews.erase, record)
    return erased
