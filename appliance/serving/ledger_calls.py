"""What the gateway tells the ledger, and asks of it: plain data, because it goes from process to process."""

from typing import Any, NotRequired, TypedDict


class AdmitRequest(TypedDict):
    """A request that wants to begin. `actor` is the public part of a key or a user; `at` when it arrived (RFC 3339)."""

    request_id: str
    at: str
    tenant: str
    actor: str
    role: str
    route: str
    target: str
    """Model or scenario that was asked."""
    model: str | None
    priority: str
    estimated_tokens: int
    """Tokens of the prompt and the longest answer."""
    audit: dict[str, Any]
    """Further facts for the audit record."""
    content: str | None
    """What the site keeps of the prompt; it is sealed."""


class Completion(TypedDict):
    """A request that has ended; `seq` is what `admit` gave, `seconds` and `ttft_s` count from the arrival."""

    request_id: str
    seq: int
    status: int
    outcome: str
    prompt_tokens: int
    completion_tokens: int
    verdicts: list[Any]
    audit: dict[str, Any]
    content: str | None
    seconds: float
    ttft_s: float | None


class UsageQuery(TypedDict):
    """Which totals: days are YYYY-MM-DD in UTC, both included. What is absent or None is not limited."""

    since: NotRequired[str | None]
    until: NotRequired[str | None]
    tenant: NotRequired[str | None]
    """One tenant with those below it."""
    reach: NotRequired[list[str] | None]
    """The tenants that the asker may see."""
