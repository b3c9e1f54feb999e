"""`appliance kb eval`: golden questions to a running appliance."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option, kb_option
from appliance.cli.session import session_of
from appliance.core.messages import _


def register(group: typer.Typer) -> None:
    """Add the command to the group `kb`, with help in the current language."""

    @group.command(
        "eval", cls=LocalisedCommand, help=str(_("Ask golden questions and measure the answers; docs/knowledge.md."))
    )
    def eval_(
        context: typer.Context,
        files: Annotated[
            list[Path] | None, typer.Argument(metavar="QUESTIONS...", help=str(_("Files of golden questions.")))
        ] = None,
        base: Annotated[str | None, kb_option()] = None,
        reviewed: Annotated[
            bool, typer.Option("--reviewed", help=str(_("Ask the questions too that came of reviewed feedback.")))
        ] = False,
        gate: Annotated[
            Path | None,
            typer.Option("--gate", help=str(_("Figures with `min` or `max`; exit code 9 outside."))),
        ] = None,
        report: Annotated[Path | None, typer.Option("--report", help=str(_("Write an HTML report here.")))] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.evaluation import collect_questions, evaluate, load_gate
        from appliance.operations.evaluation_report import figure_names, shown, write_report

        session = session_of(context)
        bounds = load_gate(gate) if gate is not None else {}
        with session.connect() as client:
            chosen = client.knowledge.choose_base(base)
            questions = collect_questions(client, chosen, files or [], reviewed=reviewed)
            (evaluation,) = follow(evaluate(client, chosen, questions, bounds), session.err)
        if report is not None:
            write_report(evaluation, report)
        if as_json:
            session.print_json(evaluation.to_dict())
        else:
            names = figure_names()
            rows = ((names[figure], shown(figure, value)) for figure, value in evaluation.figures.items())
            print_table(session.out, (_("Figure"), _("Value")), rows)
            for breach in evaluation.breaches:
                told = _(
                    "Outside the gate: {figure} is {value}, wanted {bound}.",
                    figure=str(names[breach.figure]), value=breach.value, bound=breach.bound,
                )  # fmt: skip
                session.out.print(Text(str(told), style="bold red"))
        if evaluation.breaches:
            raise typer.Exit(ExitCode.CHECKS_FAILED)
