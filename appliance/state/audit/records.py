"""A record of the audit log: what callers give, what is stored, and the hash that chains it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from appliance.core.cryptography.choice import SUITES
from appliance.core.cryptography.suite import Suite
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.units import KIB, human_bytes

OPENED: Final = "request.opened"
COMPLETED: Final = "request.completed"
ABORTED: Final = "request.aborted"
CONTENT_ERASED: Final = "system.content_erased"
RETENTION: Final = "system.retention"
RECOVERED: Final = "system.recovered"
NO_HASH: Final = "0" * 64
"""What the first record names as the hash before it."""
MOST_DATA_BYTES: Final = 64 * KIB

_KIND = re.compile(r"(request|admin|system)(\.[a-z][a-z0-9_]*){1,4}", re.ASCII)
_LIMITS: Final = {
    "request_id": 100,
    "tenant": 100,
    "actor": 200,
    "role": 20,
    "action": 500,
    "target": 500,
    "outcome": 100,
}


@dataclass(frozen=True)
class NewRecord:
    """A record to be appended. Text that is too long ends in …; bytes that no database takes become a mark.

    `kind` is `request.opened`, `request.completed`, `request.aborted`, `admin.…` or `system.…`. `content` is sealed
    before it is stored. Raises ValueError for a kind of another form, `InvalidRequest` for more than `MOST_DATA_BYTES`.
    """

    kind: str
    request_id: str | None = None
    tenant: str | None = None
    actor: str | None = None
    role: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    content: str | None = None

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind) or len(self.kind) > 64:
            raise ValueError(f"not a kind of audit record: {self.kind!r}")
        for name, limit in _LIMITS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _storable(value, limit))

    def data_text(self) -> str:
        """Return the data as JSON text, the same for the same data. Raises `InvalidRequest`."""
        text = json.dumps(self.data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        encoded = text.encode("utf-8", "replace")
        if len(encoded) > MOST_DATA_BYTES:
            raise InvalidRequest(
                _(
                    "The data of an audit record may hold {limit}, and this would hold {actual}.",
                    limit=human_bytes(MOST_DATA_BYTES),
                    actual=human_bytes(len(encoded)),
                ),
                _("Send fewer or shorter fields."),
                code="audit_record_too_large",
            )
        return encoded.decode()


def _storable(text: str, limit: int) -> str:
    clean = text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read; times are RFC 3339 in UTC, hashes hexadecimal."""

    seq: int
    kind: str
    at: str
    request_id: str | None
    tenant: str | None
    actor: str | None
    role: str | None
    action: str | None
    target: str | None
    outcome: str | None
    data: str
    content_digest: str | None
    content_key: str | None
    suite: str
    previous: str
    hash: str
    content: bytes | None = None
    """Sealed; None also where it was erased or not read."""

    def fields(self) -> dict[str, Any]:
        """Return every column but the content."""
        return {name: getattr(self, name) for name in COLUMNS}


HASHED: Final = tuple(name for name in Record.__slots__ if name not in ("previous", "hash", "content"))
"""Columns under the hash, beside `previous`."""
COLUMNS: Final = (*HASHED, "previous", "hash")

_hashed_values = attrgetter(*HASHED)  # `seq` is the first
# A column that was overwritten with bytes still has to give a text, though never the right one.
_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=lambda value: [repr(value)]).encode


def chained(suite: Suite, previous: str, fields: Mapping[str, Any]) -> str:
    """Return H(previous ‖ line feed ‖ JSON list of the columns `HASHED`), hexadecimal."""
    return _hash(suite, previous, [fields[name] for name in HASHED])


def hash_of(record: Record, seq: int | None = None, previous: str | None = None) -> str | None:
    """Return the hash that `record` should have, there or at another place; None: its suite is unknown."""
    suite = SUITES.get(record.suite)
    if suite is None:
        return None
    values = _hashed_values(record)
    if seq is not None:
        values = (seq, *values[1:])
    return _hash(suite, record.previous if previous is None else previous, values)


def _hash(suite: Suite, previous: str, values: Sequence[Any]) -> str:
    return suite.digest(f"{previous}\n{_canonical(values)}".encode("utf-8", "surrogatepass")).hex()


def content_digest(suite: Suite, sealed: bytes) -> str:
    """Return the digest that a record keeps of its sealed content."""
    return suite.digest(sealed).hex()
