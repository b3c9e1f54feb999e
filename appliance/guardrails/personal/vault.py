"""Masking that can be undone within one request: values leave as placeholders and come back in the answer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from appliance.guardrails.personal.kinds import KINDS, Kind
from appliance.guardrails.personal.placeholders import PLACEHOLDER, key, settled, written
from appliance.guardrails.verdict import Finding

_PREFIX = "personal:"


@dataclass(frozen=True)
class _Cut:
    """A place to be replaced; no kind where somebody wrote what looks like a placeholder."""

    start: int
    end: int
    kind: Kind | None


class Vault:
    """The values of one request and their placeholders. It is kept in memory only and never shared between requests.

    A value has the same placeholder throughout the request; spelled differently it is another value, so that `restore`
    gives back each text as it was. What looks like a placeholder in a text to be masked becomes a value itself, so
    that `restore` puts no value where the author of the text asked for one.
    """

    def __init__(self) -> None:
        self._placeholders: dict[tuple[Kind | None, str], str] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._counts: dict[Kind | None, int] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Vault({len(self)} values)"

    def mask(self, text: str, findings: Iterable[Finding]) -> str:
        """Return `text` with the places of those `findings` of personal data whose action is "mask" replaced."""
        cuts = [
            _Cut(finding.start, finding.end, cast(Kind, finding.rule.removeprefix(_PREFIX)))
            for finding in findings
            if finding.action == "mask" and finding.rule.removeprefix(_PREFIX) in KINDS
        ]
        taken = [(cut.start, cut.end) for cut in cuts]
        for match in PLACEHOLDER.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                cuts.append(_Cut(match.start(), match.end(), None))
        parts, behind = [], 0
        for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
            if cut.start < behind:
                continue
            parts += [text[behind : cut.start], self._placeholder(cut.kind, text[cut.start : cut.end], text)]
            behind = cut.end
        return "".join([*parts, text[behind:]])

    def restore(self, text: str) -> str:
        """Return `text` with the values of this request in place of its placeholders; unknown ones stay."""
        return PLACEHOLDER.sub(self._value, text)

    def stream(self) -> "RestoringStream":
        """Return a restorer for one answer that comes in pieces."""
        return RestoringStream(self)

    def _placeholder(self, kind: Kind | None, value: str, text: str) -> str:
        known = self._placeholders.get((kind, value))
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = written(kind, self._counts[kind], text)
            self._placeholders[kind, value] = known
            match = PLACEHOLDER.fullmatch(known)
            assert match is not None  # `written` and `PLACEHOLDER` agree
            self._values[key(match["name"], match["number"])] = value
        return known

    def _value(self, match: re.Match[str]) -> str:
        return self._values.get(key(match["name"], match["number"]), match.group())


class RestoringStream:
    """Restores one answer piece by piece; only what may still become a placeholder is held back."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._held = ""

    def push(self, piece: str) -> str:
        """Take the next piece and return what can be sent."""
        text = self._held + piece
        end = settled(text)
        self._held = text[end:]
        return self._vault.restore(text[:end])

    def close(self) -> str:
        """Return what was held back."""
        text, self._held = self._held, ""
        return self._vault.restore(text)
