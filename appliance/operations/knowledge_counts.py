"""How a knowledge base stands, counted from its documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["ready", "reading", "troubled", "empty"]


class Counted(Protocol):
    """What is counted of a document."""

    @property
    def status(self) -> str:
        """`pending`, `indexed` or `failed`."""
        ...

    @property
    def size_bytes(self) -> int:
        """Size of its newest version's file."""
        ...

    @property
    def picture_pages(self) -> tuple[int, ...]:
        """Pages whose words are not searched."""
        ...


@dataclass(frozen=True)
class BaseCounts:
    """Documents of a base and their newest versions' size; `scans` have pages whose words are not searched."""

    documents: int = 0
    size_bytes: int = 0
    pending: int = 0
    failed: int = 0
    scans: int = 0

    @property
    def state(self) -> State:
        """What concerns people most: a failure, then what is still being read."""
        if self.failed:
            return "troubled"
        if self.pending:
            return "reading"
        return "ready" if self.documents else "empty"


def counts_of(documents: Iterable[Counted]) -> BaseCounts:
    """Count the documents of one base."""
    rows = tuple(documents)
    return BaseCounts(
        len(rows),
        sum(one.size_bytes for one in rows),
        sum(one.status == "pending" for one in rows),
        sum(one.status == "failed" for one in rows),
        sum(bool(one.picture_pages) for one in rows),
    )
