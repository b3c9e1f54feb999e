"""`appliance user add | list | disable | enable | password | unlock`."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.session import Session, session_of
from appliance.cli.words import Role, in_words
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.state.accounts.users import UserRecord


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="user", help=str(_("People who sign in; works while the appliance is down.")))
    _register_add(group)
    _register_list(group)
    _register_password(group)
    _register_switches(group)


def _register_add(group: typer.Typer) -> None:
    @group.command(
        "add", cls=LocalisedCommand, help=str(_("Add somebody; the password is asked for, or read from stdin."))
    )
    def add(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("The name to sign in with.")))],
        display: Annotated[str, typer.Option("--title", help=str(_("What people read; else the name.")))] = "",
        tenant: Annotated[str, typer.Option(help=str(_("The tenant that they belong to.")))] = "default",
        role: Annotated[Role, typer.Option(help=str(_("What they may do.")))] = Role.CALLER,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.accounts import add_user

        session = session_of(context)
        word = _password()
        user = add_user(session.home, session.site, name, word, display=display, tenant=tenant, role=role.value)
        _told(session, user, _("The user {name} is added; the id is {id}.", name=user.name, id=user.id), as_json)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List everybody.")))
    def list_(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.accounts import show_users

        session = session_of(context)
        users = show_users(session.home, session.site)
        if as_json:
            session.print_json({"users": users})
            return
        shown = ("id", "name", "display_name", "tenant", "role", "origin")
        print_table(
            session.out,
            (_("Id"), _("Name"), _("Title"), _("Tenant"), _("Role"), _("Kept by"), _("State")),
            ((*(user[field] for field in shown), _state(user)) for user in users),
            whole=(0,),
        )


def _state(user: Mapping[str, object]) -> object:
    paused = user["locked_until"] is not None and user["state"] == "active"
    return in_words("paused" if paused else user["state"])


def _register_password(group: typer.Typer) -> None:
    @group.command(
        "password",
        cls=LocalisedCommand,
        help=str(_("Give somebody another password, asked for or read from stdin; their sessions end.")),
    )
    def password(
        context: typer.Context,
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Name or id.")))],
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.accounts import set_password

        session = session_of(context)
        user = set_password(session.home, session.site, name, _password())
        _told(session, user, _("The password of {name} is changed.", name=user.name), as_json)


def _register_switches(group: typer.Typer) -> None:
    def switch(command: str, help_text: Message, done: Callable[[str], Message]) -> None:
        @group.command(command, cls=LocalisedCommand, help=str(help_text))
        def run(
            context: typer.Context,
            name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Name or id.")))],
            as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
        ) -> None:
            from appliance.operations import accounts

            operations = {
                "disable": accounts.disable_user, "enable": accounts.enable_user, "unlock": accounts.unlock_user
            }  # fmt: skip
            session = session_of(context)
            user = operations[command](session.home, session.site, name)
            _told(session, user, done(user.name), as_json)

    switch(
        "disable",
        _("Keep somebody out: their sessions end, their keys and those that they made stop."),
        lambda name: _("The user {name} is kept out.", name=name),
    )
    switch("enable", _("Let somebody in again."), lambda name: _("The user {name} may sign in again.", name=name))
    switch(
        "unlock",
        _("End the pause after failed attempts to sign in."),
        lambda name: _("The pause of {name} has ended.", name=name),
    )


def _password() -> str:
    """Ask twice on a terminal; else read one line. Never from the command line: other users of the machine see that."""
    if sys.stdin.isatty():
        return str(typer.prompt(str(_("Password")), hide_input=True, confirmation_prompt=str(_("Once more")), err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _told(session: Session, user: "UserRecord", message: Message, as_json: bool) -> None:
    if as_json:
        session.print_json(user.to_dict())
    else:
        session.err.print(Text(str(message)))
