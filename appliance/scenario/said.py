"""What an action says, judged by its own checks before it leaves: whole answers, and streams event by event."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from appliance.core.errors import ApplianceError, ContentFiltered, Unavailable
from appliance.core.messages import _
from appliance.guardrails.guarded import is_failure
from appliance.guardrails.handed import judge
from appliance.guardrails.outcome import summary
from appliance.guardrails.verdict import Finding
from appliance.scenario.actions import DONE, Action
from appliance.scenario.checks import bound

Json = dict[str, Any]
Named = tuple[str, Json]


class Said:
    """The output of one run of an action, whose checks see every text of it at any depth, `unchecked` fields left out.

    An answer is one text to the checks, its texts a line each. In a stream, an event of `whole_events` is such a text
    too, and leaves as soon as it has passed. Any other event with a text in it waits for the end, and so does what
    comes behind it: the texts of events with the same name are pieces of one text, which the checks see in one go
    together with the answer of `done`. So nothing leaves that no check has seen, however a number or a name is cut.
    An action without checks streams as it comes. With `live`, every event is a text of its own and leaves at once, as
    nobody knows whether there will be an end.
    """

    def __init__(
        self,
        action: Action,
        facts: Mapping[str, object],
        note: Callable[[Sequence[Finding]], None],
        *,
        live: bool = False,
    ) -> None:
        """Take the facts that the action gives while it runs, by check, and who is told of each finding."""
        self._action = action
        self._live = live
        self._facts = facts
        self._note = note
        self._held: list[tuple[str, Json, bool]] = []

    async def answer(self, data: Json) -> Json:
        """Return a dumped answer as it may leave.

        Raises `ContentFiltered` where a check blocks it, `Unavailable` (`check_failed`) where one could not run.
        """
        return (await self._passed([data], "\n"))[0] if self._action.checks else data

    async def events(self, name: str, data: Json) -> list[Named]:
        """Take the next dumped event; return those that leave now, in order. Raises as `answer`."""
        if not self._action.checks:
            return [(name, data)]
        if self._live:
            return [(name, await self.answer(data))]
        if name == DONE:
            return [*await self._rest(), (name, await self.answer(data))]
        stands_alone = name in self._action.whole_events or not self._texts(data)
        if stands_alone:
            data = await self.answer(data)
            if not self._held:
                return [(name, data)]
        self._held.append((name, data, stands_alone))
        return []

    async def _rest(self) -> list[Named]:
        """Return what waits, judged: the pieces of one name together."""
        pieces = dict.fromkeys(name for name, _data, judged in self._held if not judged)
        passed = {
            name: iter(await self._passed([data for one, data, judged in self._held if one == name and not judged], ""))
            for name in pieces
        }
        return [(name, data if judged else next(passed[name])) for name, data, judged in self._held]

    async def _passed(self, parts: Sequence[Json], joint: str) -> list[Json]:
        """Return data whose texts, joined, have passed, with what is to be masked masked."""
        texts = [text for part in parts for text in self._texts(part)]
        if not texts:  # nothing said, and no need for facts yet
            return list(parts)
        checks = bound(self._action.checks, self._facts)
        verdict = await asyncio.to_thread(judge, joint.join(texts), checks)
        self._note(verdict.findings)
        if verdict.action == "block":
            raise _refusal([one for one in verdict.findings if one.action == "block"])
        shown = _split(verdict.text, texts, joint)
        return [_with_each(part, self._action.unchecked, lambda _text: next(shown)) for part in parts]

    def _texts(self, data: Json) -> list[str]:
        texts: list[str] = []

        def take(text: str) -> str:
            texts.append(text)
            return text

        _with_each(data, self._action.unchecked, take)
        return texts


def _split(shown: str, texts: Sequence[str], joint: str) -> Iterator[str]:
    """Yield joined texts one by one, as they are shown: masked characters keep their places."""
    start = 0
    for text in texts:
        yield shown[start : start + len(text)]
        start += len(text) + len(joint)


def _with_each(value: Any, unchecked: AbstractSet[str], change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    """Return plain data with each text changed, in the order that they stand in."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: one if key in unchecked else _with_each(one, unchecked, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_each(one, unchecked, change) for one in value]
    return value


def _refusal(blocking: Sequence[Finding]) -> ApplianceError:
    """Return what the caller is told: the rule, or that a check could not run; never the words."""
    ruled = next((one for one in blocking if not is_failure(one)), None)
    if ruled is None:
        return Unavailable(
            _("The answer does not leave: its check {rule} could not run.", rule=blocking[0].rule),
            _("Tell the operator the request id; the scenario's log has the reason."),
            code="check_failed",
        )
    return ContentFiltered(
        _("The answer was refused by the rule {rule}.", rule=ruled.rule),
        _("Word it differently; an administrator can say what the rule forbids."),
        details={"findings": summary(blocking)},
    )
