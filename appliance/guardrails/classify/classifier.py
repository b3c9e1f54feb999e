"""A text judged window by window with the shipped weights of one label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.core.protocols import Embedder
from appliance.guardrails.classify.features import dense_rows
from appliance.guardrails.classify.logistic import Floats, Model
from appliance.guardrails.classify.rules import RuleSet
from appliance.guardrails.classify.windows import MOST_WINDOWS, Window, windows
from appliance.guardrails.verdict import Stage


@dataclass(frozen=True)
class Scored:
    """A window and how likely each model holds it to be of its label, in the order of the models."""

    window: Window
    scores: tuple[float, ...]


class WindowClassifier:
    """Models of several labels over one embedding of each window.

    Of a text with more than `MOST_WINDOWS` windows, those are embedded that words and rules alone find the most likely
    for any of the labels; the others are not judged. So an attack cannot hide behind length alone.
    """

    def __init__(self, embedder: Embedder, models: Sequence[Model], rules: RuleSet) -> None:
        """Raise `Unavailable` where the weights were fitted on another embedder than `embedder`."""
        for model in models:
            if model.embedder != embedder.name:
                raise Unavailable(
                    _(
                        "The text classifiers were fitted on {fitted}, and the embedder here is {embedder}.",
                        fitted=model.embedder,
                        embedder=embedder.name,
                    ),
                    _("Install the embedder they were fitted on, or fit them again."),
                )
        self._embedder = embedder
        self._models = tuple(models)
        self._rules = rules
        self._names = [rule.path for rule in rules.rules]

    def judge(self, text: str, stage: Stage) -> list[Scored]:
        """Return the judged windows of `text` in its order; empty for a text of blanks."""
        found = windows(text)
        dense = dense_rows([text[one.start : one.end] for one in found], self._rules, stage)
        of_all = len(found)
        if of_all > MOST_WINDOWS:
            kept = self._likely(dense)
            found, dense = [found[at] for at in kept], dense[kept]
        if not found:
            return []
        vectors = self._embedder.embed([text[one.start : one.end] for one in found], "query")
        count = numpy.array(of_all, numpy.float32)
        scores = [model.among(model.scores(vectors, dense, self._names), count) for model in self._models]
        return [Scored(one, tuple(float(of[at]) for of in scores)) for at, one in enumerate(found)]

    def _likely(self, dense: Floats) -> list[int]:
        """Return, in order, the rows that any model holds the most likely without an embedding."""
        best = numpy.max([model.without_embedding(dense, self._names) for model in self._models], axis=0)
        return sorted(numpy.argsort(-best, kind="stable")[:MOST_WINDOWS].tolist())
