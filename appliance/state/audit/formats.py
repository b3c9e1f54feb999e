"""Records as lines of JSON, CEF and syslog; pure."""

import json
from datetime import datetime
from typing import Any, Final

from appliance import __version__
from appliance.state.audit.records import Record
from appliance.state.audit.statements import Statement

LOG_AUDIT: Final = 13
"""Syslog's facility "log audit" (RFC 5424, table 1)."""
ENTERPRISE: Final = 32473
"""The private enterprise number kept for documentation (RFC 5612): a bank puts its own rules on the name `audit`."""
MOST_MESSAGE_CHARS: Final = 1500
"""Of the data in a syslog or CEF line: with the rest it stays below the 8 KiB that receivers take."""

_BAD: Final = ("refused", "failed", "denied", "blocked", "aborted", "error")


def json_line(record: Record) -> str:
    """Return a line of an export, without its line feed; the sealed content stays behind."""
    return _dumped({"type": "record", **record.fields()})


def statement_line(statement: Statement) -> str:
    """Return a checkpoint or the end of an export as a line."""
    return _dumped({"type": statement.purpose, **statement.to_dict()})


def cef(record: Record) -> str:
    """Return the record in ArcSight's Common Event Format, version 0 (revision 26)."""
    header = ("LLM Appliance", "LLM Appliance", __version__, record.kind, record.action or record.kind)
    extension: dict[str, object] = {
        "rt": _milliseconds(record.at),
        "externalId": record.seq,
        "suser": record.actor,
        "spriv": record.role,
        "act": record.action,
        "request": record.target,
        "outcome": record.outcome,
        "cs1Label": "tenant",
        "cs1": record.tenant,
        "cs2Label": "requestId",
        "cs2": record.request_id,
        "cs3Label": "hash",
        "cs3": record.hash,
        "msg": _clipped(record.data),
    }
    pairs = " ".join(f"{name}={_cef_value(value)}" for name, value in extension.items() if value is not None)
    return f"CEF:0|{'|'.join(_cef_header(part) for part in header)}|{_cef_severity(record)}|{pairs}"


def rfc5424(record: Record, host: str, message: str | None = None) -> str:
    """Return the record as a syslog line (RFC 5424) from `host`; `message` stands in for the data, e.g. as CEF."""
    priority = LOG_AUDIT * 8 + _syslog_severity(record)
    told = {
        "seq": record.seq, "tenant": record.tenant, "actor": record.actor, "role": record.role,
        "action": record.action, "target": record.target, "outcome": record.outcome, "requestId": record.request_id,
        "hash": record.hash,
    }  # fmt: skip
    elements = " ".join(f'{name}="{_sd_value(value)}"' for name, value in told.items() if value is not None)
    head = f"<{priority}>1 {record.at} {_printable(host, 255)} appliance - {_printable(record.kind, 32)}"
    body = _clipped(record.data) if message is None else message
    return f"{head} [audit@{ENTERPRISE} {elements}] \N{ZERO WIDTH NO-BREAK SPACE}{body}"


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=repr)


def _milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


def _clipped(text: str) -> str:
    return text if len(text) <= MOST_MESSAGE_CHARS else text[: MOST_MESSAGE_CHARS - 1] + "…"


def _is_bad(record: Record) -> bool:
    return any(word in (record.outcome or "") for word in _BAD)


def _cef_severity(record: Record) -> int:
    """Return 0..10: 7 for what was refused or failed, 5 for admins and the system, 3 for requests."""
    if _is_bad(record):
        return 7
    return 3 if record.kind.startswith("request.") else 5


def _syslog_severity(record: Record) -> int:
    """Return 4 (warning) for what was refused or failed, 5 (notice) for admins and the system, 6 for requests."""
    if _is_bad(record):
        return 4
    return 6 if record.kind.startswith("request.") else 5


def _cef_header(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\r", " ").replace("\n", " ")


def _cef_value(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _sd_value(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
    return text.replace("\r", " ").replace("\n", " ")


def _printable(text: str, limit: int) -> str:
    """Return what a header field may hold: printable ASCII without spaces, or a dash."""
    return "".join(character if "!" <= character <= "~" else "_" for character in text)[:limit] or "-"
