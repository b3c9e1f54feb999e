"""One action of a scenario, run for a request or for a message of a WebSocket: let in, run, held, metered, written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.core.errors import ApplianceError
from appliance.scenario.actions import Caller
from appliance.serving.gateway.admission import admitted_texts
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.holding import held_scenario, texts_of

_DIGESTED_AT_ONCE: Final = 256 * 1024  # bytes; more take milliseconds, which other requests must not wait for


@dataclass(frozen=True)
class ActionCall:
    """What is to be run of a scenario, for whom, and how its request and its answer are to be taken."""

    scenario: str
    action: str
    payload: object
    caller: Caller
    parameters: Mapping[str, str]
    status: int = 200
    spoken: bool = False
    download: bool = False
    files: tuple[str, ...] = ()


async def carried_out(gateway: GatewayContext, exchange: Exchange, call: ActionCall) -> Response:
    """Run an action and return its answer, or the 202 where it waits for a person; the audit has both by then.

    Whatever happens, the exchange has ended. Raises what the admission and the scenario raise.
    """
    try:
        await admitted_texts(gateway, exchange, texts_of(call.payload, call.files), None, spoken=call.spoken)
        # What somebody said holds no answer about it.
        heard = len(verdicts(exchange)) if call.spoken else 0
        reply = await gateway.models.scenario(call.scenario, call.action, call.payload, call.caller, call.parameters)
        exchange.first_token()
        note(exchange, reply["findings"])
        if call.download:
            response = await _file(exchange, call, reply["reply"])
        else:
            response = await _answer(gateway, exchange, call, reply, verdicts(exchange)[heard:])
        exchange.finish(call.status)  # does nothing where it is held
        meter(gateway, exchange, reply["tokens"])
        await exchange.settle()
        return response
    except ApplianceError as error:
        failed(gateway, exchange, error)
        raise
    finally:
        exchange.close()
        await exchange.settle_failed()


async def _answer(
    gateway: GatewayContext,
    exchange: Exchange,
    call: ActionCall,
    reply: Mapping[str, Any],
    findings: Sequence[Mapping[str, Any]],
) -> Response:
    body = labelled(gateway, exchange, reply["reply"], reply)
    held = await held_scenario(
        gateway, exchange, findings, call.payload, body, call.status, written=reply["generated"]
    )  # fmt: skip
    return held or JSONResponse(body, status_code=call.status)


async def _file(exchange: Exchange, call: ActionCall, reply: Mapping[str, Any]) -> Response:
    """Return a file; the audit has its name's digest, not its name: people put names of customers there."""
    content: bytes = reply["content"]
    large = len(content) > _DIGESTED_AT_ONCE
    digest = await run_in_threadpool(_digest, content) if large else _digest(content)
    exchange.answered |= {"download": {"bytes": len(content), "sha256": digest, "media_type": reply["media_type"]}}
    headers = {
        "Content-Disposition": disposition(reply["filename"]),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, call.status, headers, media_type=reply["media_type"])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def disposition(filename: str) -> str:
    """Return the header that has a browser save a file under its name, as RFC 6266 and RFC 5987 write it."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in filename)
    if plain == filename:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def failed(gateway: GatewayContext, exchange: Exchange, error: ApplianceError) -> None:
    """Finish with an error; what the scenario had found and used until then is recorded all the same."""
    exchange.fail(error)
    told = error.for_records
    if told and exchange.entry is not None:
        note(exchange, told["findings"])
        meter(gateway, exchange, told["tokens"])


def meter(gateway: GatewayContext, exchange: Exchange, tokens: Mapping[str, tuple[int, int]]) -> None:
    """Count the tokens that the scenario spent, by model alias, for its caller."""
    exchange.prompt_tokens = sum(prompt for prompt, _completion in tokens.values())
    exchange.completion_tokens = sum(completion for _prompt, completion in tokens.values())
    for alias, (prompt, completion) in tokens.items():
        gateway.metrics.tokens(alias, exchange.who.tenant, prompt, completion)


def note(exchange: Exchange, findings: Sequence[dict[str, Any]]) -> None:
    """Put what the scenario's guardrails found into the audit of the request."""
    verdicts(exchange).extend(findings)


def verdicts(exchange: Exchange) -> list[dict[str, Any]]:
    """Return what was found until now, to be added to."""
    assert exchange.entry is not None, "no scenario works before its request is let in"
    return exchange.entry.verdicts


def labelled(
    gateway: GatewayContext, exchange: Exchange, data: dict[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an answer with its label as generated content, where the scenario says that it holds a model's words."""
    return gateway.labelled(data, exchange.request_id) if told["generated"] else data


def json_of(response: Response) -> Any:  # noqa: ANN401 - JSON
    """Return what a response of `carried_out` says, where it is no file."""
    return json.loads(bytes(response.body))
