"""Answers that wait for a person, over the HTTP API with one key."""

from typing import Any, Protocol
from urllib.parse import quote

Json = dict[str, Any]
_ROOT = "/v1/reviews"
_PAGE = 100


class Caller(Protocol):
    """What `ApplianceClient` offers; it raises the error tree."""

    def call(self, method: str, path: str, *, body: Json | None = None, params: dict[str, str] | None = None) -> Json:
        """Return a route's JSON object."""
        ...


class ReviewQueue:
    """The queue as the key's holder sees it. Methods raise as `ApplianceClient` does."""

    def __init__(self, client: Caller) -> None:
        self._client = client

    def find(self, status: str | None = None, most: int = 100) -> list[Json]:
        """Return up to `most` answers, who has waited longest first, without their texts."""
        found: list[Json] = []
        params = {"order": "asc"} | ({"status": status} if status else {})
        while len(found) < most:
            page = self._client.call(
                "GET", _ROOT, params={**params, "limit": str(min(_PAGE, most - len(found)))}
            )  # fmt: skip
            found += page["data"]
            if not page["has_more"] or not page["data"]:
                break
            params["after"] = str(page["data"][-1]["id"])
        return found

    def show(self, review_id: str) -> Json:
        """Return one with `question`, `answer` and, where a reviewer wrote another, `edited`."""
        return self._client.call("GET", _address(review_id))

    def approve(self, review_id: str) -> Json:
        """Let the asker have the answer."""
        return self._client.call("POST", f"{_address(review_id)}/approve", body={})

    def edit(self, review_id: str, text: str) -> Json:
        """Let the asker have `text` instead."""
        return self._client.call("POST", f"{_address(review_id)}/edit", body={"text": text})

    def refuse(self, review_id: str, reason: str) -> Json:
        """Withhold the answer; the asker reads the reason."""
        return self._client.call("POST", f"{_address(review_id)}/refuse", body={"reason": reason})


def _address(review_id: str) -> str:
    return f"{_ROOT}/{quote(review_id, safe='')}"
