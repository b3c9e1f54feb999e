"""Prompt injection: instructions in a text that try to take over the assistant, by rules and by a classifier."""

import hashlib
from collections.abc import Iterator

from appliance.core.protocols import Embedder
from appliance.guardrails.classify.classifier import WindowClassifier
from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.hidden import Hidden, hidden_texts, other_readings
from appliance.guardrails.classify.logistic import Model, load_model
from appliance.guardrails.classify.rules import load_rules
from appliance.guardrails.verdict import Action, Finding, Stage

RULES = "injection_rules.yaml"
_READ_OTHERWISE = ("override", "exfiltration", "jailbreak")  # families that count when rotated or read backwards
_DEEPEST = 2  # an encoding within an encoding


class InjectionRules:
    """The written rules over the text, over what is hidden or encoded in it, and over its other readings.

    `input` and `output` are judged by the same rules, `retrieved` also by those of instructions to an assistant.
    """

    name = "injection_rules"

    def __init__(self, stage: Stage = "input", action: Action = "block") -> None:
        self._rules = load_rules(RULES)
        self._stage = stage
        self._action = action
        self.version = self._rules.version

    def find(self, text: str) -> list[Finding]:
        """Return what the rules find, in the order of the text."""
        found = [*self._plain(text), *self._otherwise(text)]
        for hidden in hidden_texts(text):
            if name := self._name_of(hidden, _DEEPEST):
                found.append(self._finding(name, hidden.start, hidden.end))
        return sorted(set(found), key=lambda one: (one.start, one.end, one.rule))

    def _plain(self, text: str) -> Iterator[Finding]:
        for hit in self._rules.find(fold(text), self._stage):
            if not hit.rule.sign:
                yield self._finding(hit.rule.path, hit.start, hit.end)

    def _otherwise(self, text: str) -> Iterator[Finding]:
        for reading, folded in other_readings(text):
            for hit in self._rules.find(folded, self._stage):
                if not hit.rule.sign and hit.rule.family in _READ_OTHERWISE:
                    start, end = sorted((hit.start, hit.end))
                    yield self._finding(f"encoded/{reading}", start, max(end, start + 1))

    def _name_of(self, hidden: Hidden, depth: int) -> str | None:
        """Return the rule that a hidden text breaks: an invisible one by being there, an encoding by what it says."""
        if not hidden.seen:
            return f"hidden/{hidden.kind}"
        inside = any(True for _one in self._plain(hidden.text))
        if not inside and depth > 1:
            inside = any(self._name_of(deeper, depth - 1) for deeper in hidden_texts(hidden.text))
        return f"encoded/{hidden.kind}" if inside else None

    def _finding(self, name: str, start: int, end: int) -> Finding:
        return Finding(f"injection:{name}", self.version, start, end, self._action)


class InjectionClassifier:
    """The fitted classifier over windows of the text and over what is hidden or encoded in it."""

    name = "injection_classifier"

    def __init__(
        self, embedder: Embedder, stage: Stage = "input", action: Action = "block", model: Model | None = None
    ) -> None:
        """Raise `Unavailable` where the shipped weights do not fit the embedder."""
        self._model = model or load_model("injection")
        self._windows = WindowClassifier(embedder, [self._model], load_rules(RULES))
        self._stage = stage
        self._action = action
        self.version = self._model.version

    def score(self, text: str) -> float:
        """Return the highest probability of any window, 0 for a text of blanks."""
        return max((score for _start, _end, score in self._scored(text)), default=0.0)

    def find(self, text: str) -> list[Finding]:
        """Return each window that reaches the threshold, in the order of the text. One embedding a window."""
        return [
            Finding("injection:classifier", self.version, start, end, self._action, score)
            for start, end, score in self._scored(text)
            if score >= self._model.threshold
        ]

    def _scored(self, text: str) -> Iterator[tuple[int, int, float]]:
        for one in self._windows.judge(text, self._stage):
            yield one.window.start, one.window.end, one.scores[0]
        for hidden in hidden_texts(text):
            for one in self._windows.judge(hidden.text, self._stage):
                yield hidden.start, hidden.end, one.scores[0]


class Injection:
    """`verdict.Check` of prompt injection at one stage: rules and classifier. It raises where the embedder does."""

    name = "injection"

    def __init__(self, embedder: Embedder, stage: Stage = "input", action: Action = "block") -> None:
        """Raise `Unavailable` where the shipped weights do not fit the embedder."""
        self._rules = InjectionRules(stage, action)
        self._classifier = InjectionClassifier(embedder, stage, action)
        self.version = hashlib.sha256(f"{self._rules.version} {self._classifier.version}".encode()).hexdigest()[:12]

    def find(self, text: str) -> list[Finding]:
        """Return what rules and classifier find, in the order of the text; each finding has the version of its half."""
        found = [*self._rules.find(text), *self._classifier.find(text)]
        return sorted(found, key=lambda one: (one.start, one.end, one.rule))
