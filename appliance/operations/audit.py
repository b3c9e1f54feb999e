"""Check, export, search and thin out the audit log from a front end: on the database, so also while nothing runs."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.cryptography.choice import DEFAULT_SUITE
from appliance.core.cryptography.suite import Verifier
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.files import durable_write
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.accounts import nothing_there
from appliance.operations.approvals import demand
from appliance.state.audit.content import unseal
from appliance.state.audit.export import ExportFormat, export, sealing_line
from appliance.state.audit.exported import ExportedSource
from appliance.state.audit.faults import Report
from appliance.state.audit.keys import AuditKeys, load_public_keys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.records import NewRecord, Record
from appliance.state.audit.retention import Removed, erase_contents, retire
from appliance.state.audit.search import Filters, Page, first_since, record_with_content, search
from appliance.state.audit.source import DatabaseSource
from appliance.state.audit.verify import verify
from appliance.state.audit.witness import Witness
from appliance.state.database import Database, sqlite_url

_SPAN = re.compile(r"(\d{1,5})([hdwy])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


@dataclass(frozen=True)
class OpenAudit:
    """An audit log with what belongs to it."""

    database: Database
    keys: AuditKeys
    witness: Witness
    log: AuditLog

    @property
    def source(self) -> DatabaseSource:
        """The log as a check reads it."""
        return DatabaseSource(self.database)


@dataclass(frozen=True)
class Exported:
    """What an export holds. `sealed` is false where the log has faults, and for formats that hold no signatures."""

    first: int
    last: int
    records: int
    sealed: bool


@contextmanager
def open_audit(home: Home, site: SiteConfig, *, suite: str = DEFAULT_SUITE, begin: bool = False) -> Iterator[OpenAudit]:
    """Open the audit log of `home`; with `begin`, an empty one is made for `suite`, else the log's own suite counts.

    Raises `NotFound` where there is none, `ConfigError`, `Unavailable`.
    """
    if not begin and (nothing_there(home, site) or not _keys(home, suite).exist):
        raise NotFound(
            _("There is no audit log in {home} yet.", home=home.root),
            _("It begins with the first start of the appliance; check --home and APPLIANCE_HOME."),
        )
    home.create()
    database = Database.open(site.state.url or sqlite_url(home.database))
    try:
        database.migrate()
        witness = Witness(home.audit_witness_file)
        keys = _keys(home, suite)
        log = AuditLog(database, keys, witness)
        head = log.head()
        if begin:
            log.begin()
        elif head is not None and head.suite != suite:
            keys = _keys(home, head.suite)
            log = AuditLog(database, keys, witness)
        yield OpenAudit(database, keys, witness, log)
    finally:
        database.close()


def check_log(
    home: Home, site: SiteConfig, public_keys: Path | None = None, first: int | None = None, last: int | None = None
) -> Iterator[Progress | Report]:
    """Check the log, or its records from `first` to `last`, with the keys in `public_keys` or those of the home."""
    with open_audit(home, site) as audit:
        yield from _check(audit, _trusted_keys(home, public_keys), first, last)


def check_export(home: Home, file: Path, public_keys: Path | None = None) -> Iterator[Progress | Report]:
    """Check an export in JSON lines; no database is asked. Raises `ConfigError`."""
    keys = _trusted_keys(home, public_keys)
    yield from verify(ExportedSource(file), keys)


def find_records(home: Home, site: SiteConfig, filters: Filters, before: int | None = None, limit: int = 50) -> Page:
    """Return records, newest first; `since` and `until` of the filters are as `parse_time` reads them."""
    now = utc_now()
    times = {name: parse_time(text, now) for name in ("since", "until") if (text := getattr(filters, name))}
    with open_audit(home, site) as audit:
        return search(audit.database, Filters(**{**vars(filters), **times}), before, limit)


def write_export(
    home: Home, site: SiteConfig, form: ExportFormat, since: str, until: str, output: Path | IO[bytes], actor: str
) -> Exported:
    """Write the records from `since` to before `until`: a record's number (included), a time, or empty for all.

    A file appears only when it is whole. That `actor` exported the log becomes a record of it.
    """
    with open_audit(home, site) as audit:
        first, last = _range(audit, since, until)
        if isinstance(output, Path):
            with durable_write(output) as file:
                done = _write_lines(audit, form, first, last, file)
        else:
            done = _write_lines(audit, form, first, last, output)
        data = {"format": form, "first": done.first, "last": done.last, "records": done.records}
        audit.log.append([NewRecord("admin.audit.exported", actor=actor, action="export", outcome="done", data=data)])
        return done


def apply_retention(
    home: Home,
    site: SiteConfig,
    actor: str,
    *,
    records_before: str | None,
    contents_before: str | None,
    approval: str = "",
) -> tuple[Removed | None, Removed | None]:
    """Delete old records and erase old contents; return what was removed of each. Times are as `parse_time` reads them.

    Raises `Conflict` at a fault, `InvalidRequest` where there is nothing to do or a time cannot be read,
    `ApprovalNeeded` where the site wants a second person for it and `approval` is not theirs.
    """
    if records_before is None and contents_before is None:
        raise InvalidRequest(
            _("Nothing was said to remove."), _("Give --records-before 2y or --contents-before 90d, or both.")
        )
    now = utc_now()
    records_end = parse_time(records_before, now) if records_before else None
    contents_end = parse_time(contents_before, now) if contents_before else None
    with open_audit(home, site) as audit:
        for event in _check(audit, audit.keys.public_keys(), None, None):
            if isinstance(event, Report) and not event.ok:
                raise Conflict(
                    _("The audit log has faults; nothing was removed, because it would be evidence."),
                    _("`appliance audit verify` lists them."),
                    code="audit_untrusted",
                )
        change = {"action": "audit.retire", "records_before": records_before, "contents_before": contents_before}
        demand(home, site, "retention.change", change, approval)
        contents = erase_contents(audit.log, contents_end, actor) if contents_end else None
        records = retire(audit.log, records_end, actor) if records_end else None
        return records, contents


def read_content(home: Home, site: SiteConfig, seq: int, actor: str) -> str:
    """Return the text of a record in clear; that `actor` reads it is recorded first. Raises `NotFound`."""
    with open_audit(home, site) as audit:
        record = record_with_content(audit.database, seq)
        cipher = None if record is None or record.content_key is None else audit.keys.cipher_named(record.content_key)
        if record is None or record.content is None or cipher is None:
            raise NotFound(_("Record {seq} has no content that can be read.", seq=seq), code="no_content")
        audit.log.append(
            [NewRecord("admin.audit.content_read", actor=actor, tenant=record.tenant, target=str(seq), outcome="done")]
        )
        return unseal(cipher, record.content, record.kind, record.request_id)


def parse_time(text: str, now: datetime) -> str:
    """Read `12h`, `30d`, `8w`, `1y` (before `now`) or an ISO date or time, in UTC where it names no zone.

    Returns RFC 3339. Raises `InvalidRequest`.
    """
    try:
        if span := _SPAN.fullmatch(text.strip()):
            return iso(now - timedelta(hours=int(span[1]) * _HOURS[span[2]]))
        moment = datetime.fromisoformat(text.strip())
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            _("The time {text} cannot be read.", text=ascii(text)),
            _("Give a span back from now such as 12h, 30d, 8w or 1y, or a date such as 2027-12-31."),
        ) from error


def _keys(home: Home, suite: str) -> AuditKeys:
    return AuditKeys(home.audit_keys, home.audit_public_keys_file, suite)


def _trusted_keys(home: Home, public_keys: Path | None) -> dict[str, Verifier]:
    return load_public_keys(public_keys) if public_keys else _keys(home, DEFAULT_SUITE).public_keys()


def _check(
    audit: OpenAudit, keys: dict[str, Verifier], first: int | None, last: int | None
) -> Iterator[Progress | Report]:
    kept = audit.witness.read()
    yield from verify(audit.source, keys, first, last, [] if kept is None else [kept])


def _range(audit: OpenAudit, since: str, until: str) -> tuple[int, int]:
    """Return the first and last number; the last is 0 where there are none."""
    newest = audit.source.end().last
    now = utc_now()
    first = int(since) if since.isdecimal() else 1
    if since and not since.isdecimal():
        first = first_since(audit.database, parse_time(since, now)) or newest + 1
    if not until:
        return first, newest
    if until.isdecimal():
        return first, min(int(until), newest)
    behind = first_since(audit.database, parse_time(until, now))
    return first, newest if behind is None else behind - 1


def _write_lines(audit: OpenAudit, form: ExportFormat, first: int, last: int, file: IO[bytes]) -> Exported:
    count = start = 0
    record: Record | None = None
    for record, lines in export(audit.source, form, first, last, socket.gethostname()):
        start = start or record.seq
        count += 1
        file.writelines(f"{line}\n".encode("utf-8", "replace") for line in lines)
    seal = None
    if form == "jsonl" and record is not None:
        seal = sealing_line(audit.source, audit.log, audit.keys.public_keys(), start, record)
    if seal is not None:
        file.write(f"{seal}\n".encode())
    return Exported(start, 0 if record is None else record.seq, count, seal is not None)
