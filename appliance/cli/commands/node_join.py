"""`appliance node join`."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.operations.nodes.joining import Joined


def add(group: typer.Typer) -> None:
    """Add the command to the group `node`, with help in the current language."""

    @group.command(
        "join", cls=LocalisedCommand, help=str(_("Make this machine a node of the appliance whose head is HOST."))
    )
    def join(
        context: typer.Context,
        head: Annotated[
            str, typer.Argument(metavar="HOST[:PORT]", help=str(_("The head node, and its join port if not 6389.")))
        ],
        token: Annotated[
            str,
            typer.Option(
                metavar="TOKEN",
                envvar="APPLIANCE_JOIN_TOKEN",
                help=str(_("From `appliance node token create` on the head.")),
            ),
        ],
        name: Annotated[
            str | None, typer.Option(metavar="NAME", help=str(_("The node's name; by default the machine's.")))
        ] = None,
        address: Annotated[
            str | None,
            typer.Option(
                metavar="ADDRESS",
                help=str(_("This node's address, as others reach it; by default the one towards the head.")),
            ),
        ] = None,
        labels: Annotated[
            list[str] | None,
            typer.Option("--label", metavar="KEY=VALUE", help=str(_("A label of the node; may be repeated."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes import joining
        from appliance.operations.nodes.listing import read_label
        from appliance.operations.nodes.starting import start_node

        session = session_of(context)
        wish = joining.JoinWish(head, token, name, address, dict(map(read_label, labels or ())))
        (joined,) = follow(joining.join(session.home, wish, start_node), session.err)
        print_joined(session, joined, as_json=as_json)


def print_joined(session: Session, joined: "Joined", *, as_json: bool) -> None:
    """Say what this machine is now."""
    if as_json:
        session.print_json(vars(joined))
        return
    told = _("{name} ({address}) is a node of the appliance now.", name=joined.name, address=joined.address)
    session.err.print(Text(str(told)), soft_wrap=True)
