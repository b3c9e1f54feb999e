"""What comes before any work: the guardrails read the request, the ledger lets it in and writes it down."""

import json
from collections.abc import Sequence
from typing import Any

from appliance.core.errors import ApplianceError
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.entry import open_entry
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.guarding import Guarding

_CHARACTERS_A_TOKEN = 3  # of both languages together; the engine's own count corrects it
_USUAL_ANSWER = 512  # tokens, where the caller sets no limit


async def admitted(gateway: GatewayContext, exchange: Exchange, body: dict[str, Any], context_length: int) -> Guarding:
    """Check and mask the texts of a body for the engine in place, and let it in.

    Raises `InvalidRequest` for what a rule forbids, `QuotaExceeded`, `Unavailable`.
    """
    guarding = Guarding(gateway.chain, exchange.who.tenant)
    given = _content(body) if gateway.audit_content == "full" else None
    refusal: ApplianceError | None = None
    try:
        if "messages" in body:
            await guarding.check_messages(body["messages"])
        else:
            prompts = [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]
            checked = await guarding.check_texts(prompts)
            body["prompt"] = checked[0] if isinstance(body["prompt"], str) else checked
    except ApplianceError as error:
        refusal = error  # written down first: what was refused is what an auditor looks for
    content = given if gateway.audit_content != "masked" or refusal else _content(body)
    asked = len(json.dumps(body, ensure_ascii=False)) // _CHARACTERS_A_TOKEN
    longest = body.get("max_tokens") or body.get("max_completion_tokens") or _USUAL_ANSWER
    exchange.entry = await open_entry(
        gateway.models,
        exchange,
        model=exchange.target,
        estimated_tokens=0 if refusal else min(asked + longest * (body.get("n") or 1), context_length),
        content=content,
        verdicts=guarding.found,
    )
    if refusal is not None:
        raise refusal
    return guarding


async def admitted_texts(gateway: GatewayContext, exchange: Exchange, texts: Sequence[str], model: str | None) -> None:
    """Check texts that no model answers, such as those to embed, and let the request in. Raises as `admitted`."""
    guarding = Guarding(gateway.chain, exchange.who.tenant)
    refusal: ApplianceError | None = None
    try:
        await guarding.check_texts(texts, masking=False)
    except ApplianceError as error:
        refusal = error
    exchange.entry = await open_entry(
        gateway.models,
        exchange,
        model=model,
        estimated_tokens=0 if refusal else sum(map(len, texts)) // _CHARACTERS_A_TOKEN,
        verdicts=guarding.found,
    )
    if refusal is not None:
        raise refusal


def _content(body: dict[str, Any]) -> str:
    kept = {name: body[name] for name in ("messages", "prompt") if name in body}
    return json.dumps(kept, ensure_ascii=False)
