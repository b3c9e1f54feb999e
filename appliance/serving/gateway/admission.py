"""What comes before any work: the guardrails read the request, the ledger lets it in and writes it down."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool

from appliance.core.errors import ApplianceError
from appliance.guardrails.personal.keeping import masked_within
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.entry import open_entry
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.guarding import Guarding

Kept = Literal["none", "masked", "full"]

_CHARACTERS_A_TOKEN = 3  # of both languages together; the engine's own count corrects it
_USUAL_ANSWER = 512  # tokens, where the caller sets no limit


async def admitted(gateway: GatewayContext, exchange: Exchange, body: dict[str, Any], context_length: int) -> Guarding:
    """Check and mask the texts of a body for the engine in place, and let it in.

    Raises `InvalidRequest` for what a rule forbids, `QuotaExceeded`, `Unavailable`.
    """
    guarding = Guarding(gateway.chain, exchange.who.tenant, classifying=gateway.guards_slowly)
    asked = json.dumps(body, ensure_ascii=False)
    content = await kept(gateway.audit_content, {name: body[name] for name in ("messages", "prompt") if name in body})
    refusal: ApplianceError | None = None
    try:
        if "messages" in body:
            await guarding.check_messages(body["messages"])
        else:
            prompts = [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]
            checked = await guarding.check_texts(prompts)
            body["prompt"] = checked[0] if isinstance(body["prompt"], str) else checked
    except ApplianceError as error:
        refusal = error
    longest = body.get("max_tokens") or body.get("max_completion_tokens") or _USUAL_ANSWER
    tokens = min(len(asked) // _CHARACTERS_A_TOKEN + longest * (body.get("n") or 1), context_length)
    await _let_in(gateway, exchange, guarding, exchange.target, tokens, content, refusal)
    return guarding


async def admitted_texts(
    gateway: GatewayContext, exchange: Exchange, texts: Sequence[str], model: str | None, *, spoken: bool = False
) -> None:
    """Check texts that no chat model reads as they are, such as those to embed, and let the request in.

    What is `spoken` is a record of what somebody said, and nothing in it is refused. Raises as `admitted`.
    """
    guarding = Guarding(gateway.chain, exchange.who.tenant, classifying=gateway.guards_slowly)
    content = await kept(gateway.audit_content, list(texts))
    refusal: ApplianceError | None = None
    try:
        if spoken:
            await guarding.look_at_texts(texts)
        else:
            await guarding.check_texts(texts, masking=False)
    except ApplianceError as error:
        refusal = error
    tokens = sum(map(len, texts)) // _CHARACTERS_A_TOKEN
    await _let_in(gateway, exchange, guarding, model, tokens, content, refusal)


async def _let_in(
    gateway: GatewayContext,
    exchange: Exchange,
    guarding: Guarding,
    model: str | None,
    tokens: int,
    content: str | None,
    refusal: ApplianceError | None,
) -> None:
    """Open the entry, also of what is refused: that is what an auditor looks for. Raises the refusal."""
    exchange.entry = await open_entry(
        gateway.models,
        exchange,
        model=model,
        estimated_tokens=0 if refusal else tokens,
        content=content,
        verdicts=guarding.found,
    )
    if refusal is not None:
        raise refusal


async def kept(policy: Kept, value: Any) -> str | None:  # noqa: ANN401 - plain data of any shape
    """Return what the site keeps of a text or of plain data, as JSON; None for nothing."""
    if policy == "none" or not value:
        return None
    shown = value if policy == "full" else await run_in_threadpool(masked_within, value)
    return json.dumps(shown, ensure_ascii=False)
