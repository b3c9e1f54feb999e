"""Checks of what an action says, by what the action itself knows: numbers it may name, products that suit a customer.

NUMBERS = numbers()

def create(context):
    async def advise(request, caller):
        quotations = …
        context.facts.give(NUMBERS, [request.question, *quotations])
        return Advice(answer=…)

    return [Action("advise", "Advise.", Ask, Advice, advise, checks=(NUMBERS,))]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, get_args

from appliance.guardrails.verdict import Check, Finding, Ruling

Given = TypeVar("Given")
Asked = TypeVar("Asked", contravariant=True)


@dataclass(frozen=True)
class OutputCheck(Generic[Given]):
    """One check that a scenario hands to the guardrails for the output of its actions.

    `find` gets a text and the facts that the action gave, and returns findings in that text. Their rules begin with
    `NAME:`, their `start` and `end` count its characters, and their actions are `warn`, `mask` (the characters become
    stars), `review` (the answer waits for a person; only where `reviews` is set) or `block` (nothing of the answer
    leaves). It runs in a thread. A check that raises, that returns anything else, or that was given no facts blocks.
    `version` changes with what it finds: it is in every verdict.
    """

    name: str
    version: str
    find: Callable[[str, Given], Sequence[Finding]]
    reviews: bool = False


class CheckFacts(Protocol):
    """Where a running action says what its checks go by."""

    def give(self, check: OutputCheck[Given], facts: Given) -> None:
        """Give a check its facts, before anything that it is to judge is yielded or returned; the last ones count.

        Raises `LookupError` outside an action.
        """
        ...


def bound(checks: Sequence[OutputCheck[Any]], facts: Mapping[str, object]) -> list[Check]:
    """Return checks as the chain runs them, each with its facts, by name."""
    return [_Bound(check, facts) for check in checks]


class _Bound:
    """A check with its facts; what is missing is found out when it runs, so that it blocks."""

    def __init__(self, check: OutputCheck[Any], facts: Mapping[str, object]) -> None:
        self._check = check
        self._facts = facts
        self.name = check.name
        self.version = check.version

    def find(self, text: str) -> list[Finding]:
        """Return what the check finds. Raises `LookupError` without facts, `ValueError` for findings that are none."""
        found = list(self._check.find(text, self._facts[self.name]))
        for one in found:
            if not (
                one.rule.startswith(f"{self.name}:")
                and one.version == self.version
                and 0 <= one.start <= one.end <= len(text)
                and one.action in get_args(Ruling)
                and (one.action != "review" or self._check.reviews)
            ):
                raise ValueError(f"a finding of {self.name} has another rule, version, place or action than it may")
        return found
