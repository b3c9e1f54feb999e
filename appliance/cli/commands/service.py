"""`appliance run` and `appliance service install | remove | status | show`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import session_of
from appliance.core.messages import _


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""

    @app.command(
        "run", cls=LocalisedCommand, help=str(_("Start this node in the foreground and hold it, for systemd."))
    )
    def run(context: typer.Context) -> None:
        from appliance.operations.holding import hold

        session = session_of(context)
        for tour in follow(hold(session.home, session.site), session.err):
            if not all(row.ok for row in tour.rows):
                raise typer.Exit(ExitCode.START_FAILED)

    group = typer.Typer(
        cls=LocalisedGroup,
        no_args_is_help=True,
        help=str(_("The appliance as a service that starts with the machine.")),
    )
    app.add_typer(group, name="service")
    _register_install(group)
    _register_remove(group)
    _register_status(group)
    _register_show(group)


def _user_option() -> Any:  # noqa: ANN401
    return typer.Option(metavar="NAME", help=str(_("Who it runs as; by default the owner of the home folder.")))


def _register_install(group: typer.Typer) -> None:
    @group.command("install", cls=LocalisedCommand, help=str(_("Install the unit and start it with the machine.")))
    def install(
        context: typer.Context,
        user: Annotated[str | None, _user_option()] = None,
        start: Annotated[bool, typer.Option("--start", help=str(_("Start it now, too.")))] = False,
        to: Annotated[
            Path | None,
            typer.Option(metavar="FOLDER", help=str(_("Only write and check the unit, in this folder."))),
        ] = None,
    ) -> None:
        from appliance.operations import system_service

        session = session_of(context)
        wish = system_service.wish_of(session.home, session.site.gateway.generation_timeout_s, user)
        if to is None:
            follow(system_service.install(wish, start=start), session.err)
            return
        written = system_service.write_unit(to.absolute(), wish)
        session.err.print(Text(str(_("The unit is in {file}.", file=written))), soft_wrap=True)


def _register_remove(group: typer.Typer) -> None:
    @group.command("remove", cls=LocalisedCommand, help=str(_("Stop the service and remove its unit; all data stays.")))
    def remove(context: typer.Context) -> None:
        from appliance.operations import system_service

        follow(system_service.remove(), session_of(context).err)


def _register_status(group: typer.Typer) -> None:
    @group.command("status", cls=LocalisedCommand, help=str(_("What systemd and the node's supervisor tell.")))
    def status(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations import system_service
        from appliance.operations.supervised import live_supervision

        session = session_of(context)
        unit = system_service.service_state()
        node = live_supervision(session.home)
        if as_json:
            parts = [vars(part) for part in node.parts] if node is not None else []
            session.print_json({"unit": vars(unit), "supervisor": node.state if node else None, "parts": parts})
            return
        told = _("{unit}: {active} ({sub}), {enabled}", unit="appliance.service", active=unit.active, sub=unit.sub,
                 enabled=unit.enabled)  # fmt: skip
        session.out.print(Text(str(told)), soft_wrap=True)
        print_table(
            session.out,
            (_("Process"), _("PID"), _("Since"), _("Restarts in 10 minutes"), _("Last failure")),
            [
                (part.name, part.pid, part.since, part.restarts, part.last_failure)
                for part in (node.parts if node else ())
            ],
        )


def _register_show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Print the unit as it would be installed.")))
    def show(context: typer.Context, user: Annotated[str | None, _user_option()] = None) -> None:
        from appliance.operations import system_service
        from appliance.operations.service_unit import unit_text

        session = session_of(context)
        wish = system_service.wish_of(session.home, session.site.gateway.generation_timeout_s, user)
        typer.echo(unit_text(wish), nl=False)
