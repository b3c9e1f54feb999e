"""`appliance node list | show | label`, `appliance node token …`; the others: `node_join`, `node_leave`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.commands import node_join, node_leave
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option, node_argument
from appliance.cli.session import Session, session_of
from appliance.cli.words import in_words, minute_of
from appliance.core.clock import iso, utc_now
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.state.nodes import NodeRecord

_ROLES: dict[str, Message] = {"head": _("head node"), "worker": _("worker node")}
_STATES: dict[str, Message] = {
    "joining": _("joining"),
    "ready": _("ready"),
    "cordoned": _("cordoned"),
    "draining": _("draining"),
    "removed": _("removed"),
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="node", help=str(_("The machines of the appliance, and tokens that others join with.")))
    for add in (_list, _show, _label, node_join.add, node_leave.add):
        add(group)
    tokens = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    group.add_typer(tokens, name="token", help=str(_("Tokens with which machines join, each one once.")))
    for add in (_create_token, _list_tokens, _revoke_token):
        add(tokens)


def _list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the nodes, the head first.")))
    def list_(
        context: typer.Context,
        everything: Annotated[bool, typer.Option("--all", help=str(_("Removed ones too.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes.listing import cards_of, list_nodes

        session = session_of(context)
        nodes = list_nodes(session.home, session.site, removed=everything)
        if as_json:
            session.print_json({"nodes": [node.to_dict() for node in nodes]})
            return
        headings = (
            _("Name"), _("Address"), _("Role"), _("State"), _("Accelerators"), _("Version"), _("Last seen (UTC)"),
        )  # fmt: skip
        rows = (
            (
                node.name, node.address, _ROLES[node.role], _STATES[node.state], cards_of(node) or None, node.version,
                minute_of(node.seen_at),
            )
            for node in nodes
        )  # fmt: skip
        print_table(session.out, headings, rows, whole=(0, 1, 6))


def _show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Show one node: hardware, labels, certificate.")))
    def show(
        context: typer.Context,
        name: Annotated[str, node_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes.listing import show_node

        session = session_of(context)
        _print_node(session, show_node(session.home, session.site, name), as_json=as_json)


def _label(group: typer.Typer) -> None:
    @group.command("label", cls=LocalisedCommand, help=str(_("Put labels on a node, which models can ask for.")))
    def label(
        context: typer.Context,
        name: Annotated[str, node_argument()],
        labels: Annotated[
            list[str] | None, typer.Argument(metavar="KEY=VALUE", help=str(_("A label; more may follow.")))
        ] = None,
        remove: Annotated[
            list[str] | None,
            typer.Option("--remove", metavar="KEY", help=str(_("Remove this label; may be repeated."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes.listing import label_node

        session = session_of(context)
        changed = label_node(session.home, session.site, name, labels or (), remove or ())
        if as_json:
            session.print_json(changed.to_dict())
            return
        told = _("Labels of {name}: {labels}", name=changed.name, labels=_pairs(changed.labels) or "—")
        session.err.print(Text(str(told)), soft_wrap=True)


def _create_token(group: typer.Typer) -> None:
    @group.command(
        "create", cls=LocalisedCommand, help=str(_("Make a token for one machine, and show once what to type there."))
    )
    def create(
        context: typer.Context,
        valid: Annotated[
            str, typer.Option(metavar="SPAN", help=str(_("How long it is good, for example 1h or 2d; up to 30d.")))
        ] = "1h",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes.tokens import create_token

        session = session_of(context)
        made = create_token(session.home, session.site, valid)
        if as_json:
            told = {**made.record.to_dict(iso(utc_now())), "token": made.token, "command": made.command}
            session.print_json(told)
            return
        typer.echo(made.command)
        told_once = _(
            "Type this on the machine that is to join, until {end} (UTC). It is shown this once and lets one machine"
            " join. Its id is {id}.",
            end=minute_of(made.record.expires_at), id=made.record.id,
        )  # fmt: skip
        session.err.print(Text(str(told_once)), soft_wrap=True)


def _list_tokens(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the tokens, without their secrets.")))
    def list_(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations.nodes.tokens import list_tokens

        session = session_of(context)
        now = iso(utc_now())
        found = list_tokens(session.home, session.site)
        if as_json:
            session.print_json({"tokens": [one.to_dict(now) for one in found]})
            return
        print_table(
            session.out,
            (_("Id"), _("State"), _("Made by"), _("Created (UTC)"), _("Expires (UTC)"), _("Used by")),
            (
                (
                    one.id, in_words(one.state(now)), one.created_by, minute_of(one.created_at),
                    minute_of(one.expires_at), one.used_by,
                )
                for one in found
            ),
            whole=(0,),
        )  # fmt: skip


def _revoke_token(group: typer.Typer) -> None:
    @group.command("revoke", cls=LocalisedCommand, help=str(_("Revoke a token at once and for good.")))
    def revoke(
        context: typer.Context,
        token_id: Annotated[
            str, typer.Argument(metavar="ID", help=str(_("The id that `appliance node token list` shows.")))
        ],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.nodes.tokens import revoke_token

        session = session_of(context)
        record = revoke_token(session.home, session.site, token_id)
        if as_json:
            session.print_json(record.to_dict(iso(utc_now())))
            return
        session.err.print(Text(str(_("The join token {id} is revoked.", id=record.id))))


def _print_node(session: Session, node: "NodeRecord", *, as_json: bool) -> None:
    from appliance.operations.nodes.listing import cards_of

    if as_json:
        session.print_json(node.to_dict())
        return
    rows: tuple[tuple[object, object], ...] = (
        (_("Id"), node.id),
        (_("Name"), node.name),
        (_("Address"), node.address),
        (_("Role"), _ROLES[node.role]),
        (_("State"), _STATES[node.state]),
        (_("Accelerators"), cards_of(node) or None),
        (_("Labels"), _pairs(node.labels) or None),
        (_("Version"), node.version),
        (_("Joined (UTC)"), minute_of(node.joined_at)),
        (_("Last seen (UTC)"), minute_of(node.seen_at)),
        (_("Certificate"), node.certificate_fingerprint),
    )
    print_table(session.out, (_("Property"), _("Value")), rows, whole=(0,))


def _pairs(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
