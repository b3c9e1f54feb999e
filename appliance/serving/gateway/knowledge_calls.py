"""Calls of the knowledge service in the name of a request's caller."""

from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from appliance.core.errors import ApplianceError
from appliance.guardrails.outcome import summary
from appliance.knowledge.models import Selection
from appliance.serving.gateway.admission import admitted_texts
from appliance.serving.gateway.context import context_of, exchange_of, principal_of
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.retrieved import allowed_answer, allowed_passages

TARGET = "knowledge"
"""What searches are counted under, whichever base they ask."""
_LONGEST_NAME = 64


async def ask_knowledge(request: Request, method: str, *arguments: object) -> Any:  # noqa: ANN401 - the method's result
    """Call a method of the knowledge service; it checks what the caller may do."""
    return await context_of(request).models.knowledge(method, principal_of(request), *arguments)


async def search(request: Request, base: str, query: str, k: int, selection: Selection) -> list[dict[str, Any]]:
    """Return those of the `k` best passages that the caller's guardrails let through.

    The query passes them too, and the ledger. Raises `InvalidRequest`, `QuotaExceeded`, and what the service does.
    """
    passages: list[dict[str, Any]] = await _retrieved(request, "search", base, query, k, selection)
    return passages


async def answer(request: Request, base: str, question: str, most: int, selection: Selection) -> dict[str, Any]:
    """Return an extractive answer from citations that pass, or a refusal. Raises as `search`."""
    found: dict[str, Any] = await _retrieved(request, "answer", base, question, most, selection)
    return found


async def _retrieved(request: Request, method: str, base: str, asked: str, *rest: object) -> Any:  # noqa: ANN401
    gateway = context_of(request)
    exchange = exchange_of(request, TARGET)
    exchange.facts = {"knowledge_base": base[:_LONGEST_NAME]}
    try:
        await admitted_texts(gateway, exchange, [asked], None)
        found = await ask_knowledge(request, method, base, asked, *rest)
        check = allowed_passages if method == "search" else allowed_answer
        guard = gateway.chain.request(exchange.who.tenant)
        left, findings = await run_in_threadpool(check, guard, found)
        _note(exchange, summary(findings))
        exchange.first_token()
        exchange.finish(200)
        await exchange.settle()
        return left
    except ApplianceError as error:
        exchange.fail(error)
        raise
    finally:
        exchange.close()
        await exchange.settle_failed()


def _note(exchange: Exchange, findings: list[dict[str, Any]]) -> None:
    assert exchange.entry is not None, "nothing is searched before the request is let in"
    exchange.entry.verdicts += [{**one, "stage": "retrieved"} for one in findings]
