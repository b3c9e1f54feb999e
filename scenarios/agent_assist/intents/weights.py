"""What was learnt from the public set and our own sentences, as one file of numbers."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy
from numpy.typing import NDArray

from appliance.core.errors import ConfigError
from appliance.core.messages import _
from appliance.core.protocols import Vectors

from .words import buckets_of

Floats = NDArray[numpy.float32]
_HALF = ("embedding", "words", "space", "means")  # large arrays, to which half precision does no harm
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, eq=False)
class Weights:
    """Two models over the same embeddings, of `d` dimensions and `k` shipped intents.

    The first, a multinomial logistic regression over embedding and words, knows the shipped intents and one more class
    for what asks for nothing. The second takes intents in by a few examples: probabilistic linear discriminant analysis
    (Ioffe 2006), in whose space the embeddings of one intent have unit variance around their mean and the means have
    the variances `spread`; the mean of each shipped class is a row of `means`, learnt from `counts` examples.
    """

    embedder: NDArray[Any]
    """Name of the embedder, a text of no dimensions."""
    names: NDArray[Any]
    """(k,) names of the shipped intents."""
    centres: Floats
    """(2, d): what is taken off an embedding of each of `LANGUAGES`."""
    embedding: Floats
    """(d, k + 1)"""
    words: Floats
    """(BUCKETS, k + 1)"""
    rarity: Floats
    """(BUCKETS,): how much each bucket counts in the length of a row of words."""
    bias: Floats
    """(k + 1,)"""
    temperature: NDArray[Any]
    """What the first model's logits are divided by, so that its probabilities are those of being right."""
    space: Floats
    """(d, d): from centred embeddings to the space of the second model."""
    spread: Floats
    """(d,)"""
    means: Floats
    """(k + 1, d)"""
    counts: Floats
    """(k + 1,)"""
    own_temperature: NDArray[Any]
    """The same of the second model."""
    threshold: NDArray[Any]
    """The probability below which no intent is shown."""

    def centred(self, vectors: Vectors, language: str) -> Floats:
        """Return embeddings of shape (…, d) without what all of one language have in common."""
        centre = self.centres[LANGUAGES.index("zh" if language.startswith("zh") else "en")]
        centred: Floats = (vectors - centre).astype(numpy.float32)
        return centred

    def logits(self, centred: Floats, text: str) -> Floats:
        """Return the first model's logits of one text, of shape (k + 1,), not yet divided by the temperature."""
        found: Floats = centred @ self.embedding + self.bias
        buckets = buckets_of(text)
        if len(buckets):
            rarity = self.rarity[buckets]
            length = numpy.float32(numpy.linalg.norm(rarity) or 1.0)
            found += (rarity / length) @ self.words[buckets]
        return found

    def write(self, path: Path) -> None:
        """Write the file that `read` reads; the same weights make the same bytes."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        kept |= {name: kept[name].astype(numpy.float16) for name in _HALF}
        numpy.savez_compressed(path, allow_pickle=False, **kept)

    @classmethod
    def read(cls, path: Path) -> "Weights":
        """Read the weights. Raises `ConfigError` for a file that is not whole."""
        try:
            with numpy.load(path, allow_pickle=False) as file:
                kept = {field.name: file[field.name] for field in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise ConfigError(
                _("The weights of the intents, {path}, cannot be read: {reason}.", path=path, reason=str(error)),
                _("Install the appliance's scenario pack again."),
            ) from error
        return cls(**kept | {name: kept[name].astype(numpy.float32) for name in _HALF})
