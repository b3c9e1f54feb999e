"""What the database holds of a file, a batch and its rows, and who may see it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, RowMapping, Table, or_, select, true

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import Message, _
from appliance.core.principal import Principal
from appliance.state.tables import api_keys

Purpose = Literal["batch", "batch_output", "batch_compliance"]
Status = Literal[
    "validating", "in_progress", "cancelling", "finalizing", "completed", "failed", "expired", "cancelled"
]  # fmt: skip
Ending = Literal["completed", "failed", "expired", "cancelled"]
ACTIVE: Final[tuple[Status, ...]] = ("validating", "in_progress", "cancelling", "finalizing")
MOST_LISTED: Final = 10_000

FILE: Final = "file"
BATCH: Final = "batch"

_ID = re.compile(r"(file|batch)_[0-9a-z]{26}", re.ASCII)


@dataclass(frozen=True)
class FileRecord:
    """One file; times are RFC 3339 in UTC. `owner` is a key, or the person whose key it is."""

    id: str
    tenant: str
    owner: str
    name: str
    purpose: Purpose
    size_bytes: int
    sha256: str
    created_at: str


@dataclass(frozen=True)
class BatchFault:
    """What is wrong with a batch, and in which line of its file; `line` None: with the whole."""

    code: str
    message: Message
    line: int | None = None
    param: str | None = None

    def to_data(self) -> dict[str, Any]:
        """Return plain data; `from_data` reads it."""
        return {"code": self.code, "message": self.message.to_data(), "line": self.line, "param": self.param}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "BatchFault":
        """Return the fault that `to_data` wrote."""
        return cls(data["code"], Message.from_data(data["message"]), data["line"], data["param"])


@dataclass(frozen=True)
class BatchRecord:
    """One batch; times are RFC 3339 in UTC. `completed` and `failed` count rows that have a result."""

    id: str
    tenant: str
    owner: str
    made_by: str
    """The key or person that its rows run as."""
    endpoint: str
    input_file_id: str
    status: Status
    ending: Ending | None
    """The status it is to have once its files are written."""
    labels: Mapping[str, str]
    errors: tuple[BatchFault, ...]
    total: int
    completed: int
    failed: int
    created_at: str
    expires_at: str
    in_progress_at: str | None = None
    cancelling_at: str | None = None
    finalizing_at: str | None = None
    ended_at: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    compliance_file_id: str | None = None


@dataclass(frozen=True)
class Line:
    """A request in the input file: number of the line from 1, its bytes by place and size."""

    number: int
    custom_id: str
    place: int
    size: int


@dataclass(frozen=True)
class Result:
    """What came of a row. `body` is the answer's JSON text; `verdicts` have no text."""

    status: int
    request_id: str
    body: str
    verdicts: Sequence[Mapping[str, Any]] = ()

    @property
    def succeeded(self) -> bool:
        """Tell whether it goes to the output file."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class Row(Line):
    """A row of a batch; `attempts` counts how often it was begun, `result` is None while it has none."""

    attempts: int
    result: Result | None = None


@dataclass(frozen=True)
class Page:
    """How a list is cut: at most `limit` entries behind the id `after`, the newest first unless `ascending`."""

    limit: int = 20
    after: str | None = None
    ascending: bool = False


def visible(table: Table, who: Principal) -> ColumnElement[bool]:
    """Return the condition for what `who` may see: an admin all of the tenants in reach, others their own.

    A key that was rotated and its successor are one owner: they are the same application's.
    """
    tenants = who.tenants
    of_tenant = true() if tenants is None else table.c.tenant.in_(sorted(tenants))
    if who.role == "admin":
        return of_tenant
    before = select(api_keys.c.id).where(api_keys.c.replaced_by == who.key_id)
    behind = select(api_keys.c.replaced_by).where(api_keys.c.id == who.key_id, api_keys.c.replaced_by.is_not(None))
    own = table.c.owner.in_(sorted({who.key_id, owner_of(who)}))
    return (table.c.tenant == who.tenant) & or_(own, table.c.owner.in_(before), table.c.owner.in_(behind))


def owner_of(who: Principal) -> str:
    """Return whose a new file or batch is: the person's, where the key is one's, else the key's."""
    return who.user_id or who.key_id


def is_id(text: str, kind: str) -> bool:
    """Tell whether `text` can be the id of a file or batch: PostgreSQL takes not every text of an address."""
    return _ID.fullmatch(text) is not None and text.startswith(f"{kind}_")


def paged(table: Table, page: Page, kind: str) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
    """Return condition and order of a page. Raises `InvalidRequest` for what is no id in `after`."""
    order: ColumnElement[Any] = table.c.id.asc() if page.ascending else table.c.id.desc()
    if page.after is None:
        return true(), order
    if not is_id(page.after, kind):
        raise InvalidRequest(
            _("The field {param} is not valid: {reason}.", param="after", reason=_("it must be an id from the list")),
            param="after",
            code="invalid_value",
        )
    return table.c.id > page.after if page.ascending else table.c.id < page.after, order


def no_file(file_id: str) -> NotFound:
    """Return the error for a file that is not there, or not for the one who asks."""
    return NotFound(
        _("There is no file {id} here.", id=ascii(file_id[:80])),
        _("GET /v1/files lists them; files are deleted after some days."),
        code="file_not_found",
    )


def no_batch(batch_id: str) -> NotFound:
    """Return the error for a batch that is not there, or not for the one who asks."""
    return NotFound(
        _("There is no batch {id} here.", id=ascii(batch_id[:80])),
        _("GET /v1/batches lists them; batches are deleted some days after their end."),
        code="batch_not_found",
    )


def file_of(row: RowMapping) -> FileRecord:
    """Return the record in a row of `files`."""
    return FileRecord(**row)


def batch_of(row: RowMapping) -> BatchRecord:
    """Return the record in a row of `batches`."""
    faults = tuple(BatchFault.from_data(one) for one in json.loads(row["errors"]))
    return BatchRecord(**{**row, "labels": json.loads(row["labels"]), "errors": faults})


def faults_text(faults: Sequence[BatchFault]) -> str:
    """Return faults as `batches.errors` holds them."""
    return json.dumps([fault.to_data() for fault in faults], ensure_ascii=False)


def row_of(row: RowMapping) -> Row:
    """Return the record in a row of `batch_rows`."""
    result = None
    if row["finished"]:
        result = Result(row["status"], row["request_id"], row["body"], json.loads(row["verdicts"]))
    return Row(row["number"], row["custom_id"], row["place"], row["size"], row["attempts"], result)
