"""`appliance kb add | list | search` and `appliance ask`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.session import session_of
from appliance.cli.words import in_words
from appliance.core.messages import _


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="kb", help=str(_("Knowledge bases: the documents that answers are drawn from.")))
    _register_add(group)
    _register_list(group)
    _register_search(group)
    _register_ask(app)


def _register_add(group: typer.Typer) -> None:
    @group.command("add", cls=LocalisedCommand, help=str(_("Add documents, or all documents of a folder.")))
    def add(
        context: typer.Context,
        files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=str(_("Files and folders.")))],
        base: Annotated[
            str | None, typer.Option("--kb", help=str(_("Name of the knowledge base, if not the only one.")))
        ] = None,
        wait: Annotated[
            bool, typer.Option("--wait/--no-wait", help=str(_("Wait until each document can be searched.")))
        ] = True,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.documents import add_documents

        session = session_of(context)
        with session.connect() as client:
            chosen = client.choose_knowledge_base(base)
            added = follow(add_documents(client, chosen, files, wait=wait), session.err)
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
        base: Annotated[str | None, typer.Argument(metavar="KB", help=str(_("Name of the knowledge base.")))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            rows = client.knowledge_bases() if base is None else client.documents(base)
        if as_json:
            session.print_json({"knowledge_bases" if base is None else "documents": rows})
        elif base is None:
            print_table(
                session.out,
                (_("Knowledge base"), _("Title"), _("Documents")),
                ((row.get("name"), row.get("title"), row.get("documents")) for row in rows),
            )
        else:
            print_table(
                session.out,
                (_("Document"), _("State"), _("Pages"), _("Passages"), _("Added"), _("Reason")),
                (
                    tuple(
                        in_words(row.get(name)) if name == "status" else row.get(name)
                        for name in ("name", "status", "pages", "chunks", "created_at", "reason")
                    )
                    for row in rows
                ),
            )


def _register_search(group: typer.Typer) -> None:
    @group.command("search", cls=LocalisedCommand, help=str(_("Search the documents without asking a model.")))
    def search(
        context: typer.Context,
        query: Annotated[str, typer.Argument(metavar="QUERY", help=str(_("What to look for.")))],
        base: Annotated[
            str | None, typer.Option("--kb", help=str(_("Name of the knowledge base, if not the only one.")))
        ] = None,
        count: Annotated[int, typer.Option("--count", "-n", min=1, max=50, help=str(_("How many passages.")))] = 5,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            passages = client.search(client.choose_knowledge_base(base), query, count)
        if as_json:
            session.print_json({"passages": passages})
            return
        if not passages:
            session.out.print(Text(str(_("Nothing found.")), style="dim"))
        for number, passage in enumerate(passages, start=1):
            _print_source(session.out, number, passage, str(passage.get("text", "")))


def _register_ask(app: typer.Typer) -> None:
    @app.command("ask", cls=LocalisedCommand, help=str(_("Ask a question; the answer names its sources.")))
    def ask(
        context: typer.Context,
        question: Annotated[str, typer.Argument(metavar="QUESTION", help=str(_("The question, in quotes.")))],
        base: Annotated[str | None, typer.Option("--kb", help=str(_("Name of the knowledge base.")))] = None,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            answer = client.ask(question, base)
        if as_json:
            session.print_json(answer)
            return
        _print_answer(session.out, answer)


def _print_answer(console: Console, answer: dict[str, Any]) -> None:
    console.print(Text(str(answer.get("answer", "")), style="bold"))
    if model_text := answer.get("model_text"):
        console.print()
        console.print(Text(str(model_text)))
        console.print(Text(str(answer.get("label") or ""), style="dim"))  # the notice stays beside what it is about
    console.print()
    confidence = answer.get("confidence")
    if isinstance(confidence, int | float):
        console.print(Text(str(_("Confidence: {percent}", percent=f"{confidence:.0%}")), style="dim"))
    citations = answer.get("citations") or []
    if citations:
        console.print(Text(str(_("Sources:")), style="dim"))
    for number, citation in enumerate(citations, start=1):
        _print_source(console, number, citation, str(citation.get("quote", "")))


def _print_source(console: Console, number: int, source: dict[str, Any], quote: str) -> None:
    """Print where a passage stands, then its words, indented and unbroken by markup."""
    place = [str(source.get("document", "?"))]
    if source.get("page") is not None:
        place.append(str(_("page {page}", page=source["page"])))
    if source.get("row") is not None:
        place.append(str(_("row {row}", row=source["row"])))
    if source.get("section"):
        place.append(str(source["section"]))
    console.print(Text.assemble((f"[{number}] ", "bold cyan"), " · ".join(place)))
    console.print(Padding(Text(quote.strip(), style="italic"), (0, 0, 0, 4)))
