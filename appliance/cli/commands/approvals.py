"""`appliance approval list | show | approve | refuse`."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.cli.words import minute_of
from appliance.core.clock import iso, utc_now
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.state.approval_records import Approval


class State(StrEnum):
    """What a ticket is worth; the same as `state.approval_records.STATUSES`."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    USED = "used"


_STATES: dict[str, Message] = {
    "pending": _("pending"),
    "approved": _("approved"),
    "refused": _("refused"),
    "expired": _("expired"),
    "used": _("used"),
}
_KINDS: dict[str, Message] = {
    "key.export": _("make a key"),
    "model.switch": _("change the models"),
    "policy.change": _("change a policy"),
    "retention.change": _("delete from the audit, or keep held answers for another time"),
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group,
        name="approval",
        help=str(_("Changes that wait for a second person; works while the appliance is down.")),
    )
    _register_list(group)
    _register_show(group)
    _register_approve(group)
    _register_refuse(group)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List requests and what became of them, newest first.")))
    def list_(
        context: typer.Context,
        state: Annotated[State | None, typer.Option(help=str(_("Only those in this state.")))] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.approvals import list_approvals

        session = session_of(context)
        now = iso(utc_now())
        found = list_approvals(session.home, session.site, None if state is None else state.value)
        if as_json:
            session.print_json({"approvals": [one.to_dict(now) for one in found]})
            return
        print_table(
            session.out,
            (_("Id"), _("Change"), _("State"), _("Asked by"), _("Asked (UTC)"), _("Decided by")),
            (
                (one.id, _KINDS.get(one.kind, one.kind), _STATES[one.status(now)], one.asked_by,
                 minute_of(one.asked_at), one.decided_by)
                for one in found
            ),
            whole=(0,),
        )  # fmt: skip


def _register_show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Show one request with the whole change.")))
    def show(
        context: typer.Context,
        approval_id: Annotated[str, _id_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.approvals import show_approval

        session = session_of(context)
        _print(session, show_approval(session.home, session.site, approval_id), as_json=as_json)


def _register_approve(group: typer.Typer) -> None:
    @group.command("approve", cls=LocalisedCommand, help=str(_("Approve what another person asked for.")))
    def approve(
        context: typer.Context,
        approval_id: Annotated[str, _id_argument()],
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.approvals import approve, show_approval

        session = session_of(context)
        if not yes and session.err.is_terminal:
            _print_change(session, show_approval(session.home, session.site, approval_id))
            typer.confirm(str(_("Approve this change?")), abort=True, err=True)
        _print(session, approve(session.home, session.site, approval_id), as_json=as_json)


def _register_refuse(group: typer.Typer) -> None:
    @group.command("refuse", cls=LocalisedCommand, help=str(_("Refuse what another person asked for.")))
    def refuse(
        context: typer.Context,
        approval_id: Annotated[str, _id_argument()],
        reason: Annotated[str, typer.Option(metavar="TEXT", help=str(_("Why; the asker reads it.")))],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.approvals import refuse

        session = session_of(context)
        _print(session, refuse(session.home, session.site, approval_id, reason), as_json=as_json)


def _id_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Argument(metavar="ID", help=str(_("The id that `appliance approval list` shows.")))


def _print(session: Session, approval: "Approval", *, as_json: bool) -> None:
    now = iso(utc_now())
    if as_json:
        session.print_json(approval.to_dict(now))
        return
    _print_change(session, approval)
    session.out.print(Text(f"{_('State')}: {_STATES[approval.status(now)]}"))
    if approval.decided_by is not None:
        decided = _("Decided by {by} at {at}.", by=approval.decided_by, at=minute_of(approval.decided_at))
        session.out.print(Text(str(decided)), soft_wrap=True)
    if approval.reason is not None:
        session.out.print(Text(approval.reason), soft_wrap=True)


def _print_change(session: Session, approval: "Approval") -> None:
    """Print what was asked for: the first thing that a second person has to see."""
    asked = _(
        "{id}: {kind}, asked by {by} at {at} (UTC), good until {end}.",
        id=approval.id, kind=_KINDS.get(approval.kind, approval.kind), by=approval.asked_by,
        at=minute_of(approval.asked_at), end=minute_of(approval.expires_at),
    )  # fmt: skip
    out = session.out
    out.print(Text(str(asked)), soft_wrap=True)
    change = json.dumps(json.loads(approval.payload), ensure_ascii=False, indent=2)
    # Signs that turn or hide text would show another change than the one that is approved.
    out.print(Text("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in change)), soft_wrap=True)
