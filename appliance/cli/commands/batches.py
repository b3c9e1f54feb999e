"""`appliance batch list | show | cancel | submit | result`."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.clock import iso
from appliance.core.messages import Message, _

_STATUS: dict[str, Message] = {
    "validating": _("being checked"),
    "in_progress": _("running"),
    "cancelling": _("being cancelled"),
    "finalizing": _("writing its files"),
    "completed": _("completed"),
    "failed": _("failed"),
    "expired": _("expired"),
    "cancelled": _("cancelled"),
}


class Endpoint(StrEnum):
    """Routes that a batch can be for."""

    CHAT = "/v1/chat/completions"
    COMPLETIONS = "/v1/completions"
    EMBEDDINGS = "/v1/embeddings"


class Kind(StrEnum):
    """Files that a batch leaves."""

    OUTPUT = "output"
    ERROR = "error"
    COMPLIANCE = "compliance"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="batch", help=str(_("Files of requests that run when nobody waits.")))
    _register_list(group)
    _register_show(group)
    _register_cancel(group)
    _register_submit(group)
    _register_result(group)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the batches, the newest first.")))
    def list_(
        context: typer.Context,
        most: Annotated[int, typer.Option("--limit", min=1, help=str(_("Most entries.")))] = 100,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.batches import list_batches

        session = session_of(context)
        with session.connect() as client:
            rows = list_batches(client, most)
        if as_json:
            session.print_json({"batches": rows})
            return
        headings = (_("Batch"), _("State"), _("Answered"), _("Failed"), _("Requests"), _("Route"), _("Made"))
        print_table(session.out, headings, (_cells(row) for row in rows), whole=(0, 2, 3, 4, 6))


def _register_show(group: typer.Typer) -> None:
    _register_on_one(group, "show", _("Show how far a batch is, and what was wrong with it."))


def _register_cancel(group: typer.Typer) -> None:
    _register_on_one(group, "cancel", _("Begin no more requests of a batch."))


def _register_on_one(group: typer.Typer, name: str, told: Message) -> None:
    """Add a command that takes one batch and prints what it is then."""

    @group.command(name, cls=LocalisedCommand, help=str(told))
    def act(
        context: typer.Context,
        batch_id: Annotated[str, _batch_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.batches import cancel_batch, show_batch

        session = session_of(context)
        with session.connect() as client:
            batch = (show_batch if name == "show" else cancel_batch)(client, batch_id)
            _print_batch(session, batch, as_json=as_json)


def _register_submit(group: typer.Typer) -> None:
    @group.command("submit", cls=LocalisedCommand, help=str(_("Run the requests in a file of JSON lines.")))
    def submit(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("One request a line, as OpenAI has them.")))],
        endpoint: Annotated[
            Endpoint, typer.Option("--endpoint", help=str(_("Route that each line is for.")))
        ] = Endpoint.CHAT,
        wait: Annotated[bool, typer.Option("--wait", help=str(_("Follow it until it has ended.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.batches import follow_batch, submit_batch

        session = session_of(context)
        with session.connect() as client:
            batch = submit_batch(client, file, endpoint.value)
            if wait:
                (batch,) = follow(follow_batch(client, batch["id"]), session.err)
        _print_batch(session, batch, as_json=as_json)
        if wait and batch["status"] != "completed":
            raise typer.Exit(ExitCode.REFUSED)


def _register_result(group: typer.Typer) -> None:
    @group.command("result", cls=LocalisedCommand, help=str(_("Write what came of a batch to a file.")))
    def result(
        context: typer.Context,
        batch_id: Annotated[str, _batch_argument()],
        file: Annotated[Path, typer.Option("--output", metavar="FILE", help=str(_("File to write.")))],
        kind: Annotated[
            Kind, typer.Option("--kind", help=str(_("Which: the answers, the errors, or the report for compliance.")))
        ] = Kind.OUTPUT,
    ) -> None:
        from appliance.operations.batches import write_result

        session = session_of(context)
        with session.connect() as client:
            size = write_result(client, batch_id, kind.value, file.absolute())
        session.err.print(Text(str(_("{count} bytes written to {file}.", count=size, file=file))))


def _batch_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Argument(metavar="BATCH", help=str(_("Id of the batch.")))


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    counts = row["request_counts"]
    return (
        row["id"], _state(row), counts["completed"], counts["failed"], counts["total"], row["endpoint"],
        _moment(row["created_at"]),
    )  # fmt: skip


def _print_batch(session: Session, batch: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        session.print_json(batch)
        return
    counts = batch["request_counts"]
    rows = (
        (_("Batch"), batch["id"]),
        (_("State"), _state(batch)),
        (_("Route"), batch["endpoint"]),
        (_("Answered"), counts["completed"]),
        (_("Failed"), counts["failed"]),
        (_("Requests"), counts["total"]),
        (_("Made"), _moment(batch["created_at"])),
        (_("Runs until"), _moment(batch["expires_at"])),
        (_("Answers"), batch["output_file_id"]),
        (_("Errors"), batch["error_file_id"]),
        (_("Compliance"), batch["compliance_file_id"]),
    )
    print_table(session.out, (_("Field"), _("Entry")), rows)
    faults = (batch["errors"] or {}).get("data", [])
    if faults:
        headings = (_("Line"), _("Code"), _("What is wrong"))
        print_table(session.out, headings, ((one["line"], one["code"], one["message"]) for one in faults), whole=(0, 1))


def _state(batch: dict[str, Any]) -> object:
    return _STATUS.get(batch["status"], batch["status"])


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else iso(datetime.fromtimestamp(seconds, UTC))[:16].replace("T", " ")
