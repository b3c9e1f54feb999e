"""`appliance reports templates | folders | upload`, and what all commands of reports share."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.text import Text

from appliance.cli.call_text import visible
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import _, one_or_many

if TYPE_CHECKING:
    from appliance.operations.reports import ReportDesk

Json = dict[str, Any]
_Result = TypeVar("_Result")


def register(group: typer.Typer) -> None:
    """Add the commands to `group`."""
    _register_templates(group)
    _register_folders(group)
    _register_upload(group)


def _register_templates(group: typer.Typer) -> None:
    @group.command(
        "templates", cls=LocalisedCommand, help=str(_("Which reports there are, and what papers each wants."))
    )
    def templates(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        session = session_of(context)
        told = with_desk(context, lambda desk: desk.templates())
        if as_json:
            session.print_json(told)
            return
        headings = (_("Template"), _("Version"), _("Title"), _("Signature"), _("Papers"))
        print_table(session.out, headings, map(_template_cells, told["data"]), whole=(0, 1, 3))
        print_lines(session, (f"{one['name']}: {one['text']}" for one in told["faults"]), "yellow")


def _register_folders(group: typer.Typer) -> None:
    @group.command("folders", cls=LocalisedCommand, help=str(_("List the folders of papers, newest first.")))
    def folders(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        session = session_of(context)
        rows = with_desk(context, lambda desk: desk.folders())
        if as_json:
            session.print_json({"folders": rows})
            return
        cells = ((one["id"], one["name"], one["subject"] or "—", len(one["files"])) for one in rows)
        print_table(session.out, (_("Folder"), _("Name"), _("Subject"), _("Files")), cells, whole=(0, 3))


def _register_upload(group: typer.Typer) -> None:
    @group.command(
        "upload", cls=LocalisedCommand, help=str(_("Put a file, or every file of a folder on this machine, into one."))
    )
    def upload(
        context: typer.Context,
        place: Annotated[Path, typer.Argument(metavar="PATH", help=str(_("A file or a folder.")))],
        folder: Annotated[
            str | None, typer.Option("--folder", metavar="ID", help=str(_("Into this one; a new one by default.")))
        ] = None,
        name: Annotated[str | None, typer.Option("--name", help=str(_("What the new folder is called.")))] = None,
        subject: Annotated[str, typer.Option("--subject", help=str(_("Whose papers they are.")))] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.reports import papers_in

        session, files = session_of(context), papers_in(place)

        def put(desk: "ReportDesk") -> Json:
            made = folder or str(desk.make_folder(name or place.resolve().name, subject)["id"])
            told: Json = {}
            for file in files:
                told = desk.upload(made, file)
                if not as_json:
                    session.err.print(Text(visible(file.name), style="dim"), soft_wrap=True)
            return told

        told = with_desk(context, put)
        if as_json:
            session.print_json(told)
            return
        print_folder(session, told)


def with_desk(context: typer.Context, act: Callable[["ReportDesk"], _Result]) -> _Result:
    """Return what `act` does with the scenario of the running appliance, as its admin key may."""
    from appliance.operations.reports import ReportDesk

    with session_of(context).connect() as client:
        return act(ReportDesk(client))


def print_folder(session: Session, told: Json) -> None:
    """Say how many files a folder has, and its id."""
    count, folder = len(told["files"]), told["id"]
    many = _("{count} files are in the folder {id}.", count=count, id=folder)
    text = one_or_many(count, _("1 file is in the folder {id}.", id=folder), many)
    session.out.print(Text(str(text)), soft_wrap=True)


def print_lines(session: Session, lines: Iterable[str], style: str = "") -> None:
    """Print lines without what would move the cursor."""
    for line in lines:
        session.out.print(Text(visible(line), style=style), soft_wrap=True)


def _template_cells(row: Json) -> tuple[object, ...]:
    papers = ", ".join(one["kind"] + ("*" if one["required"] else "") for one in row["documents"])
    return row["name"], row["version"], row["title"], _("yes") if row["sign_off_required"] else _("no"), papers
