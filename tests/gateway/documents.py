"""What the knowledge tests do over HTTP, as another system of the bank would: make bases, upload, search, ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.gateway.stack import wait_until

BASES = "/v1/knowledge-bases"
SCENARIO = "/v1/scenarios/knowledge-qa"
ASK = f"{SCENARIO}/ask"
SAMPLES = "bank-samples"
Json = dict[str, Any]


def day(offset: int) -> str:
    """Return the day so many days from today, as the API takes it."""
    today: date = datetime.now(UTC).date()
    return (today + timedelta(days=offset)).isoformat()


def ok(response: httpx.Response, *statuses: int) -> Any:
    """Return the body of a response that went well."""
    assert response.status_code in (statuses or (200, 201)), response.text
    return response.json()


@contextmanager
def new_base(http: httpx.Client, title: str = "Test", **fields: Any) -> Iterator[str]:
    """Make a knowledge base with a name of its own; it is gone afterwards."""
    name = f"test-{uuid4().hex[:12]}"
    ok(http.post(BASES, json={"name": name, "title": title, **fields}), 201)
    try:
        yield name
    finally:
        ok(http.delete(f"{BASES}/{name}"))


def documents_of(base: str) -> str:
    """Return the address of a base's documents."""
    return f"{BASES}/{base}/documents"


def send(
    http: httpx.Client, base: str, name: str, content: str | bytes, *, document: str | None = None, wait: bool = True,
    **fields: Any,
) -> httpx.Response:  # fmt: skip
    """Upload a file, or with `document` a new version of one."""
    address = documents_of(base) if document is None else f"{documents_of(base)}/{document}/versions"
    return http.post(address, params={"wait": wait}, files={"file": (name, content)}, data=fields)


def add(http: httpx.Client, base: str, name: str, content: str | bytes, **more: Any) -> Json:
    """Upload a file that is kept and searchable afterwards; return the document."""
    document = ok(send(http, base, name, content, **more), 201)
    assert document["status"] == "indexed" or more.get("wait") is False, document["reason"]
    return document


def settled(http: httpx.Client, base: str, timeout_s: float = 300) -> list[Json]:
    """Return a base's documents once none of them waits to be indexed."""

    def all_done() -> list[Json] | None:
        documents = ok(http.get(documents_of(base)))["data"]
        return documents if all(document["status"] != "pending" for document in documents) else None

    return wait_until(all_done, timeout_s, step_s=0.2)


def search(http: httpx.Client, base: str, query: str, **fields: Any) -> list[Json]:
    """Return the passages that fit a query."""
    return ok(http.post(f"{BASES}/{base}/search", json={"query": query, **fields}))["data"]


def ask(http: httpx.Client, question: str, base: str = SAMPLES, **fields: Any) -> Json:
    """Return the answer to a question; the chat model writes nothing unless asked to."""
    return ok(http.post(ASK, json={"question": question, "knowledge_base": base, "write": False, **fields}))
