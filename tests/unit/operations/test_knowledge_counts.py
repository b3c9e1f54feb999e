"""How a base stands, by its documents."""

from dataclasses import dataclass

import pytest

from appliance.operations.knowledge_counts import BaseCounts, counts_of


@dataclass(frozen=True)
class Row:
    status: str
    size_bytes: int = 10
    picture_pages: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((), "empty"),
        (("indexed",), "ready"),
        (("indexed", "pending"), "reading"),
        (("pending", "failed", "indexed"), "troubled"),
    ],
)
def test_the_state_is_what_concerns_people_most(statuses, state):
    assert counts_of(Row(one) for one in statuses).state == state


def test_documents_and_bytes_are_counted():
    rows = [Row("indexed", 100, (2,)), Row("pending", 20), Row("failed", 3)]
    assert counts_of(rows) == BaseCounts(documents=3, size_bytes=123, pending=1, failed=1, scans=1)
