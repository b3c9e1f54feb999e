"""`appliance model scale`."""

import sys
from typing import Annotated

import typer
from rich.text import Text

from appliance.cli.commands.plan import print_change
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _


def add(group: typer.Typer) -> None:
    """Add the command to the group `model`, with help in the current language."""

    @group.command(
        "scale",
        cls=LocalisedCommand,
        help=str(_("Set how many replicas a model has, or their limits; it counts from the next start.")),
    )
    def scale(
        context: typer.Context,
        alias: Annotated[str, typer.Argument(metavar="ALIAS", help=str(_("Name that callers know the model by.")))],
        replicas: Annotated[int | None, typer.Option(help=str(_("Engine replicas, whatever the load.")))] = None,
        least: Annotated[
            int | None, typer.Option("--min", help=str(_("Fewest replicas; the load decides from there on.")))
        ] = None,
        most: Annotated[int | None, typer.Option("--max", help=str(_("Most replicas.")))] = None,
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.scaling import ScaleWish, apply_scale, scale_to

        session = session_of(context)
        if not yes and not sys.stdin.isatty():
            raise InvalidRequest(
                _("What would change is shown and asked about, and nobody is here to answer."),
                _("Run it in a terminal, or add --yes."),
            )
        change = scale_to(session.home, session.site, alias, ScaleWish(replicas, least, most))
        if not change.settings:
            session.err.print(Text(str(_("The site file says that already."))))
        elif not as_json or not yes:
            print_change(session, change, to_err=as_json)
        if change.settings and not yes:
            typer.confirm(str(_("Write this to {file}?", file=session.home.site_file)), abort=True, err=True)
        apply_scale(session.home, session.site, change)
        if as_json:
            session.print_json({"changed": [one.to_dict() for one in change.settings]})
        elif change.settings:
            told = _(
                "{file} is written. It counts from the next start: `appliance down`, then `appliance up`.",
                file=session.home.site_file,
            )
            session.err.print(Text(str(told)), soft_wrap=True)
