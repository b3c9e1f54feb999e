"""Values masked in one place, found again where they stand without the words that gave them away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from appliance.guardrails.verdict import Finding

_LEAST = 2  # characters


def values_of(text: str, findings: Sequence[Finding]) -> dict[str, Finding]:
    """Return the values of `text` that are to be masked as personal data, each with a finding of it."""
    return {
        text[one.start : one.end]: one
        for one in findings
        if one.action == "mask" and one.rule.startswith("personal:") and one.end - one.start >= _LEAST
    }


def repeated(text: str, findings: Sequence[Finding], values: Mapping[str, Finding]) -> Iterator[Finding]:
    """Yield a finding for each place where one of `values` stands in `text` and no finding masks any of it yet."""
    taken = [(one.start, one.end) for one in findings if one.action == "mask"]
    for value in sorted(values, key=len, reverse=True):
        at = text.find(value)
        while at >= 0:
            end = at + len(value)
            if _is_whole(text, at, end) and all(end <= start or at >= behind for start, behind in taken):
                taken.append((at, end))
                yield replace(values[value], start=at, end=end)
            at = text.find(value, end)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Tell whether no Latin word or number runs on over the edges of a place."""
    return not (_runs_on(text[start - 1 : start], text[start]) or _runs_on(text[end - 1], text[end : end + 1]))


def _runs_on(before: str, after: str) -> bool:
    return all(char != "" and char.isascii() and char.isalnum() for char in (before, after))
