"""Vectors of questions, kept for a moment: who classifies a sentence and then searches with it computes it once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import numpy

from appliance.core.protocols import Vectors

MOST_TEXTS: Final = 1000
MOST_CHARACTERS: Final = 2000
"""Longer texts are not kept: a cache has `MOST_TEXTS` × (1.5 KiB + at most 8 KiB of text), so never 10 MiB."""


class QueryCache:
    """Vectors by text, the least used leave first; for threads. `embed` computes those that are missing.

    One caller computes at a time, and who waited for its turn looks again: one text asked for by several at once is
    computed once. What is here waits for nobody.
    """

    def __init__(self, embed: Callable[[Sequence[str]], Vectors], dimensions: int) -> None:
        self._embed = embed
        self._dimensions = dimensions
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._reading = threading.Lock()
        self._computing = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions). Raises what `embed` raises."""
        found = self._look(texts)
        if len(found) < len(set(texts)):
            with self._computing:
                found |= self._look(texts)
                missing = [text for text in dict.fromkeys(texts) if text not in found]
                if missing:
                    made = dict(zip(missing, self._embed(missing), strict=True))
                    self._keep(made)
                    found |= made
        if not texts:
            return numpy.empty((0, self._dimensions), dtype=numpy.float32)
        return numpy.stack([found[text] for text in texts])

    def _look(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._reading:
            found = {text: self._kept[text] for text in texts if text in self._kept}
            for text in found:
                self._kept.move_to_end(text)
        return found

    def _keep(self, made: dict[str, Vectors]) -> None:
        with self._reading:
            for text, vector in made.items():
                if len(text) <= MOST_CHARACTERS:
                    self._kept[text] = vector.copy()  # not the whole array that it is a row of
            while len(self._kept) > MOST_TEXTS:
                self._kept.popitem(last=False)
