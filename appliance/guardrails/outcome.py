"""What the chain says about a text, and what of a stream may leave."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from appliance.guardrails.verdict import Finding

Outcome = Literal["pass", "warn", "mask", "review", "block"]
_RANK: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Verdict:
    """What was found in one text, what is done about it, and the text that may be used."""

    findings: tuple[Finding, ...]
    """In the order of the text."""
    action: Outcome
    """The most severe of the findings' actions."""
    text: str
    """Masked where needed. Of a blocked input nothing; of a blocked answer what stands before the block."""

    def summary(self) -> list[dict[str, Any]]:
        """Return the findings as plain data for audits and error bodies, without any of the text."""
        return summary(self.findings)


@dataclass(frozen=True)
class Released:
    """What of an answer may leave now, and what was found since the last call."""

    text: str = ""
    findings: tuple[Finding, ...] = ()
    """Their places count characters of the whole answer as the model wrote it."""
    blocked: bool = False
    """The answer ends here: `text` is the last that leaves."""


def summary(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data: rule, version, start, end, action."""
    return [
        {"rule": one.rule, "version": one.version, "start": one.start, "end": one.end, "action": one.action}
        for one in findings
    ]


def strongest(findings: Iterable[Finding]) -> Outcome:
    """Return the most severe action, "pass" for no findings."""
    return max((one.action for one in findings), key=_RANK.index, default="pass")


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of the text."""
    return tuple(sorted(findings, key=lambda one: (one.start, one.end, one.rule)))
