"""A stream cut at ends of sentences, each part checked before it leaves."""

import re
from dataclasses import dataclass, replace

from appliance.guardrails.verdict import Check, Finding

# A full stop ends a sentence where a blank follows, so that 3.5 and a.b@example.com stay whole.
_END = re.compile(r"[。！？]+[”’」』）)\"']*|[.!?]+[”’)\"']*(?=\s)|\n")
NUMBERS = re.compile(r"[\d@＠]")
"""What nearly all personal data has in it or after it; names alone do not."""
_BEFORE = 64  # characters already released that are read again: words of context, and digits that run on


@dataclass(frozen=True)
class Checked:
    """A part of the stream that may leave once its findings are dealt with; their places count in `text`."""

    text: str
    findings: tuple[Finding, ...]


class SentenceGate:
    """Holds a stream back to the last end of a sentence; joined, the parts are the stream.

    A sentence longer than `cap` characters leaves in parts. The last `overlap` characters then wait for what follows,
    and no part ends within a finding, so that nothing shorter than `overlap` slips through over a cut.

    With `watch`, what stands before its first match in a sentence does not wait: a stream then only pauses where
    personal data can be. A finding that begins before that place is cut to what had not left.
    """

    def __init__(self, check: Check, cap: int = 600, overlap: int = 200, watch: re.Pattern[str] | None = None) -> None:
        """Raises `ValueError` where `overlap` is not smaller than `cap`."""
        if not 0 < overlap < cap:
            raise ValueError("overlap must be smaller than cap")
        self._check, self._cap, self._overlap, self._watch = check, cap, overlap, watch
        self._before = ""
        self._held = ""

    def push(self, piece: str) -> list[Checked]:
        """Take the next piece; return the parts that are now whole."""
        self._held += piece
        parts = []
        while (part := self._unwatched() or self._next()) is not None:
            parts.append(part)
        return parts

    def close(self) -> list[Checked]:
        """Return the rest, checked."""
        return [self._release(len(self._held), self._found())] if self._held else []

    def _unwatched(self) -> Checked | None:
        """Return what stands before the first place to watch."""
        if self._watch is None or not self._held:
            return None
        found = self._watch.search(self._held)
        end = found.start() if found else len(self._held)
        return self._release(end, []) if end else None

    def _next(self) -> Checked | None:
        end = _END.search(self._held, 0, self._cap)
        # More closing marks or stops may follow one at the very end.
        if end is not None and end.end() < len(self._held):
            return self._release(end.end(), self._found(end.end()))
        if len(self._held) < self._cap:
            return None
        found = self._found()
        return self._release(self._cut(found), found)

    def _found(self, end: int | None = None) -> list[Finding]:
        """Return the findings of what is held, up to `end`; their places count in what is held."""
        shift = len(self._before)
        found = self._check.find(self._before + self._held[:end])
        return [replace(one, start=max(one.start - shift, 0), end=one.end - shift) for one in found if one.end > shift]

    def _cut(self, found: list[Finding]) -> int:
        """Return where a long sentence is cut: before what overlaps the cut; behind it where it begins the part."""
        cut = len(self._held) - self._overlap
        for one in sorted(found, key=lambda one: -one.start):
            if one.start < cut < one.end:
                cut = one.start
        return cut or max((one.end for one in found if one.start == 0), default=len(self._held))

    def _release(self, end: int, found: list[Finding]) -> Checked:
        text, self._held = self._held[:end], self._held[end:]
        self._before = (self._before + text)[-_BEFORE:]
        return Checked(text, tuple(replace(one, end=min(one.end, end)) for one in found if one.start < end))
