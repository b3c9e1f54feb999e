"""Checks that a scenario hands in for what its actions say: the chain runs them as its own, and they fail closed."""

from collections.abc import Iterable

from appliance.guardrails.guarded import Guarded, Together
from appliance.guardrails.lexicon.compiled import masked
from appliance.guardrails.outcome import Verdict, in_order, strongest
from appliance.guardrails.verdict import Check


def judge(text: str, checks: Iterable[Check]) -> Verdict:
    """Return what the checks find in a whole text. One that raises blocks. They compute: not on an event loop.

    Of a blocked text nothing is left; else the verdict's text is as long as `text`, with what is to be masked starred.
    """
    findings = in_order(Together([Guarded(check) for check in checks]).find(text))
    action = strongest(findings)
    spans = [(one.start, one.end) for one in findings if one.action == "mask"]
    return Verdict(findings, action, "" if action == "block" else masked(text, spans))
