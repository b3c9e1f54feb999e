"""`appliance audit verify | export | search | content | retire`."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import approval_option, json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import _, one_or_many
from appliance.operations.operator import operator

if TYPE_CHECKING:
    from appliance.state.audit.faults import Report
    from appliance.state.audit.records import Record

_MOST_SHOWN = 100


class Format(StrEnum):
    """Forms of an export."""

    JSONL = "jsonl"
    CEF = "cef"
    SYSLOG = "syslog"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group, name="audit", help=str(_("Check, export and search the audit log; works while the appliance is down."))
    )
    _register_verify(group)
    _register_export(group)
    _register_search(group)
    _register_content(group)
    _register_retire(group)


def _register_verify(group: typer.Typer) -> None:
    @group.command("verify", cls=LocalisedCommand, help=str(_("Check every record, link and signature.")))
    def verify(
        context: typer.Context,
        file: Annotated[
            Path | None, typer.Option("--file", help=str(_("Check an export in JSON lines, not the log.")))
        ] = None,
        public_key: Annotated[
            Path | None,
            typer.Option("--public-key", help=str(_("PEM file with the keys to trust; by default the home's own."))),
        ] = None,
        first: Annotated[
            int | None, typer.Option("--from", min=1, metavar="NUMBER", help=str(_("First record to check.")))
        ] = None,
        last: Annotated[
            int | None, typer.Option("--to", min=1, metavar="NUMBER", help=str(_("Last record to check.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.audit import check_export, check_log

        session = session_of(context)
        if file is None:
            events = check_log(session.home, session.site, public_key, first, last)
        else:
            events = check_export(session.home, file, public_key)
        (report,) = follow(events, session.err)
        if as_json:
            session.print_json(report.to_dict())
        else:
            _print_report(session, report)
        if not report.ok:
            raise typer.Exit(ExitCode.CHECKS_FAILED)


def _register_export(group: typer.Typer) -> None:
    @group.command("export", cls=LocalisedCommand, help=str(_("Write records for other systems.")))
    def export(
        context: typer.Context,
        form: Annotated[
            Format, typer.Option("--format", help=str(_("JSON lines hold signatures and can be checked offline.")))
        ] = Format.JSONL,
        since: Annotated[
            str, typer.Option("--from", metavar="WHERE", help=str(_("First record: its number, a date or 30d.")))
        ] = "",
        until: Annotated[
            str, typer.Option("--to", metavar="WHERE", help=str(_("Last record: its number, or the time behind it.")))
        ] = "",
        output: Annotated[
            Path | None, typer.Option("--output", help=str(_("File to write; by default stdout.")))
        ] = None,
    ) -> None:
        from appliance.operations.audit import write_export

        session = session_of(context)
        target = output.absolute() if output is not None else sys.stdout.buffer
        done = write_export(session.home, session.site, form.value, since, until, target, operator())
        sys.stdout.flush()
        many = _("{count} records written.", count=done.records)
        session.err.print(Text(str(one_or_many(done.records, _("1 record written."), many))))
        if form is Format.JSONL and done.records and not done.sealed:
            warned = _("They are not signed, because the log has faults: see `appliance audit verify`.")
            session.err.print(Text(str(warned), style="bold red"))


def _register_search(group: typer.Typer) -> None:
    @group.command("search", cls=LocalisedCommand, help=str(_("Find records, newest first.")))
    def search(
        context: typer.Context,
        tenant: Annotated[str | None, typer.Option(help=str(_("Only of this tenant.")))] = None,
        actor: Annotated[str | None, typer.Option(help=str(_("Only of this key or user.")))] = None,
        request_id: Annotated[str | None, typer.Option("--request", help=str(_("Only of this request id.")))] = None,
        kind: Annotated[
            str | None, typer.Option(help=str(_("Only of this kind, such as request.opened or admin.*.")))
        ] = None,
        target: Annotated[str | None, typer.Option(help=str(_("Only about this target.")))] = None,
        outcome: Annotated[str | None, typer.Option(help=str(_("Only with this outcome.")))] = None,
        failed: Annotated[
            bool, typer.Option("--failed", help=str(_("Only requests that ended with an error.")))
        ] = False,
        since: Annotated[
            str | None, typer.Option(metavar="WHEN", help=str(_("Not before: a date, a time, or 30d back.")))
        ] = None,
        until: Annotated[str | None, typer.Option(metavar="WHEN", help=str(_("Before this time.")))] = None,
        text: Annotated[str | None, typer.Option(help=str(_("With this text in the data.")))] = None,
        before: Annotated[
            int | None,
            typer.Option(min=1, metavar="NUMBER", help=str(_("Only records before this one: the next page."))),
        ] = None,
        limit: Annotated[int, typer.Option(min=1, max=1000, help=str(_("Most records to show.")))] = 50,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.audit import find_records
        from appliance.state.audit.search import Filters

        session = session_of(context)
        filters = Filters(tenant, actor, request_id, kind, target, outcome, since, until, text, failed)
        page = find_records(session.home, session.site, filters, before, limit)
        if as_json:
            session.print_json({"records": [record.fields() for record in page.records], "before": page.before})
            return
        print_table(
            session.out,
            (_("Number"), _("Time (UTC)"), _("By"), _("What"), _("Outcome")),
            ((r.seq, r.at[5:19].replace("T", " "), r.actor, _what(r), r.outcome) for r in page.records),
            whole=(0, 1, 2, 4),
        )
        if page.before is not None:
            session.err.print(Text(str(_("There are more: add --before {number}.", number=page.before)), style="dim"))


def _register_content(group: typer.Typer) -> None:
    @group.command(
        "content", cls=LocalisedCommand, help=str(_("Show the text that a record keeps; that it was read is recorded."))
    )
    def content(
        context: typer.Context,
        number: Annotated[
            int, typer.Argument(metavar="NUMBER", min=1, help=str(_("The number that `appliance audit search` shows.")))
        ],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.audit import read_content

        session = session_of(context)
        text = read_content(session.home, session.site, number, operator())
        if as_json:
            session.print_json({"seq": number, "content": text})
        else:
            session.out.print(Text(text), soft_wrap=True)


def _register_retire(group: typer.Typer) -> None:
    @group.command(
        "retire", cls=LocalisedCommand, help=str(_("Delete old records, after a check; a record says so. For cron."))
    )
    def retire(
        context: typer.Context,
        records: Annotated[
            str | None,
            typer.Option("--records-before", metavar="WHEN", help=str(_("Records from before: 2y, a date."))),
        ] = None,
        contents: Annotated[
            str | None,
            typer.Option("--contents-before", metavar="WHEN", help=str(_("Only what is kept of texts: 90d, a date."))),
        ] = None,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.audit import apply_retention

        session = session_of(context)
        removed, erased = apply_retention(
            session.home, session.site, operator(), records_before=records, contents_before=contents, approval=approval
        )
        counts = {"records": removed.count if removed else 0, "contents": erased.count if erased else 0}
        if as_json:
            session.print_json(counts)
            return
        told = _("Removed: records {records}, contents {contents}.", **counts)
        session.out.print(Text(str(told)))


def _what(record: "Record") -> str:
    """Return what a record tells of, short enough for a terminal: `completed chat/completions general`."""
    action = (record.action or "").replace("/v1/", "", 1)
    return " ".join(part for part in (record.kind.partition(".")[2], action, record.target) if part)


def _print_report(session: Session, report: "Report") -> None:
    told = _(
        "{records} records, {first} to {last}, and {checkpoints} checkpoints were checked.",
        records=report.records, first=report.first, last=report.last, checkpoints=report.checkpoints,
    )  # fmt: skip
    session.out.print(Text(str(told)), soft_wrap=True)
    for part in report.retired:
        removed = _(
            "Records {first} to {last} were removed by retention at {at}, by {actor}.",
            first=part.first, last=part.last, at=part.at, actor=part.actor,
        )  # fmt: skip
        session.out.print(Text(str(removed), style="dim"), soft_wrap=True)
    if report.ok:
        whole = _("Nothing was changed; the end was signed at {at}.", at=report.signed_at)
        session.out.print(Text(str(whole), style="green"), soft_wrap=True)
        return
    for fault in report.faults[:_MOST_SHOWN]:
        session.out.print(Text.assemble(("✗ ", "bold red"), str(fault.told())), soft_wrap=True)
    more = report.more_faults + max(0, len(report.faults) - _MOST_SHOWN)
    if more:
        session.out.print(Text(str(_("{count} more faults; --json lists them.", count=more))), soft_wrap=True)
