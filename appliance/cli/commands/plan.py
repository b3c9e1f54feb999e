"""`appliance plan`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import print_sentence, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.catalogue.plan import Plan
    from appliance.catalogue.verdict import Verdict
    from appliance.operations.plan_applying import SiteChange
    from appliance.operations.planning import PlanRequest

_TABLES = ((0, 1, 2, 3, 4, 5), (0, 6, 7, 8, 9))
_FOLDED = frozenset({1, 5})  # model and where: their words may go to the next line


def register(app: typer.Typer) -> None:
    """Add the command to `app`, with help in the current language."""

    @app.command(
        "plan",
        cls=LocalisedCommand,
        help=str(_("Say whether models fit on machines, how fast, and for how many users.")),
    )
    def plan(
        context: typer.Context,
        users: Annotated[int | None, typer.Option(help=str(_("Users of each chat model at once.")))] = None,
        ttft_ms: Annotated[float | None, typer.Option(help=str(_("Longest time to the first token, in ms.")))] = None,
        tokens_per_s: Annotated[float | None, typer.Option(help=str(_("Tokens a second that each user gets.")))] = None,
        prompt_tokens: Annotated[int | None, typer.Option(help=str(_("Tokens of a prompt.")))] = None,
        answer_tokens: Annotated[int | None, typer.Option(help=str(_("Tokens of an answer.")))] = None,
        model: Annotated[list[str] | None, _model_option()] = None,
        model_context: Annotated[
            int | None, typer.Option("--context", help=str(_("Longest prompt and answer together, in tokens.")))
        ] = None,
        machine: Annotated[
            list[Path] | None,
            typer.Option(metavar="FILE", help=str(_("A recorded machine instead of this one; may be repeated."))),
        ] = None,
        nodes: Annotated[int | None, typer.Option(help=str(_("Plan with so many such machines.")))] = None,
        more_nodes: Annotated[int | None, _more_nodes_option()] = None,
        like: Annotated[str | None, _like_option()] = None,
        with_model: Annotated[list[str] | None, _with_model_option()] = None,
        choose: Annotated[bool, _choose_option()] = False,
        apply: Annotated[bool, _apply_option()] = False,
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.planning import PlanRequest

        session = session_of(context)
        request = PlanRequest(
            models=tuple(model or ()), machines=tuple(machine or ()), nodes=nodes, users=users, ttft_ms=ttft_ms,
            tokens_per_s=tokens_per_s, prompt_tokens=prompt_tokens, answer_tokens=answer_tokens, context=model_context,
            more_nodes=more_nodes, like=like, more_models=tuple(with_model or ()), choose=choose or apply,
        )  # fmt: skip
        if apply:
            _apply(session, request, yes=yes, as_json=as_json)
        else:
            _show(session, request, as_json=as_json)


def _more_nodes_option() -> Any:  # noqa: ANN401 - typer's own type is private
    told = _("Plan with so many machines beside the appliance's own.")
    return typer.Option("--more-nodes", metavar="COUNT", help=str(told))


def _like_option() -> Any:  # noqa: ANN401
    told = _("The node that --more-nodes are like; by default the last one.")
    return typer.Option("--like", metavar="NODE", help=str(told))


def _with_model_option() -> Any:  # noqa: ANN401
    told = _("A model of the catalogue beside those of the site file; may be repeated.")
    return typer.Option("--with-model", metavar="ALIAS=NAME[:PRECISION]", help=str(told))


def _choose_option() -> Any:  # noqa: ANN401
    told = _("Let the planner choose cards and replicas; nothing is written.")
    return typer.Option("--choose", help=str(told))


def _model_option() -> Any:  # noqa: ANN401 - typer's own type is private
    told = _("A model of the catalogue, instead of those of the site file; may be repeated.")
    return typer.Option(metavar="ALIAS=NAME[:PRECISION]", help=str(told))


def _apply_option() -> Any:  # noqa: ANN401
    told = _("Let the planner choose cards and replicas, and write them into the site file.")
    return typer.Option("--apply", help=str(told))


def _apply(session: Session, request: "PlanRequest", *, yes: bool, as_json: bool) -> None:
    from appliance.operations.plan_applying import apply_change, change_to, check_can_apply
    from appliance.operations.planning import plan_site

    check_can_apply(session.home, request)
    if not yes and not sys.stdin.isatty():
        raise InvalidRequest(
            _("What would change is shown and asked about, and nobody is here to answer."),
            _("Run it in a terminal, or add --yes."),
        )
    found = plan_site(session.home, session.site, request)
    if not as_json:
        _print_plan(session, found)
    change = change_to(session.home, session.site, found)
    if not as_json or not yes:
        print_change(session, change, to_err=as_json)
    if change.settings and not yes:
        typer.confirm(str(_("Write this to {file}?", file=session.home.site_file)), abort=True, err=True)
    apply_change(session.home, session.site, change)
    if as_json:
        session.print_json({**found.to_dict(), "changed": [one.to_dict() for one in change.settings]})
    elif change.settings:
        told = _(
            "{file} is written. It counts from the next start: `appliance down`, then `appliance up`.",
            file=session.home.site_file,
        )
        session.err.print(Text(str(told)), soft_wrap=True)


def _show(session: Session, request: "PlanRequest", *, as_json: bool) -> None:
    from appliance.operations.planning import plan_site

    found = plan_site(session.home, session.site, request)
    if as_json:
        session.print_json(found.to_dict())
    else:
        _print_plan(session, found)
    if not found.complete:
        raise typer.Exit(ExitCode.CHECKS_FAILED)


def print_change(session: Session, change: "SiteChange", *, to_err: bool) -> None:
    """Print what would change of the site file, setting by setting."""
    console = session.err if to_err else session.out
    console.print()
    if change.settings:
        rows = [(one.alias, one.setting, one.before, one.after) for one in change.settings]
        print_table(console, (_("Alias"), _("Setting"), _("Before"), _("After")), rows)
    else:
        console.print(Text(str(_("The site file says already what the plan says."))))
    for note in change.notes:
        print_sentence(console, Text(f"· {note}", style="dim"), hang=2)


def _print_plan(session: Session, plan: "Plan") -> None:
    from appliance.catalogue.plan import MEMORY_HEADINGS, PLACEMENT_HEADINGS
    from appliance.catalogue.verdict import asked, verdicts

    print_sentence(session.out, Text(str(asked(plan))), hang=2)
    for verdict in verdicts(plan):
        _print_verdict(session, verdict)
    if plan.placements:
        rows = [placement.row() for placement in plan.placements]
        for columns in _TABLES:  # two, so that they fit a terminal of 80 columns
            session.out.print()
            headings = [PLACEMENT_HEADINGS[column] for column in columns]
            cells = [[row[column] for column in columns] for row in rows]
            whole = [at for at, column in enumerate(columns) if column not in _FOLDED]
            print_table(session.out, headings, cells, whole=whole)
        session.out.print()
        session.out.print(Text(str(_("Memory of each device, in GiB:"))))
        print_table(session.out, MEMORY_HEADINGS, plan.memory_rows(), whole=(2, 3, 4, 5, 6, 7))
    notes: list[Message] = [note for placement in plan.placements for note in placement.notes]
    session.out.print()
    for note in (*notes, *plan.notes):
        print_sentence(session.out, Text(f"· {note}", style="dim"), hang=2)


def _print_verdict(session: Session, verdict: "Verdict") -> None:
    mark = ("✓ ", "green") if verdict.good else ("✗ ", "bold red")
    print_sentence(session.out, Text.assemble(mark, (str(verdict.line), "bold")), hang=2)
    if verdict.reason is None:
        return
    print_sentence(session.out, Text(f"  {_('Because:')} {verdict.reason}"), hang=4)
    if not verdict.changes:
        print_sentence(session.out, Text(f"  {_('No single change was found that is enough.')}"), hang=4)
    for number, change in enumerate(verdict.changes):
        lead = _("What would do:") if number == 0 else _("Or:")
        print_sentence(session.out, Text(f"  {lead} {change.text}"), hang=4)
