"""`appliance kb change | delete | drop | share | rebuild | glossary | get`: what an admin does with knowledge bases."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import (
    access_option,
    base_argument,
    department_option,
    document_argument,
    effective_option,
    expires_option,
    kb_option,
)
from appliance.cli.session import session_of
from appliance.core.messages import Message, _


def register(group: typer.Typer) -> None:
    """Add the commands to the group `kb`, with help in the current language."""
    _register_change(group)
    _register_delete(group)
    _register_drop(group)
    _register_share(group)
    _register_rebuild(group)
    _register_glossary(group)
    _register_get(group)


def _told(context: typer.Context, message: Message) -> None:
    session_of(context).err.print(Text.assemble(("✓ ", "green"), str(message)))


def _register_change(group: typer.Typer) -> None:
    @group.command("change", cls=LocalisedCommand, help=str(_("Change what is told of a document.")))
    def change(
        context: typer.Context,
        document: Annotated[str, document_argument()],
        base: Annotated[str | None, kb_option()] = None,
        department: Annotated[str | None, department_option()] = None,
        effective: Annotated[datetime | None, effective_option()] = None,
        expires: Annotated[datetime | None, expires_option()] = None,
        access: Annotated[list[str] | None, access_option()] = None,
        everyone: Annotated[
            bool, typer.Option("--everyone", help=str(_("Let everyone read it who may read the base.")))
        ] = False,
    ) -> None:
        from appliance.knowledge.models import Details

        session = session_of(context)
        details = Details(
            department=department, access=[] if everyone else access or None,
            effective_on=effective.date() if effective else None, expires_on=expires.date() if expires else None,
        )  # fmt: skip
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            row = client.knowledge.find_document(chosen, document)
            client.knowledge.change_document(chosen, row["id"], details)
        _told(context, _("{name} is changed.", name=row["name"]))


def _register_delete(group: typer.Typer) -> None:
    @group.command("delete", cls=LocalisedCommand, help=str(_("Delete a document with all its versions.")))
    def delete(
        context: typer.Context,
        document: Annotated[str, document_argument()],
        base: Annotated[str | None, kb_option()] = None,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            row = client.knowledge.find_document(chosen, document)
            client.knowledge.delete_document(chosen, row["id"])
        _told(context, _("{name} is deleted from {base}.", name=row["name"], base=chosen))


def _register_drop(group: typer.Typer) -> None:
    @group.command("drop", cls=LocalisedCommand, help=str(_("Delete a knowledge base with all its documents.")))
    def drop(
        context: typer.Context,
        base: Annotated[str, base_argument()],
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask.")))] = False,
    ) -> None:
        session = session_of(context)
        if not yes:
            typer.confirm(str(_("Delete {base} with all its documents?", base=base)), abort=True, err=True)
        with session.connect() as client:
            client.knowledge.delete_base(base)
        _told(context, _("{base} is deleted.", base=base))


def _register_share(group: typer.Typer) -> None:
    @group.command("share", cls=LocalisedCommand, help=str(_("Say which tenants may read a knowledge base.")))
    def share(
        context: typer.Context,
        base: Annotated[str, base_argument()],
        tenants: Annotated[
            list[str] | None,
            typer.Argument(metavar="TENANT...", help=str(_("Tenants beside its owner; * is every tenant."))),
        ] = None,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            row = client.knowledge.share(base, tenants or [])
        readers = ", ".join([row["tenant"], *row["shared_with"]])
        _told(context, _("{base} may be read by: {readers}.", base=base, readers=readers))


def _register_rebuild(group: typer.Typer) -> None:
    @group.command(
        "rebuild",
        cls=LocalisedCommand,
        help=str(_("Make the search index again, in the background.")),
    )
    def rebuild(
        context: typer.Context,
        base: Annotated[str | None, base_argument()] = None,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            client.knowledge.rebuild(chosen)
        _told(
            context,
            _("{base} is being indexed again; `appliance kb list {base}` shows how far.", base=chosen),
        )


def _register_glossary(group: typer.Typer) -> None:
    @group.command("glossary", cls=LocalisedCommand, help=str(_("Show or replace the bank's own terms.")))
    def glossary(
        context: typer.Context,
        base: Annotated[str, base_argument()],
        file: Annotated[
            Path | None,
            typer.Option(
                "--set", metavar="FILE", help=str(_("File of terms, one meaning a line, as docs/knowledge.md shows."))
            ),
        ] = None,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            if file is None:
                typer.echo(client.knowledge.glossary(base))
                return
            client.knowledge.set_glossary(base, _text_of(file))
        _told(context, _("{base} has new terms.", base=base))


def _text_of(path: Path) -> str:
    from appliance.core.errors import InvalidRequest

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            _("The file {path} cannot be read: {reason}.", path=path, reason=error),
            _("Check the path and its permissions; the file must be UTF-8 text."),
        ) from error


def _register_get(group: typer.Typer) -> None:
    @group.command("get", cls=LocalisedCommand, help=str(_("Fetch a document's original file.")))
    def get(
        context: typer.Context,
        document: Annotated[str, document_argument()],
        base: Annotated[str | None, kb_option()] = None,
        version: Annotated[
            int | None, typer.Option("--version", min=1, help=str(_("Number of the version; the newest by default.")))
        ] = None,
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help=str(_("Where to write it; its own name by default.")))
        ] = None,
    ) -> None:
        from appliance.core.files import write_durably

        session = session_of(context)
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            row = client.knowledge.find_document(chosen, document)
            content = client.knowledge.original(chosen, row["id"], version)
        target = output or Path(row["name"])
        write_durably(target, content)
        _told(context, _("Written to {path}.", path=target))
