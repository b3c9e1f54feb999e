"""`appliance usage` and `appliance quota list | set | remove`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import approval_option, json_option
from appliance.cli.session import session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _, one_or_many
from appliance.operations.operator import operator

_LIMITS: dict[str, Message] = {
    "requests_per_minute": _("Requests a minute"),
    "tokens_per_minute": _("Tokens a minute"),
    "concurrent_requests": _("At once"),
    "tokens_per_day": _("Tokens a day"),
    "tokens_per_month": _("Tokens a month"),
}


class Of(StrEnum):
    """What a quota can be of; the same as `state.quotas.Scope`."""

    KEY = "key"
    TENANT = "tenant"
    MODEL = "model"


_OF: dict[str, Message] = {"key": _("key"), "tenant": _("tenant"), "model": _("model")}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    _register_usage(app)
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(
        group,
        name="quota",
        help=str(_("How much a key, tenant or model may be used; works while the appliance is down.")),
    )
    _register_list(group)
    _register_set(group)
    _register_remove(group)


def _register_usage(app: typer.Typer) -> None:
    @app.command("usage", cls=LocalisedCommand, help=str(_("Requests and tokens by day (UTC), tenant, key and model.")))
    def usage(
        context: typer.Context,
        tenant: Annotated[str | None, typer.Option(help=str(_("Only of this tenant and those below it.")))] = None,
        since: Annotated[
            str | None, typer.Option(metavar="WHEN", help=str(_("First day: a date, or 30d back.")))
        ] = None,
        until: Annotated[str | None, typer.Option(metavar="WHEN", help=str(_("Last day.")))] = None,
        file: Annotated[
            Path | None, typer.Option("--csv", metavar="FILE", help=str(_("Write them to this file as CSV.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.usage import usage_totals, write_usage

        session = session_of(context)
        totals = usage_totals(session.home, session.site, tenant, since, until)
        if file is not None:
            write_usage(totals, file.absolute())
            many = _("{count} lines written to {file}.", count=len(totals), file=file)
            told = one_or_many(len(totals), _("1 line written to {file}.", file=file), many)
            session.err.print(Text(str(told)))
        if as_json:
            session.print_json({"usage": [total.to_dict() for total in totals]})
        elif file is None:
            headings = (
                _("Day (UTC)"), _("Tenant"), _("By"), _("Target"), _("Count"), _("Failed"),
                _("Prompt"), _("Answer"),
            )  # fmt: skip
            print_table(
                session.out,
                headings,
                (
                    (t.day, t.tenant, t.actor, t.target, t.requests, t.errors, t.prompt_tokens,
                     t.completion_tokens)
                    for t in totals
                ),
                whole=(0, 2, 4, 5, 6, 7),
            )  # fmt: skip


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the quotas, and what is used of days and months.")))
    def list_(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        from appliance.operations.usage import list_quotas

        session = session_of(context)
        rows = list_quotas(session.home, session.site)
        if as_json:
            session.print_json({"quotas": [{**row, "used": _lasting(row["used"])} for row in rows]})
            return
        headings = (_("Of"), _("Name"), _("Limits"), _("Today"), _("This month"))
        print_table(session.out, headings, (_cells(row) for row in rows), whole=(0, 1))


def _register_set(group: typer.Typer) -> None:
    @group.command("set", cls=LocalisedCommand, help=str(_("Set limits; they go before those of the site file.")))
    def set_(
        context: typer.Context,
        of: Annotated[Of, typer.Argument(metavar="SCOPE", help=str(_("What the quota is of: key, tenant or model.")))],
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Id of a key or user, tenant, or alias.")))],
        requests_per_minute: Annotated[str | None, _limit_option(_("Requests in any 60 seconds."))] = None,
        tokens_per_minute: Annotated[str | None, _limit_option(_("Tokens in any 60 seconds."))] = None,
        concurrent_requests: Annotated[str | None, _limit_option(_("Requests at once."))] = None,
        tokens_per_day: Annotated[str | None, _limit_option(_("Tokens a day (UTC)."))] = None,
        tokens_per_month: Annotated[str | None, _limit_option(_("Tokens a calendar month (UTC)."))] = None,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.usage import set_quota

        session = session_of(context)
        given = {
            "requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute,
            "concurrent_requests": concurrent_requests, "tokens_per_day": tokens_per_day,
            "tokens_per_month": tokens_per_month,
        }  # fmt: skip
        limits = {kind: _number(kind, text) for kind, text in given.items() if text is not None}
        row = set_quota(session.home, session.site, of.value, name, limits, operator(), approval)
        if as_json:
            session.print_json({"scope": row.scope, "name": row.name, "limits": dict(row.limits)})
        else:
            told = _("The quota of the {of} {name} is set; it counts within seconds.", of=_OF[of.value], name=name)
            session.err.print(Text(str(told)))


def _register_remove(group: typer.Typer) -> None:
    @group.command("remove", cls=LocalisedCommand, help=str(_("Let what the site file says count again.")))
    def remove(
        context: typer.Context,
        of: Annotated[Of, typer.Argument(metavar="SCOPE", help=str(_("What the quota is of: key, tenant or model.")))],
        name: Annotated[str, typer.Argument(metavar="NAME", help=str(_("Id of a key or user, tenant, or alias.")))],
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.usage import remove_quota

        session = session_of(context)
        remove_quota(session.home, session.site, of.value, name, operator(), approval)
        if as_json:
            session.print_json({"scope": of.value, "name": name, "limits": {}})
        else:
            told = _("The quota of the {of} {name} is that of the site file now.", of=_OF[of.value], name=name)
            session.err.print(Text(str(told)))


def _limit_option(told: Message) -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option(metavar="N|none", help=str(told))


def _number(kind: str, text: str) -> int | None:
    if text == "none":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise InvalidRequest(
            _("The limit {kind} cannot be {value}.", kind=kind, value=ascii(text)),
            _("Give a whole number from 0, or none for no limit."),
            param=kind,
        )
    return int(text)


def _lasting(used: dict[str, int]) -> dict[str, int]:
    """Return what the database knows of what is used: days and months."""
    return {kind: used[kind] for kind in ("tokens_per_day", "tokens_per_month")}


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    every = row["name"] == "*"
    used = [None, None] if every else list(_lasting(row["used"]).values())
    name = _("each without one of its own") if every else row["name"]
    set_ = [
        f"{label}: {row['limits'][kind]:,}" for kind, label in _LIMITS.items() if row["limits"].get(kind) is not None
    ]
    return (_OF[row["scope"]], name, "\n".join(set_) or None, *used)
