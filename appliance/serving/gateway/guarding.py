"""The guardrails around one request: its texts before they go on, the model's words before they leave."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.guardrails.chain import Chain, Released, RequestGuard, Verdict
from appliance.guardrails.joined import Run, by_lines, places_of
from appliance.guardrails.outcome import summary
from appliance.guardrails.output_stream import OutputStream
from appliance.serving.model_items import EVENT_END

FILTERED = "content_filter"
"""OpenAI's finish reason of an answer that a filter ended, and the code of a request that one refused."""

_DATA = "data: "
_INJECTION = "injection:"
_TRUSTED = ("system", "developer")
"""Roles of what an application tells its model, which is an instruction by its nature."""
_MOST_TEXTS = 4096  # one takes a fifth of a millisecond at least, and a body has room for hundreds of thousands


class Guarding:
    """What is checked of one request of `tenant`, and what was found."""

    def __init__(self, chain: Chain, tenant: str, *, classifying: bool = False) -> None:
        self._classifying = classifying
        self._guard: RequestGuard = chain.request(tenant)
        self._channels: dict[tuple[int, str], OutputStream] = {}
        self._ended: set[int] = set()
        self.found: list[dict[str, Any]] = []
        """Findings as plain data, without any of the text."""
        self.written: dict[int, list[str]] = {}
        """What has left of each choice, in pieces."""

    @property
    def review(self) -> tuple[str, ...]:
        """What holds an answer of this tenant for a person."""
        return self._guard.review

    async def check_messages(self, messages: Sequence[dict[str, Any]]) -> None:
        """Check a conversation and mask it in place. Raises `InvalidRequest` for one that is not to reach a model."""
        places, runs = places_of(messages)
        texts = [place.text for place in places]
        _few_enough(texts)
        read_on = [by_lines(run, texts).text for run in runs if places[run.texts[0]].role not in _TRUSTED]
        await self._classify([*(place.text for place in places if place.role not in _TRUSTED), *read_on])
        verdicts = await self._checked(texts, runs)
        for place, verdict in zip(places, verdicts, strict=True):
            self._let_in(verdict, trusted=place.role in _TRUSTED)
            if verdict.action != "block":
                place.holder[place.key] = verdict.text

    async def check_texts(self, texts: Sequence[str], *, masking: bool = True) -> list[str]:
        """Return texts as the model may read them. Raises `InvalidRequest`."""
        _few_enough(texts)
        await self._classify(texts)
        verdicts = await self._checked(texts)
        for verdict in verdicts:
            self._let_in(verdict)
        return [one.text for one in verdicts] if masking else list(texts)

    async def look_at_texts(self, texts: Sequence[str]) -> None:
        """Note what there is in texts that are recorded as they are; each finding is a warning, whatever the policy.

        Raises `InvalidRequest` for more of them than can be looked at.
        """
        _few_enough(texts)
        verdicts = [*await self._classified(texts), *await self._checked(texts)]
        self.found += [{**one, "action": "warn"} for verdict in verdicts for one in verdict.summary()]

    async def _classify(self, texts: Sequence[str]) -> None:
        """Ask the classifier too, where the site wants that. Raises `InvalidRequest` where it is to block."""
        for verdict in await self._classified(texts):
            self._let_in(verdict)

    async def _classified(self, texts: Sequence[str]) -> list[Verdict]:
        return await run_in_threadpool(self._guard.check_input_slow, list(texts)) if self._classifying else []

    async def _checked(self, texts: Sequence[str], runs: Sequence[Run] = ()) -> list[Verdict]:
        # A short text takes less than the way to a thread.
        if sum(map(len, texts)) < 2000:
            return self._guard.check_input(texts, runs)
        return await run_in_threadpool(self._guard.check_input, texts, runs)

    def _let_in(self, verdict: Verdict, *, trusted: bool = False) -> None:
        """Raise unless a text may go on; a `trusted` one may give instructions."""
        self.found += verdict.summary()
        blocking = [one for one in verdict.findings if one.action == "block"]
        if trusted:
            blocking = [one for one in blocking if not one.rule.startswith(_INJECTION)]
        if blocking:
            raise InvalidRequest(
                _("The request was refused by the rule {rule}.", rule=blocking[0].rule),
                _("Word it differently; an administrator can say what the rule forbids."),
                code=FILTERED,
                details={"findings": summary(blocking)},
            )

    def whole(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return a whole answer with its choices checked."""
        for choice in result.get("choices", ()):
            index = choice.get("index", 0)
            for holder, key, channel in _written(choice, choice.get("message", choice)):
                before = holder[key]
                pushed = self._push(index, channel, before)
                closed = Released() if pushed.blocked else self._stream(index, channel).close()
                self._note(closed)
                holder[key] = pushed.text + closed.text
                self._leaves(index, holder[key])
                if pushed.blocked or closed.blocked:
                    self._cut(choice)
                if holder[key] != before:
                    choice["logprobs"] = None  # they spell what was taken out
        return result

    def events(self, item: str) -> Iterator[str]:
        """Yield the server-sent events in `item` with only what may leave."""
        for text in item.split(EVENT_END):
            if not text.startswith(_DATA) or text == f"{_DATA}[DONE]":
                if text:
                    yield text + EVENT_END
                continue
            data = json.loads(text[len(_DATA) :])
            changed = self._chunk(data)
            if not changed:
                yield text + EVENT_END
            elif data["choices"]:
                yield _DATA + json.dumps(data, ensure_ascii=False, separators=(",", ":")) + EVENT_END

    def rest(self, envelope: dict[str, Any]) -> Iterator[str]:
        """Yield what is still held of choices that broke off without a finish reason, as chunks like `envelope`."""
        for (index, channel), stream in self._channels.items():
            released = stream.close()
            self._note(released)
            if released.text and index not in self._ended:
                delta: dict[str, Any] = {}
                _append(delta, channel, released.text)
                self._leaves(index, released.text)
                choice = {"index": index, **(delta if channel == "text" else {"delta": delta}), "finish_reason": None}
                data = {**envelope, "choices": [choice]}
                yield _DATA + json.dumps(data, ensure_ascii=False, separators=(",", ":")) + EVENT_END

    def _chunk(self, data: dict[str, Any]) -> bool:
        """Check a chunk in place and leave of it what may be sent; tell whether it is another than it was."""
        choices = data.get("choices", ())
        changed, kept = False, []
        for choice in choices:
            if choice.get("index", 0) in self._ended:
                continue
            differs = self._choice(choice)
            changed |= differs
            if not differs or _says_something(choice):
                kept.append(choice)
        if len(kept) == len(choices) and not changed:
            return False
        data["choices"] = kept
        return True

    def _choice(self, choice: dict[str, Any]) -> bool:
        """Check a choice of a chunk in place; tell whether it has changed."""
        index, delta = choice.get("index", 0), choice.get("delta", choice)
        changed = False
        for holder, key, channel in _written(choice, delta):
            before = holder[key]
            released = self._push(index, channel, before)
            holder[key] = released.text
            self._leaves(index, released.text)
            changed |= released.text != before
            if released.blocked:
                self._cut(choice)
                changed = True
        if choice.get("finish_reason") and index not in self._ended:
            changed |= self._finish(choice, delta)
        if changed and choice.get("logprobs"):
            choice["logprobs"] = None
        return changed

    def _finish(self, choice: dict[str, Any], delta: dict[str, Any]) -> bool:
        """Let the rest of each channel out with the chunk that ends a choice; tell whether it changes."""
        rest = False
        for (index, channel), stream in self._channels.items():
            if index != choice.get("index", 0):
                continue
            released = stream.close()
            self._note(released)
            if released.text:
                _append(delta, channel, released.text)
                self._leaves(index, released.text)
                rest = True
            if released.blocked:
                self._cut(choice)
                rest = True
        return rest

    def _cut(self, choice: dict[str, Any]) -> None:
        choice["finish_reason"] = FILTERED
        self._ended.add(choice.get("index", 0))

    def over(self, choices: int) -> bool:
        """Tell whether a filter has ended every one of so many choices: the model need not go on."""
        return len(self._ended) >= choices

    def answers(self) -> list[str]:
        """Return what has left of each choice."""
        return ["".join(pieces) for _index, pieces in sorted(self.written.items())]

    def _push(self, index: int, channel: str, text: str) -> Released:
        released = self._stream(index, channel).push(text)
        self._note(released)
        return released

    def _leaves(self, index: int, text: str) -> None:
        if text:
            self.written.setdefault(index, []).append(text)

    def _stream(self, index: int, channel: str) -> OutputStream:
        if (index, channel) not in self._channels:
            self._channels[index, channel] = self._guard.output()
        return self._channels[index, channel]

    def _note(self, released: Released) -> None:
        self.found += summary(released.findings)


def _few_enough(texts: Sequence[str]) -> None:
    if len(texts) > _MOST_TEXTS:
        raise InvalidRequest(
            _("The request has {count} texts; at most {limit} can be checked.", count=len(texts), limit=_MOST_TEXTS),
            _("Join them, or send several requests."),
            code="too_many_texts",
        )


def _written(choice: dict[str, Any], message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield (holder, key, channel) for each text that the model has written in a choice."""
    if isinstance(choice.get("text"), str):
        yield choice, "text", "text"
        return
    for key in ("content", "reasoning_content", "reasoning", "refusal"):
        if isinstance(message.get(key), str):
            yield message, key, key
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        if isinstance(function.get("arguments"), str):
            yield function, "arguments", f"tool:{call.get('index', call.get('id', 0))}"


def _append(delta: dict[str, Any], channel: str, text: str) -> None:
    """Add the rest of a channel to a chunk."""
    if channel.startswith("tool:"):
        calls = delta.setdefault("tool_calls", [])
        number = int(channel.removeprefix("tool:")) if channel.removeprefix("tool:").isdigit() else 0
        for call in calls:
            if call.get("index") == number:
                call["function"]["arguments"] = (call["function"].get("arguments") or "") + text
                return
        calls.append({"index": number, "function": {"arguments": text}})
        return
    delta[channel] = (delta.get(channel) or "") + text


def _says_something(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    if choice.get("finish_reason") or delta is None:
        return bool(choice.get("finish_reason") or choice.get("text"))
    return any(value not in (None, "", []) for value in delta.values())
