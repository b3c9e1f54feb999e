"""One channel of an answer, checked piece by piece: nothing forbidden leaves, however the text is cut.

lexicon, by character → personal data and blocking topics, by sentence → placeholders restored → lexicon where a
restored value meets what the model wrote.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from appliance.guardrails.guarded import Together, failure
from appliance.guardrails.lexicon import Lexicon, LexiconStream
from appliance.guardrails.outcome import Released, in_order
from appliance.guardrails.own_data import hidden
from appliance.guardrails.personal.sentence_gate import Checked, SentenceGate
from appliance.guardrails.personal.vault import Vault
from appliance.guardrails.verdict import Finding

_CAP, _OVERLAP = 600, 200  # characters of a sentence that has no end


@dataclass(frozen=True)
class OutputChecks:
    """What an answer passes through; what is None is left out."""

    lexicon: Lexicon | None = None
    by_sentence: Together | None = None
    at_end: Together | None = None
    """Checks that only warn: they read the whole answer when it is complete and hold nothing back."""
    vault: Vault | None = None
    watch: re.Pattern[str] | None = None
    """What of a sentence waits for its end: from the first match on; None: all of it."""


class OutputStream:
    """One response or one channel of it. Joined, what leaves does not depend on how the text was cut.

    After a block nothing leaves. Not safe for use from two threads; `push` and `close` compute, up to an embedding a
    window of the text.
    """

    def __init__(self, checks: OutputChecks) -> None:
        self._checks = checks
        self._lexicon = LexiconStream(checks.lexicon) if checks.lexicon else None
        self._gate = (
            _Gate(SentenceGate(checks.by_sentence, _CAP, _OVERLAP, checks.watch)) if checks.by_sentence else None
        )
        self._restoring = _Restoring(checks.vault, checks.lexicon) if checks.vault else None
        self._taken = 0  # characters
        self._seen: list[str] = []
        self._step = "output"
        self._closed = False
        self.blocked = False

    def push(self, piece: str) -> Released:
        """Take the next piece, of any length, and return what may leave."""
        return self._run(piece, final=False)

    def close(self) -> Released:
        """Return the rest: the text is complete."""
        released = self._run("", final=True)
        self._closed = True
        return released

    def _run(self, piece: str, *, final: bool) -> Released:
        if self.blocked or self._closed:
            return Released(blocked=self.blocked)
        self._taken += len(piece)
        try:
            text, findings = self._advance(piece, final=final)
        except Exception as error:  # noqa: BLE001 - plug-in boundary: whatever fails in a check, nothing passes
            self.blocked = True
            return Released("", (failure(self._step, "", error, self._taken, self._taken - len(piece)),), True)
        return Released(text, in_order(findings), self.blocked)

    def _advance(self, text: str, *, final: bool) -> tuple[str, list[Finding]]:
        findings: list[Finding] = []
        if self._lexicon:
            self._step = "lexicon"
            released = self._lexicon.close() if final else self._lexicon.push(text)
            text, self.blocked = released.text, released.blocked
            findings += released.findings
        if self._checks.at_end:
            self._seen.append(text)
        if self._gate:
            self._step = "sentences"
            text, found = self._gate.take(text, final=final or self.blocked)
            self._note(found, findings)
        if self._restoring:
            self._step = "restoring"
            text, found = self._restoring.take(text, self._taken, final=final or self.blocked)
            self._note(found, findings)
        if self._checks.at_end and final and not self.blocked:
            found = self._checks.at_end.find("".join(self._seen))
            self._note(found, findings)
            text = "" if self.blocked else text  # the check could not run
        return text, findings

    def _note(self, found: list[Finding], findings: list[Finding]) -> None:
        findings += found
        self.blocked = self.blocked or any(one.action == "block" for one in found)


class _Gate:
    """The sentence gate with its findings dealt with: masked, or cut off at the first that blocks."""

    def __init__(self, gate: SentenceGate) -> None:
        self._gate = gate
        self._held = 0  # characters in the gate
        self._left = 0  # characters that left it

    def take(self, text: str, *, final: bool) -> tuple[str, list[Finding]]:
        """Return what leaves, and the findings in it; their places count characters of the whole text."""
        parts: list[str] = []
        findings: list[Finding] = []
        for part in self._parts(text, final):
            found = sorted(part.findings, key=lambda one: one.start)
            end = min((one.start for one in found if one.action == "block"), default=len(part.text))
            parts.append(hidden(part.text[:end], found))
            findings += [replace(one, start=one.start + self._left, end=one.end + self._left) for one in found]
            self._left += len(part.text)
            if end < len(part.text) or any(one.action == "block" for one in found):
                break
        return "".join(parts), findings

    def _parts(self, text: str, final: bool) -> Iterator[Checked]:
        at = 0
        # Filled to exactly its cap, the gate cuts a long sentence in the same places, whatever the pieces are.
        while at < len(text):
            piece = text[at : at + _CAP - self._held]
            at += len(piece)
            self._held += len(piece)
            for part in self._gate.push(piece):
                self._held -= len(part.text)
                yield part
        if final:
            yield from self._gate.close()


class _Restoring:
    """Placeholders replaced by the asker's values, and the lexicon over the places where they meet the model's words.

    The values themselves passed the lexicon when they came in.
    """

    def __init__(self, vault: Vault, lexicon: Lexicon | None) -> None:
        self._values = vault.stream()
        self._lexicon = LexiconStream(lexicon) if lexicon else None
        self._start = 0

    def take(self, text: str, end: int, *, final: bool) -> tuple[str, list[Finding]]:
        """Return what leaves; a finding spans what the model wrote since the last one, up to `end`."""
        text = self._values.push(text) + (self._values.close() if final else "")
        if self._lexicon is None:
            return text, []
        released = self._lexicon.push(text)
        text, found = released.text, released.findings
        if final and not released.blocked:
            rest = self._lexicon.close()
            text, found = text + rest.text, (*found, *rest.findings)
        told = [replace(one, start=self._start, end=end) for one in found if one.action != "warn"]
        self._start = end if told else self._start
        return text, told
