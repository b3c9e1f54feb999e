"""`appliance kb add | list | show | search` and `appliance ask`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.commands import evaluation, knowledge_admin
from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import (
    access_option,
    as_of_option,
    base_argument,
    department_option,
    document_argument,
    effective_option,
    expires_option,
    json_option,
    kb_option,
)
from appliance.cli.session import session_of
from appliance.cli.sources import print_answer, print_source
from appliance.cli.words import in_words
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.knowledge.models import Selection

_VERSION_COLUMNS = (
    "version",
    "name",
    "status",
    "effective_on",
    "expires_on",
    "pages",
    "chunks",
    "created_at",
    "reason",
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="kb", help=str(_("Knowledge bases: the documents that answers are drawn from.")))
    _register_add(group)
    _register_list(group)
    _register_show(group)
    _register_search(group)
    knowledge_admin.register(group)
    evaluation.register(group)
    _register_ask(app)


def selection_of(as_of: datetime | None, departments: list[str] | None) -> "Selection":
    """Return what the options of a search or a question select."""
    from appliance.knowledge.models import Selection

    return Selection(as_of=as_of.date() if as_of else None, departments=departments or None)


def _register_add(group: typer.Typer) -> None:
    @group.command("add", cls=LocalisedCommand, help=str(_("Add documents, or all documents of a folder.")))
    def add(
        context: typer.Context,
        files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=str(_("Files and folders.")))],
        base: Annotated[str | None, kb_option()] = None,
        version_of: Annotated[
            str | None,
            typer.Option("--version-of", metavar="DOCUMENT", help=str(_("Document that this is a new version of."))),
        ] = None,
        department: Annotated[str | None, department_option()] = None,
        effective: Annotated[datetime | None, effective_option()] = None,
        expires: Annotated[datetime | None, expires_option()] = None,
        access: Annotated[list[str] | None, access_option()] = None,
        wait: Annotated[
            bool, typer.Option("--wait/--no-wait", help=str(_("Wait until each document can be searched.")))
        ] = True,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.knowledge.models import Details
        from appliance.operations.documents import add_documents

        session = session_of(context)
        details = Details(
            department=department, access=access or None,
            effective_on=effective.date() if effective else None, expires_on=expires.date() if expires else None,
        )  # fmt: skip
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            news = add_documents(client, chosen, files, wait=wait, details=details, version_of=version_of)
            added = follow(news, session.err)
        if as_json:
            session.print_json({"documents": [one.to_dict() for one in added]})
        if not all(one.ok for one in added):
            raise typer.Exit(ExitCode.REFUSED)


def _register_list(group: typer.Typer) -> None:
    @group.command(
        "list", cls=LocalisedCommand, help=str(_("List the knowledge bases, or the documents of the one named."))
    )
    def list_(
        context: typer.Context,
        base: Annotated[str | None, base_argument()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            rows = client.knowledge.bases() if base is None else client.knowledge.documents(base)
        if as_json:
            session.print_json({"knowledge_bases" if base is None else "documents": rows})
        elif base is None:
            print_table(
                session.out,
                (_("Knowledge base"), _("Title"), _("Documents"), _("Tenant"), _("Shared with")),
                ((row["name"], row["title"], row["documents"], row["tenant"], _tenants(row)) for row in rows),
            )
        else:
            print_table(
                session.out,
                (_("Document"), _("State"), _("Pages"), _("Passages"), _("Version"), _("Added"), _("Reason")),
                (
                    (
                        row["name"],
                        _state(row),
                        row["pages"],
                        row["chunks"],
                        row["version"],
                        row["created_at"],
                        _note(row),
                    )
                    for row in rows
                ),
            )


def _tenants(row: dict[str, Any]) -> str | None:
    shared = row.get("shared_with") or []
    return str(_("all tenants")) if "*" in shared else ", ".join(shared) or None


def _listed(row: dict[str, Any]) -> tuple[object, ...]:
    return row["name"], _state(row), row["pages"], row["chunks"], row["version"], row["created_at"]


def _state(row: dict[str, Any]) -> str:
    state = in_words(row.get("status"))
    if row.get("status") == "pending" and row.get("progress") is not None:
        return f"{state} {row['progress']:.0%}"
    return str(state)


def _note(row: dict[str, Any]) -> str | None:
    """Return why a document failed, or what of it is not searched."""
    if row.get("reason"):
        return str(row["reason"])
    if pictures := row.get("picture_pages"):
        return str(_("scans without text, pages: {pages}", pages=", ".join(map(str, pictures))))
    return None


def _register_show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Show a document with its versions.")))
    def show(
        context: typer.Context,
        document: Annotated[str, document_argument()],
        base: Annotated[str | None, kb_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            row = client.knowledge.find_document(chosen, document)
            versions = client.knowledge.versions(chosen, row["id"])
        if as_json:
            session.print_json({"document": row, "versions": versions})
            return
        facts = (
            (_("Id"), row["id"]),
            (_("Department"), row["department"]),
            (_("Version in force today"), row["in_force"]),
            (_("May be read by"), ", ".join(row["access"]) or str(_("whoever reads the base"))),
            (_("Nearly the same as"), ", ".join(other["document"] for other in row["similar"]) or None),
        )
        for name, value in facts:
            session.out.print(Text.assemble((f"{name}: ", "dim"), "—" if value is None else str(value)))
        headings = (
            _("Version"), _("File"), _("State"), _("From"), _("Until"), _("Pages"), _("Passages"), _("Reason"),
        )  # fmt: skip
        print_table(
            session.out,
            headings,
            (
                tuple(_state(one) if name == "status" else one.get(name) for name in _VERSION_COLUMNS)
                for one in versions
            ),
        )


def _register_search(group: typer.Typer) -> None:
    @group.command("search", cls=LocalisedCommand, help=str(_("Search the documents without asking a model.")))
    def search(
        context: typer.Context,
        query: Annotated[str, typer.Argument(metavar="QUERY", help=str(_("What to look for.")))],
        base: Annotated[str | None, kb_option()] = None,
        count: Annotated[int, typer.Option("--count", "-n", min=1, max=50, help=str(_("How many passages.")))] = 5,
        as_of: Annotated[datetime | None, as_of_option()] = None,
        department: Annotated[
            list[str] | None, typer.Option("--department", help=str(_("Only documents of this department.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            passages = client.knowledge.search(chosen, query, count, selection_of(as_of, department))
        if as_json:
            session.print_json({"passages": passages})
            return
        if not passages:
            session.out.print(Text(str(_("Nothing found.")), style="dim"))
        for number, passage in enumerate(passages, start=1):
            print_source(session.out, number, passage, str(passage.get("text", "")))


def _register_ask(app: typer.Typer) -> None:
    @app.command("ask", cls=LocalisedCommand, help=str(_("Ask a question; the answer names its sources.")))
    def ask(
        context: typer.Context,
        question: Annotated[str, typer.Argument(metavar="QUESTION", help=str(_("The question, in quotes.")))],
        base: Annotated[str | None, typer.Option("--kb", help=str(_("Name of the knowledge base.")))] = None,
        as_of: Annotated[datetime | None, as_of_option()] = None,
        min_confidence: Annotated[
            float | None,
            typer.Option(
                "--min-confidence",
                min=0.0,
                max=1.0,
                help=str(_("Chance of being right below which the answer is a refusal.")),
            ),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            answer = client.knowledge.ask(
                question, base, selection=selection_of(as_of, None), min_confidence=min_confidence
            )
        if as_json:
            session.print_json(answer)
            return
        print_answer(session.out, answer)
