"""Answers that a tenant's policy wants a person to see first: they are kept, and the caller is told where to ask."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from appliance.guardrails.personal.keeping import masked_within
from appliance.serving.gateway.admission import kept
from appliance.serving.gateway.context import GatewayContext, reviews_of
from appliance.serving.gateway.exchange import Exchange
from appliance.serving.gateway.held_answers import question_text, scenario_text
from appliance.state.review_records import Held, NewReview

Kind = Literal["model", "scenario"]

_TARGETS = ("model:", "scenario:")
_REVIEW = "review"  # the action of a finding that wants a person, whatever the policy


def may_hold(policy_review: Sequence[str], target: str, kind: Kind) -> bool:
    """Tell whether a policy could hold any answer of `target`: the others may stream as they come."""
    return any(
        not pattern.startswith(_TARGETS) or fnmatchcase(f"{kind}:{target}", pattern) for pattern in policy_review
    )


def holds(
    policy_review: Sequence[str], exchange_target: str, kind: Kind, findings: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Return what makes a policy hold this answer, each once: `kind:target`, names of rules. Empty: it may leave.

    `findings` are those of the request and of its answer; one of action `review` holds it whatever the policy says.
    """
    names = dict.fromkeys([f"{kind}:{exchange_target}", *(str(one["rule"]) for one in findings)])
    asked = {one["rule"] for one in findings if one["action"] == _REVIEW}
    return [name for name in names if name in asked or any(fnmatchcase(name, pattern) for pattern in policy_review)]


async def hold(
    gateway: GatewayContext,
    exchange: Exchange,
    *,
    body: dict[str, Any],
    question: Any,  # noqa: ANN401 - messages, prompts or a scenario's payload
    answer: str,
    rules: Sequence[str],
    editable: bool = True,
) -> Response:
    """Keep `body` until somebody decides, finish the exchange as held, and return the 202 that says where it comes.

    `answer` is what a reviewer reads of it. Personal data in the question is masked, unless the site keeps prompts in
    full. Who calls this settles the exchange before the response leaves. Raises `Unavailable`: then nothing leaves.
    """
    reviews = reviews_of(gateway)
    shown = question if gateway.audit_content == "full" else await run_in_threadpool(masked_within, question)
    new = NewReview(
        exchange.who,
        exchange.request_id,
        exchange.route,
        exchange.target,
        tuple(rules),
        question_text(shown),
        Held(body, answer, editable),
    )
    review_id = await run_in_threadpool(reviews.hold, new)
    exchange.finish(202, "held")
    gateway.metrics.held(exchange.target, exchange.who.tenant)
    return told_to_wait(review_id)


async def held_scenario(
    gateway: GatewayContext,
    exchange: Exchange,
    guard_findings: Sequence[Mapping[str, Any]],
    payload: object,
    reply: Mapping[str, Any],
    status: int = 200,
    *,
    written: bool = False,
) -> Response | None:
    """Hold a scenario's `reply` where the tenant's policy or a check of the scenario wants that; None: it may leave.

    A reply with words of a model (`written`) is read here too: a conversation gives back what was held when it was
    written, and its findings of then are not at hand. A policy holds only a reply with an `answer`, at any depth, which
    a reviewer could judge; a check any with a text. An edit takes the place of the text under `answer` at the top. The
    exchange is finished where a response is returned; who calls this settles it.
    """
    guard = gateway.chain.request(exchange.who.tenant)
    asked = any(one["action"] == _REVIEW for one in guard_findings)
    if not (guard.review or asked) or status >= 400:
        return None
    findings = list(guard_findings)
    if written and guard.review:
        text = "\n".join(texts_in(reply))
        findings += (await run_in_threadpool(guard.check_output, text, [text])).summary()
    rules = holds(guard.review, exchange.target, "scenario", findings)
    answer = scenario_text(reply) if rules else ""
    if asked and not answer:
        answer = "\n".join(texts_in(reply))
    if not answer:
        return None
    if exchange.entry is not None:
        exchange.entry.content = await kept(gateway.audit_content, answer)
    editable = isinstance(reply.get("answer"), str)
    return await hold(
        gateway, exchange, body=dict(reply), question=payload, answer=answer, rules=rules, editable=editable
    )  # fmt: skip


def texts_of(payload: object, files: Collection[str]) -> list[str]:
    """Return every text of a scenario's request but its `files`, fields that hold bytes."""
    if not files or not isinstance(payload, Mapping):
        return texts_in(payload)
    return texts_in({name: value for name, value in payload.items() if name not in files})


def texts_in(payload: object) -> list[str]:
    """Return every text of a body, at any depth."""
    if isinstance(payload, str):
        return [payload]
    inner = payload.values() if isinstance(payload, Mapping) else payload if isinstance(payload, list) else ()
    return [text for value in inner for text in texts_in(value)]


def told_to_wait(review_id: str) -> Response:
    """Return the 202 of an answer that waits."""
    address = f"/v1/reviews/{review_id}/answer"
    body = {"id": review_id, "object": "review", "status": "pending", "status_url": address}
    return JSONResponse(body, status_code=202, headers={"Location": address})
