"""Write the log, or a part of it, as lines for other systems; JSON lines can be checked without the appliance."""

from collections.abc import Iterator, Mapping
from typing import Literal

from appliance.core.cryptography.suite import Verifier
from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.state.audit.faults import Report
from appliance.state.audit.formats import cef, json_line, rfc5424, statement_line
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import Record
from appliance.state.audit.source import Source, Unreadable
from appliance.state.audit.verify import verify

ExportFormat = Literal["jsonl", "cef", "syslog"]


def export(source: Source, form: ExportFormat, first: int, last: int, host: str) -> Iterator[tuple[Record, list[str]]]:
    """Give the records from `first` to `last`, both included, each with its lines: JSON has the checkpoints too.

    Raises `Unavailable` at a record that cannot be read.
    """
    checkpoints = {one.seq: one for one in source.checkpoints()} if form == "jsonl" else {}
    for item in source.records(first, last):
        if isinstance(item, Unreadable):
            raise Unavailable(
                _("Record {seq} of the audit log cannot be read.", seq=item.seq),
                _("`appliance audit verify` says what else is damaged; export the parts before and behind it."),
            )
        lines = [_line(item, form, host)]
        if item.seq in checkpoints:
            lines.append(statement_line(checkpoints[item.seq]))
        yield item, lines


def sealing_line(source: Source, log: AuditLog, keys: Mapping[str, Verifier], first: int, last: Record) -> str | None:
    """Return the signature that ends an export in JSON lines; None where the log has faults from `first` on.

    Otherwise a log that was written anew would get a good signature by being exported.
    """
    sound = all(event.ok for event in verify(source, keys, first) if isinstance(event, Report))
    return statement_line(log.seal_export(first, last)) if sound else None


def _line(record: Record, form: ExportFormat, host: str) -> str:
    if form == "jsonl":
        return json_line(record)
    return cef(record) if form == "cef" else rfc5424(record, host)
