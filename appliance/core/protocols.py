"""What lower layers ask of a model; `serving` supplies it by deployment handle, tests by a small real one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy
from numpy.typing import NDArray

Vectors = NDArray[numpy.float32]


class Embedder(Protocol):
    """Texts to unit vectors. E5-style models embed a query and a passage differently."""

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    @property
    def name(self) -> str:
        """Model name and version: an index built with another name is rebuilt."""
        ...

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Return float32 of shape (len(texts), dimensions), rows of length 1."""
        ...


@dataclass(frozen=True)
class ChatResult:
    """One finished answer. Token counts are the engine's."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str


class ChatClient(Protocol):
    """A chat model behind an alias such as `general`."""

    async def chat(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> ChatResult:
        """Return the whole answer. Raises `Unavailable` when the model cannot answer now.

        The finish reason `content_filter` says that the guardrails ended it: its text is what stands before that.
        """
        ...

    def stream(
        self, messages: Sequence[Mapping[str, str]], *, max_tokens: int, temperature: float = 0.0
    ) -> AsyncIterator[str]:
        """Yield the answer's text piece by piece. Raises as `chat` does; `ContentFiltered` where guardrails end it."""
        ...
