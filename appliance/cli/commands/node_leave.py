"""`appliance node cordon | uncordon | drain | remove`."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from appliance.cli.drawing import follow
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option, node_argument
from appliance.cli.session import Session, session_of
from appliance.core.messages import _
from appliance.core.progress import Progress


def add(group: typer.Typer) -> None:
    """Add the commands to the group `node`, with help in the current language."""
    _cordon(group)
    _uncordon(group)
    _drain(group)
    _remove(group)


def _timeout() -> Any:  # noqa: ANN401 - typer's own type is private
    help_text = _("Longest wait in seconds; by default the longest generation and a minute.")
    return typer.Option("--timeout", metavar="SECONDS", min=1, help=str(help_text))


def _cordon(group: typer.Typer) -> None:
    @group.command("cordon", cls=LocalisedCommand, help=str(_("Give a node no new work; what runs there goes on.")))
    def cordon(
        context: typer.Context, name: Annotated[str, node_argument()], as_json: Annotated[bool, json_option()] = False
    ) -> None:
        from appliance.operations.nodes import leaving

        def steps(session: Session, node_id: str) -> Iterator[Progress]:
            return leaving.cordon(session.home, session.site, node_id)

        _carry_out(session_of(context), name, steps, as_json=as_json)


def _uncordon(group: typer.Typer) -> None:
    @group.command("uncordon", cls=LocalisedCommand, help=str(_("Give a closed node new work again.")))
    def uncordon(
        context: typer.Context, name: Annotated[str, node_argument()], as_json: Annotated[bool, json_option()] = False
    ) -> None:
        from appliance.operations.nodes import leaving

        def steps(session: Session, node_id: str) -> Iterator[Progress]:
            return leaving.uncordon(session.home, session.site, node_id)

        _carry_out(session_of(context), name, steps, as_json=as_json)


def _drain(group: typer.Typer) -> None:
    @group.command(
        "drain", cls=LocalisedCommand, help=str(_("Empty a node: running requests end, new ones go elsewhere."))
    )
    def drain(
        context: typer.Context,
        name: Annotated[str, node_argument()],
        timeout_s: Annotated[float | None, _timeout()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes import leaving

        def steps(session: Session, node_id: str) -> Iterator[Progress]:
            return leaving.drain(session.home, session.site, node_id, timeout_s)

        _carry_out(session_of(context), name, steps, as_json=as_json)


def _remove(group: typer.Typer) -> None:
    @group.command("remove", cls=LocalisedCommand, help=str(_("Drain a node and take it out of the appliance.")))
    def remove(
        context: typer.Context,
        name: Annotated[str, node_argument()],
        force: Annotated[
            bool, typer.Option("--force", help=str(_("Do not drain it: for a node that is lost.")))
        ] = False,
        timeout_s: Annotated[float | None, _timeout()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes import leaving

        def steps(session: Session, node_id: str) -> Iterator[Progress]:
            return leaving.remove(session.home, session.site, node_id, force=force, timeout_s=timeout_s)

        _carry_out(session_of(context), name, steps, as_json=as_json)


def _carry_out(
    session: Session, name: str, steps: Callable[[Session, str], Iterator[Progress]], *, as_json: bool
) -> None:
    """Follow what is done to a node; print as JSON what it is then, by its id, as a removed one has no name."""
    from appliance.operations.nodes.listing import show_node

    node_id = show_node(session.home, session.site, name).id
    follow(steps(session, node_id), session.err)
    if as_json:
        session.print_json(show_node(session.home, session.site, node_id).to_dict())
