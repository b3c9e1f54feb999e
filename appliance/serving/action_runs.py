"""The run of one action of a scenario: its guardrails, what they found, and the tokens it used.

A replica runs many actions at once, so what belongs to one is kept in a context variable: a task and a thread that an
action starts (`asyncio.create_task`, `asyncio.to_thread`) see the action's own run.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

from appliance.core.errors import ApplianceError
from appliance.core.ids import new_id
from appliance.core.principal import Priority
from appliance.guardrails.chain import Chain, Released, RequestGuard, Verdict
from appliance.guardrails.outcome import summary
from appliance.guardrails.output_stream import OutputStream
from appliance.guardrails.verdict import Finding, Stage
from appliance.serving.retrieved import allowed_answer, allowed_lines, allowed_passages

Json = dict[str, Any]
Given = TypeVar("Given")

_INJECTION = "injection:"
_TRUSTED = "system"  # the role of what the pack itself tells the model


class ActionRun:
    """One action of one caller; for one event loop."""

    def __init__(
        self, guard: RequestGuard, tenant: str = "", priority: Priority = "interactive", *, slowly: bool
    ) -> None:
        """With `slowly`, what the model writes is embedded to be checked: not on the event loop."""
        self.id = new_id("run")
        self.tenant = tenant
        self.priority = priority
        """Of the key that asks: what its action asks of a model is as urgent."""
        self.facts: dict[str, object] = {}
        """What the action has told its own checks, by the check's name."""
        self.tokens: dict[str, list[int]] = {}
        """Model alias to [prompt, completion]."""
        self.findings: list[Json] = []
        """What was found, as plain data without any text; `stage` says where: input (of the model), retrieved, output.
        """
        self._guard = guard
        self._slowly = slowly
        self._told = 0
        self._checking = asyncio.Lock()  # the guard holds the values it masks: one thread at a time

    def spend(self, alias: str, usage: Mapping[str, Any]) -> None:
        """Add the tokens of a generation."""
        count = self.tokens.setdefault(alias, [0, 0])
        count[0] += int(usage.get("prompt_tokens") or 0)
        count[1] += int(usage.get("completion_tokens") or 0)

    def found_since(self) -> list[Json]:
        """Return what was found since the last call."""
        fresh = self.findings[self._told :]
        self._told += len(fresh)
        return fresh

    def said(self, findings: Sequence[Finding]) -> None:
        """Note what the action's own checks found in what it says."""
        self._note(findings, "output")

    def failed(self, error: ApplianceError) -> ApplianceError:
        """Return the error that ends the action; it takes along what was found since the last call, and the tokens."""
        error.for_records = {**error.for_records, "findings": self.found_since(), "tokens": self.tokens}
        return error

    async def messages(self, messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]] | None:
        """Return a conversation as the model may read it, personal data masked; None where it is not to read it."""
        async with self._checking:
            texts = [message["content"] for message in messages]
            verdicts = await asyncio.to_thread(self._guard.check_input, texts)
        # Of a warning about the request the gateway has told already.
        acted = [one for verdict in verdicts for one in verdict.findings if one.action != "warn"]
        if any(_forbids(verdict, message["role"]) for verdict, message in zip(verdicts, messages, strict=True)):
            self._note(acted, "input")
            return None
        self._note([one for one in acted if one.action == "mask"], "input")
        return [
            {**message, "content": message["content"] if verdict.action == "block" else verdict.text}
            for verdict, message in zip(verdicts, messages, strict=True)
        ]

    async def answer(self, text: str) -> Verdict:
        """Check what the model wrote, whole; of a blocked one `text` is what stands before the block."""
        verdict = await asyncio.to_thread(self._guard.check_output, text)
        self._note(verdict.findings, "output")
        return verdict

    def output(self) -> OutputStream:
        """Begin an answer that comes in pieces, for `release` and `rest`."""
        return self._guard.output()

    async def release(self, output: OutputStream, piece: str) -> Released:
        """Return what may leave with the next piece."""
        return await self._released(output.push, piece)

    async def rest(self, output: OutputStream) -> Released:
        """Return what may leave at the end."""
        return await self._released(output.close)

    async def allowed_passages(self, passages: Sequence[Json]) -> list[Json]:
        """Return the dumped `Passage`s that the guardrails let through."""
        return await self._retrieved(allowed_passages, list(passages))

    async def allowed_answer(self, answer: Json) -> Json:
        """Return a dumped `Answer` without the citations that they do not."""
        return await self._retrieved(allowed_answer, answer)

    async def allowed_lines(self, text: str) -> str:
        """Return a text of entries without the lines that they do not."""
        return await self._retrieved(allowed_lines, text)

    async def _released(self, step: Callable[..., Released], *arguments: str) -> Released:
        released = await asyncio.to_thread(step, *arguments) if self._slowly else step(*arguments)
        self._note(released.findings, "output")
        return released

    async def _retrieved(
        self, check: Callable[[RequestGuard, Given], tuple[Given, list[Finding]]], found: Given
    ) -> Given:
        left, findings = await asyncio.to_thread(check, self._guard, found)
        self._note(findings, "retrieved")
        return left

    def _note(self, findings: Sequence[Finding], stage: Stage) -> None:
        self.findings += [{**one, "stage": stage} for one in summary(findings)]


class ActionRuns:
    """The runs of a replica's actions."""

    def __init__(self, chain: Chain, *, slowly: bool = False) -> None:
        self._chain = chain
        self._slowly = slowly
        self._current: ContextVar[ActionRun] = ContextVar("action_run")

    def begin(self, tenant: str, priority: Priority = "interactive") -> ActionRun:
        """Begin a run in this context, under the policy of `tenant`."""
        run = ActionRun(self._chain.request(tenant), tenant, priority, slowly=self._slowly)
        self.enter(run)
        return run

    def enter(self, run: ActionRun) -> None:
        """Go on with a run in this context: each step of a generator has that of whoever asks for it."""
        self._current.set(run)

    def current(self) -> ActionRun:
        """Return the run of this context. Raises `LookupError` outside an action: nothing passes unchecked."""
        return self._current.get()


def _forbids(verdict: Verdict, role: str) -> bool:
    """Tell whether a message is not to reach the model; the pack's own may give instructions."""
    blocking = [one for one in verdict.findings if one.action == "block"]
    return any(role != _TRUSTED or not one.rule.startswith(_INJECTION) for one in blocking)
