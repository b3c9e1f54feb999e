"""Personal data in answers: what neither the asker nor the passages quoted to them have said."""

from collections.abc import Iterable, Sequence

from appliance.guardrails.personal.check import PersonalData
from appliance.guardrails.personal.display import display
from appliance.guardrails.personal.folding import fold
from appliance.guardrails.personal.kinds import KINDS
from appliance.guardrails.personal.placeholders import PLACEHOLDER
from appliance.guardrails.personal.recogniser import bare
from appliance.guardrails.repeated import repeated, values_of
from appliance.guardrails.verdict import Finding

_PREFIX = "personal:"


class KnownTexts:
    """Texts whose data the asker may see. They are read when the first value is asked about."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._unread = list(texts)
        self._read: list[str] = []

    def add(self, texts: Iterable[str]) -> None:
        """Add texts."""
        self._unread += texts

    def hold(self, value: str) -> bool:
        """Tell whether one of the texts says `value`, written with other separators or digits maybe."""
        self._read += [_plain(text) for text in self._unread]
        self._unread = []
        sought = _plain(value)
        return any(sought in text for text in self._read)


class ForeignData:
    """The check for personal data in one answer, without the values that one of the `known` texts says.

    A value found once is found in what follows wherever it stands.
    """

    name = PersonalData.name

    def __init__(self, check: PersonalData, known: Sequence[KnownTexts]) -> None:
        self._check = check
        self._known = known
        self._values: dict[str, Finding] = {}
        self.version = check.version

    def find(self, text: str) -> list[Finding]:
        """Return what the check finds and nobody here knows; a placeholder is no data."""
        found = [one for one in self._check.find(text) if not self._is_known(text, one)]
        self._values |= values_of(text, found)
        return sorted([*found, *repeated(text, found, self._values)], key=lambda one: one.start)

    def _is_known(self, text: str, finding: Finding) -> bool:
        value = text[finding.start : finding.end]
        if any(texts.hold(value) for texts in self._known):
            return True
        return any(
            match.start() <= finding.start and finding.end <= match.end() for match in PLACEHOLDER.finditer(text)
        )


def hidden(text: str, findings: Iterable[Finding]) -> str:
    """Return `text` with the personal data that is to be masked hidden for good."""
    parts, behind = [], 0
    for one in findings:
        kind = one.rule.removeprefix(_PREFIX)
        start, end = max(one.start, behind), min(one.end, len(text))
        if one.action != "mask" or start >= end or kind not in KINDS:
            continue
        parts += [text[behind:start], display(kind, text[start:end])]
        behind = end
    return "".join([*parts, text[behind:]])


def _plain(text: str) -> str:
    return bare(fold(text).text)
