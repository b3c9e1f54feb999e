"""`appliance key create | list | rotate | revoke`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import approval_option
from appliance.cli.session import Session, session_of
from appliance.cli.words import Role, in_words, minute_of
from appliance.core.clock import iso, utc_now
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.state.keys import KeyRecord


class Urgency(StrEnum):
    """How urgent a key's requests are; the same as `core.principal.PRIORITIES`."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="key", help=str(_("Make, list and revoke API keys; works while the appliance is down.")))
    _register_create(group)
    _register_list(group)
    _register_rotate(group)
    _register_revoke(group)


def _register_create(group: typer.Typer) -> None:
    @group.command("create", cls=LocalisedCommand, help=str(_("Make a key and show it once.")))
    def create(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("What the key is for.")))],
        tenant: Annotated[
            str, typer.Option(metavar="TENANT", help=str(_("The tenant that its use is counted for; else default.")))
        ] = "",
        role: Annotated[Role, typer.Option(help=str(_("What the key may do.")))] = Role.CALLER,
        model: Annotated[list[str] | None, typer.Option(help=str(_("Only this model; may be repeated.")))] = None,
        scenario: Annotated[list[str] | None, typer.Option(help=str(_("Only this scenario; may be repeated.")))] = None,
        base: Annotated[
            list[str] | None, typer.Option(help=str(_("Only this knowledge base; may be repeated.")))
        ] = None,
        network: Annotated[
            list[str] | None,
            typer.Option(metavar="CIDR", help=str(_("Only from this network, as 10.20.0.0/16; may be repeated."))),
        ] = None,
        expires: Annotated[
            str, typer.Option(metavar="WHEN", help=str(_("When it ends: 12h, 30d, 8w, 1y or a date; else never.")))
        ] = "",
        priority: Annotated[
            Urgency | None,
            typer.Option(help=str(_("batch or interactive; what a batch key asks runs behind what people wait for."))),
        ] = None,
        parent: Annotated[
            str, typer.Option(metavar="ID", help=str(_("The key to make it with: it does no more, and ends with it.")))
        ] = "",
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.keys import KeyWish, create_key

        wish = KeyWish(
            role.value, tenant, tuple(model or ()), tuple(scenario or ()), tuple(base or ()), tuple(network or ()),
            expires, priority.value if priority else None, parent,
        )  # fmt: skip
        session = session_of(context)
        _show_once(session, *create_key(session.home, session.site, name, wish, approval), as_json=as_json)


def _register_rotate(group: typer.Typer) -> None:
    @group.command("rotate", cls=LocalisedCommand, help=str(_("Make a key's successor, which may do the same.")))
    def rotate(
        context: typer.Context,
        key_id: Annotated[str, typer.Argument(metavar="ID", help=str(_("The id that `appliance key list` shows.")))],
        overlap: Annotated[
            str, typer.Option(metavar="SPAN", help=str(_("How long the old key stays good, up to 30d.")))
        ] = "7d",
        expires: Annotated[
            str, typer.Option(metavar="WHEN", help=str(_("When the new key ends; else when the old one would have.")))
        ] = "",
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.keys import rotate_key

        session = session_of(context)
        made = rotate_key(session.home, session.site, key_id, overlap, expires, approval)
        _show_once(session, *made, as_json=as_json)


def _show_once(session: Session, record: "KeyRecord", key: str, *, as_json: bool) -> None:
    if as_json:
        session.print_json({**record.to_dict(iso(utc_now())), "key": key})
        return
    typer.echo(key)
    told = _("This is the only time that the key is shown: keep it now. Its id is {id}.", id=record.id)
    session.err.print(Text(str(told)), soft_wrap=True)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the keys, without their secrets.")))
    def list_(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.keys import list_keys

        session = session_of(context)
        now = iso(utc_now())
        records = list_keys(session.home, session.site)
        if as_json:
            session.print_json({"keys": [record.to_dict(now) for record in records]})
            return
        print_table(
            session.out,
            (_("Id"), _("Name"), _("Tenant"), _("Role"), _("State"), _("Created (UTC)"), _("Expires (UTC)")),
            (
                (
                    r.id,
                    r.name,
                    r.tenant,
                    r.role,
                    in_words(r.state(now)),
                    minute_of(r.created_at),
                    minute_of(r.expires_at),
                )
                for r in records
            ),
            whole=(0,),
        )


def _register_revoke(group: typer.Typer) -> None:
    @group.command("revoke", cls=LocalisedCommand, help=str(_("Revoke a key at once and for good.")))
    def revoke(
        context: typer.Context,
        key_id: Annotated[str, typer.Argument(metavar="ID", help=str(_("The id that `appliance key list` shows.")))],
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.keys import revoke_key

        session = session_of(context)
        record = revoke_key(session.home, session.site, key_id)
        if as_json:
            session.print_json(record.to_dict(iso(utc_now())))
            return
        session.err.print(Text(str(_("The key {id} ({name}) is revoked.", id=record.id, name=record.name))))
