"""`appliance tenant add | list`."""

from typing import Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.session import session_of
from appliance.core.messages import _


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group,
        name="tenant",
        help=str(_("The head office, branches and departments; works while the appliance is down.")),
    )

    @group.command("add", cls=LocalisedCommand, help=str(_("Add a tenant below another.")))
    def add(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Up to 64 of a–z, 0–9, - and _.")))],
        title: Annotated[str, typer.Option(metavar="TITLE", help=str(_("What people read; else the name.")))] = "",
        under: Annotated[str, typer.Option(metavar="TENANT", help=str(_("The tenant above it.")))] = "default",
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.accounts import add_tenant

        session = session_of(context)
        tenant = add_tenant(session.home, session.site, name, title, under)
        if as_json:
            session.print_json(tenant.to_dict())
            return
        session.err.print(Text(str(_("The tenant {tenant} is added below {parent}.", tenant=name, parent=under))))

    @group.command("list", cls=LocalisedCommand, help=str(_("List the tenants as a tree.")))
    def list_(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.accounts import list_tenants

        session = session_of(context)
        tenants = list_tenants(session.home, session.site)
        if as_json:
            session.print_json({"tenants": [tenant.to_dict() for tenant in tenants]})
            return
        print_table(
            session.out,
            (_("Name"), _("Title"), _("Created (UTC)")),
            (("  " * (len(t.line) - 1) + t.name, t.title, t.created_at[:16].replace("T", " ")) for t in tenants),
            whole=(0,),
        )
