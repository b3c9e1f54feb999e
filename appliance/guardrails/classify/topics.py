"""Forbidden topics: promises about investments, inside information, defamation of regulators."""

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from appliance.core.protocols import Embedder
from appliance.guardrails.classify.classifier import Scored, WindowClassifier
from appliance.guardrails.classify.folding import fold
from appliance.guardrails.classify.logistic import load_model
from appliance.guardrails.classify.rules import Hit, load_rules
from appliance.guardrails.verdict import Action, Finding, Stage

RULES = "topic_rules.yaml"
TOPICS = ("investment_promise", "insider_information", "regulator_defamation")
DEFAULT_ACTIONS: Mapping[str, Action] = MappingProxyType(dict.fromkeys(TOPICS, "block"))


class TopicCheck:
    """`verdict.Check` of the topics with an action in `actions`: rules with their exceptions, and a classifier each.

    Where the rules of a topic see only excused phrases in a window (`不得承诺保本`), its classifier has no say there.
    """

    name = "topics"

    def __init__(
        self, embedder: Embedder, stage: Stage = "output", actions: Mapping[str, Action] = DEFAULT_ACTIONS
    ) -> None:
        """Raise `Unavailable` where the shipped weights do not fit the embedder, `KeyError` for an unknown topic."""
        self._models = {topic: load_model(_file(topic)) for topic in TOPICS if topic in actions}
        self._actions = {topic: actions[topic] for topic in self._models}
        if unknown := set(actions) - set(TOPICS):
            raise KeyError(*unknown)
        self._rules = load_rules(RULES)
        self._windows = WindowClassifier(embedder, list(self._models.values()), self._rules)
        self._stage = stage
        parts = [self._rules.version, *(model.version for model in self._models.values())]
        self.version = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]

    def find(self, text: str) -> list[Finding]:
        """Return what rules and classifiers find, in the order of the text. One embedding a window."""
        hits = [hit for hit in self._rules.match(fold(text), self._stage) if hit.rule.family in self._actions]
        found = [
            Finding(f"topic:{hit.rule.path}", self.version, hit.start, hit.end, self._actions[hit.rule.family])
            for hit in hits
            if not hit.excused
        ]
        for one in self._windows.judge(text, self._stage):
            found += self._classified(one, hits)
        return sorted(found, key=lambda one: (one.start, one.end, one.rule))

    def _classified(self, one: Scored, hits: Iterable[Hit]) -> Iterable[Finding]:
        inside = [hit for hit in hits if hit.start < one.window.end and one.window.start < hit.end]
        for (topic, model), score in zip(self._models.items(), one.scores, strict=True):
            of_topic = [hit.excused for hit in inside if hit.rule.family == topic]
            if score >= model.threshold and not (of_topic and all(of_topic)):
                yield Finding(
                    f"topic:{topic}/classifier",
                    self.version,
                    one.window.start,
                    one.window.end,
                    self._actions[topic],
                    score,
                )


def _file(topic: str) -> str:
    return f"topic_{topic}"
