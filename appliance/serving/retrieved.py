"""Retrieved text on its way to a model or a caller: what the guardrails forbid is left out of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appliance.guardrails.request_guard import RequestGuard
from appliance.guardrails.verdict import Finding
from appliance.knowledge.models import Answer

Json = dict[str, Any]

_LITERAL = ("text", "quote")  # first, so that a finding's place counts characters of it
_NOT_READ = ("document_id", "effective_on", "expires_on")


def allowed_passages(guard: RequestGuard, passages: list[Json]) -> tuple[list[Json], list[Finding]]:
    """Return the dumped `Passage`s that may be used, as they are, and what was found in all of them. It computes."""
    kept, findings = _kept(guard, passages)
    return [passages[place] for place in kept], findings


def allowed_answer(guard: RequestGuard, answer: Json) -> tuple[Json, list[Finding]]:
    """Return a dumped `Answer` without the citations that may not be used, and what was found. It computes.

    Personal data stays: the documents are the bank's own.
    """
    kept, findings = _kept(guard, answer["citations"])
    near, found = _kept(guard, answer["nearest"])
    findings += found
    if len(kept) == len(answer["citations"]) and len(near) == len(answer["nearest"]):
        return answer, findings
    from appliance.knowledge.answers.withheld import citing_only  # seldom needed, and it loads all that makes answers

    left = citing_only(Answer.model_validate(answer), kept, near)
    return left.model_dump(mode="json"), findings


def allowed_lines(guard: RequestGuard, text: str) -> tuple[str, list[Finding]]:
    """Return a text of entries, one a line, without those that may not be used, and what was found. It computes."""
    whole = guard.check_retrieved([text])[0]
    if whole.action != "block":
        return text, list(whole.findings)
    lines = text.splitlines(keepends=True)
    verdicts = guard.check_retrieved(lines)
    blocked = [verdict.action == "block" for verdict in verdicts]
    if not any(blocked):  # it takes several lines to say it
        return "", list(whole.findings)
    left = "".join(line for line, gone in zip(lines, blocked, strict=True) if not gone)
    return left, [one for verdict in verdicts for one in verdict.findings]


def _kept(guard: RequestGuard, items: Sequence[Json]) -> tuple[list[int], list[Finding]]:
    """Return the places of what may be used, and the findings."""
    verdicts = guard.check_retrieved(["\n".join(_texts(item)) for item in items])
    findings = [one for verdict in verdicts for one in verdict.findings]
    return [place for place, verdict in enumerate(verdicts) if verdict.action != "block"], findings


def _texts(value: object, name: str = "") -> Iterator[str]:
    """Yield every text of a passage or citation: a heading or a file name is as foreign as the quoted words."""
    if isinstance(value, str):
        if value and name not in _NOT_READ:
            yield value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=lambda key: key not in _LITERAL):
            yield from _texts(value[key], key)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
