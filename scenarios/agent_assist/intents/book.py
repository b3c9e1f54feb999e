"""The intents in force, and which of them a turn is about."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.core.protocols import Vectors
from appliance.scenario.words import Words

from ..reading.language import language_of
from .own import Entry, OwnIntents, read_own, read_shipped
from .weights import Floats, Weights

SHIPPED = Path(__file__).with_name("intents.yaml")
WEIGHTS = "weights.npz"
MOST_TOLD = 5
Embed = Callable[[Sequence[str]], Vectors]


class IntentBook:
    """Tells the intent of a turn from its embedding and its words. Never changed, only exchanged whole."""

    def __init__(
        self, weights: Weights, titles: Mapping[str, Words], entries: Sequence[Entry], own: OwnIntents | None
    ) -> None:
        self._weights = weights
        self._own = own
        shipped = [str(name) for name in weights.names]
        told: list[str | None] = list(shipped)
        for entry in entries:
            for name in (entry.name, *(() if entry.disabled else entry.replaces)):
                if name in shipped:
                    told[shipped.index(name)] = None if entry.disabled else entry.name
        of_own = own.names if own is not None else ()
        self._names = sorted({name for name in (*told, *of_own) if name is not None})
        place = {name: at for at, name in enumerate(self._names)}
        self._places = numpy.array([place[name] if name is not None else len(place) for name in told], numpy.intp)
        self._own_places = numpy.array([place[name] for name in of_own], numpy.intp)
        titles_of_own = {entry.name: entry.title for entry in entries if entry.title is not None}
        self.titles: Mapping[str, Words] = {name: titles_of_own.get(name) or titles[name] for name in self._names}
        """By the name of each intent in force."""
        self.threshold = float(weights.threshold)
        """The confidence below which no intent is shown."""

    @classmethod
    def load(cls, shipped: Path, own: Path | None, embed: Embed) -> "IntentBook":
        """Load the shipped `intents.yaml`, the weights beside it, and the bank's own file of that name.

        `embed` makes the embeddings, as queries, of the examples in the bank's own file that it has not seen lately.
        Raises `ConfigError`, which names the file and the entry.
        """
        weights = _weights(shipped.with_name(WEIGHTS))
        titles = read_shipped(shipped)
        entries = read_own(own, tuple(titles)) if own is not None and own.exists() else ()
        learnt = [entry for entry in entries if entry.examples and not entry.disabled]
        if not learnt:
            return cls(weights, titles, entries, None)
        vectors = _embedded([text for entry in learnt for text in entry.examples], embed)
        if vectors.shape[1] != weights.centres.shape[1]:
            raise ConfigError(
                _("The intents were learnt with another embedding model than the one in use."),
                _("Use {model}, or train the intents again with yours.", model=str(weights.embedder)),
            )
        groups = numpy.split(vectors, numpy.cumsum([len(entry.examples) for entry in learnt])[:-1])
        examples = [(entry.name, _centred(weights, entry, group)) for entry, group in zip(learnt, groups, strict=True)]
        return cls(weights, titles, entries, OwnIntents.learn(weights, examples))

    def classify(self, vector: Vectors, text: str, language: str) -> list[tuple[str, float]]:
        """Return up to five names with their confidence, best first.

        `vector` is the embedding of `text` as a query, of shape (384,) or (1, 384); `language` is en, zh or zh_CN. The
        confidence is the probability of being right; together they are less than 1 by that of asking for nothing.
        """
        centred = self._weights.centred(vector.reshape(-1), language)
        logits = self._weights.logits(centred, text) / float(self._weights.temperature)
        chances = numpy.exp(logits - logits.max())
        chances /= chances.sum()
        found = numpy.zeros(len(self._names) + 1)
        if self._own is not None:
            shares = self._own.shares(self._weights, centred, chances)
            chances *= 1 - shares.sum()
            numpy.add.at(found, self._own_places, shares)
        numpy.add.at(found, self._places, chances[:-1])
        best = numpy.argsort(-found[:-1], kind="stable")[:MOST_TOLD]
        return [(self._names[at], float(min(found[at], 1.0))) for at in best]


def _centred(weights: Weights, entry: Entry, vectors: Vectors) -> Floats:
    rows = [weights.centred(vector, language_of(text)) for text, vector in zip(entry.examples, vectors, strict=True)]
    return numpy.stack(rows)


@lru_cache(maxsize=4)
def _weights(path: Path) -> Weights:
    return Weights.read(path)


_known: dict[tuple[Embed, str], Vectors] = {}
_MOST_KNOWN = 20_000


def _embedded(texts: Sequence[str], embed: Embed) -> Vectors:
    """Return the embeddings of `texts`; those made before are remembered, so that a small change costs little."""
    new = [text for text in dict.fromkeys(texts) if (embed, text) not in _known]
    if len(_known) + len(new) > _MOST_KNOWN:
        _known.clear()
        new = list(dict.fromkeys(texts))
    if new:
        _known.update(zip(((embed, text) for text in new), embed(new), strict=True))
    return numpy.stack([_known[embed, text] for text in texts])
