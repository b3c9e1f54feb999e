"""`appliance model …` (`commands.models`) and `appliance scenario list`."""

from typing import Annotated

import typer

from appliance.cli.commands import models
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.session import session_of
from appliance.cli.words import in_words
from appliance.core.messages import _


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    models.register(app)
    _register_scenarios(app)


def _register_scenarios(app: typer.Typer) -> None:
    scenarios = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(scenarios, name="scenario", help=str(_("The scenario applications that run on the models.")))
    scenarios.callback()(_nothing)

    @scenarios.command("list", cls=LocalisedCommand, help=str(_("List the scenarios.")))
    def list_scenarios(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            rows = client.scenarios()
        if as_json:
            session.print_json({"scenarios": rows})
            return
        print_table(
            session.out,
            (_("Scenario"), _("Version"), _("Title"), _("State"), _("Actions")),
            (
                (
                    row.get("name"),
                    row.get("version"),
                    _in_language(row.get("title"), session.language),
                    in_words(row.get("state")),
                    ", ".join(_action_name(action) for action in row.get("actions") or ()),
                )
                for row in rows
            ),
        )


def _nothing() -> None:
    """Keep the group a group."""


def _in_language(title: object, language: str) -> object:
    return title.get(language) or title.get("en") if isinstance(title, dict) else title


def _action_name(action: object) -> str:
    return str(action.get("name", action)) if isinstance(action, dict) else str(action)
