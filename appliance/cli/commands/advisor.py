"""`appliance advisor suitability | fund | account | allocation | chat | notes | data`."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.text import Text

from appliance.cli.call_text import visible
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.operations.advisor import AdvisorDesk

Json = dict[str, Any]
_Result = TypeVar("_Result")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="advisor", help=str(_("Clients, funds and portfolios, by the scenario advisor.")))
    _register_suitability(group)
    _register_fund(group)
    _register_account(group)
    _register_allocation(group)
    _register_chat(group)
    _register_notes(group)
    _register_data(group)


def _day_option() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=str(_("The day to go by.")))


def _chart_option() -> Any:  # noqa: ANN401
    return typer.Option(
        "--chart", metavar="FILE", help=str(_("Write the first chart as PNG here, further ones beside it."))
    )


def _register_suitability(group: typer.Typer) -> None:
    @group.command(
        "suitability", cls=LocalisedCommand, help=str(_("Whether a client may buy a product, with the decision table."))
    )
    def suitability(
        context: typer.Context,
        client: Annotated[str, typer.Argument(metavar="CLIENT", help=str(_("Id of the client.")))],
        product: Annotated[str, typer.Argument(metavar="PRODUCT", help=str(_("Id of the product.")))],
        amount: Annotated[float, typer.Argument(metavar="AMOUNT", help=str(_("In the product's currency.")))],
        as_of: Annotated[datetime | None, _day_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        told = _with_desk(context, lambda desk: desk.suitability(client, product, amount, _iso(as_of)))
        _tell(context, told, None, as_json=as_json)


def _register_fund(group: typer.Typer) -> None:
    @group.command("fund", cls=LocalisedCommand, help=str(_("Diagnose a fund.")))
    def fund(
        context: typer.Context,
        product: Annotated[str, typer.Argument(metavar="FUND", help=str(_("Id of the fund.")))],
        window: Annotated[
            str | None, typer.Option("--window", help=str(_("Only this stretch of time: all, 1y, 3y, 5y or ytd.")))
        ] = None,
        as_of: Annotated[datetime | None, _day_option()] = None,
        chart: Annotated[Path | None, _chart_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        drawn = chart is not None
        told = _with_desk(context, lambda desk: desk.fund(product, window, _iso(as_of), charts=drawn))
        _tell(context, told, chart, as_json=as_json)


def _register_account(group: typer.Typer) -> None:
    @group.command("account", cls=LocalisedCommand, help=str(_("Diagnose a client's account.")))
    def account(
        context: typer.Context,
        client: Annotated[str, typer.Argument(metavar="CLIENT", help=str(_("Id of the client.")))],
        as_of: Annotated[datetime | None, _day_option()] = None,
        chart: Annotated[Path | None, _chart_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        drawn = chart is not None
        told = _with_desk(context, lambda desk: desk.account(client, _iso(as_of), charts=drawn))
        _tell(context, told, chart, as_json=as_json)


def _register_allocation(group: typer.Typer) -> None:
    @group.command("allocation", cls=LocalisedCommand, help=str(_("Propose an allocation within the limits.")))
    def allocation(
        context: typer.Context,
        client: Annotated[
            str | None, typer.Option("--client", help=str(_("Whose holdings, level and target.")))
        ] = None,
        product: Annotated[
            list[str] | None, typer.Option("--product", help=str(_("A product of the universe; may be repeated.")))
        ] = None,
        method: Annotated[
            str | None,
            typer.Option(
                "--method",
                help=str(_("mean_variance, risk_parity, hierarchical_risk_parity, cvar or black_litterman.")),
            ),
        ] = None,
        file: Annotated[
            Path | None, typer.Option("--file", metavar="FILE", help=str(_("A whole request, YAML or JSON.")))
        ] = None,
        chart: Annotated[Path | None, _chart_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.advisor import read_request

        request = {} if file is None else read_request(file)
        named = {"client": client, "products": product, "method": method}
        request |= {name: value for name, value in named.items() if value}
        drawn = chart is not None
        told = _with_desk(context, lambda desk: desk.allocation(request, charts=drawn))
        _tell(context, told, chart, as_json=as_json)


def _register_chat(group: typer.Typer) -> None:
    @group.command("chat", cls=LocalisedCommand, help=str(_("Ask in plain words, Chinese or English.")))
    def chat(
        context: typer.Context,
        message: Annotated[str, typer.Argument(metavar="MESSAGE", help=str(_("What to ask.")))],
        conversation: Annotated[
            str | None, typer.Option("--conversation", metavar="ID", help=str(_("The conversation to go on with.")))
        ] = None,
        chart: Annotated[Path | None, _chart_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        drawn = chart is not None
        told = _with_desk(context, lambda desk: desk.chat(message, conversation, charts=drawn))
        _tell(context, told, chart, as_json=as_json)
        if not as_json and told.get("conversation_id"):
            text = str(_("Conversation: {id}", id=told["conversation_id"]))
            session_of(context).out.print(Text(text, style="dim"), soft_wrap=True)


def _register_notes(group: typer.Typer) -> None:
    @group.command(
        "notes", cls=LocalisedCommand, help=str(_("What the bank's files say about a security or a market."))
    )
    def notes(
        context: typer.Context,
        query: Annotated[str | None, typer.Argument(metavar="QUERY", help=str(_("What to look for.")))] = None,
        security: Annotated[str | None, typer.Option("--security", help=str(_("Code or name of a security.")))] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        _tell(context, _with_desk(context, lambda desk: desk.notes(query, security)), None, as_json=as_json)


def _register_data(group: typer.Typer) -> None:
    @group.command(
        "data", cls=LocalisedCommand, help=str(_("Show which data answers, or supply a file for one of its tables."))
    )
    def data(
        context: typer.Context,
        table: Annotated[str | None, typer.Argument(metavar="TABLE", help=str(_("The table to supply.")))] = None,
        file: Annotated[
            Path | None, typer.Argument(metavar="FILE", help=str(_("CSV or Parquet; YAML for targets, house_view.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        if (table is None) != (file is None):
            raise InvalidRequest(_("A table needs its file."), _("Name both, or neither."), param="file")
        if table is not None and file is not None:
            _supply(context, table, file, as_json=as_json)
        else:
            _show_data(context, as_json=as_json)


def _supply(context: typer.Context, table: str, file: Path, *, as_json: bool) -> None:
    session = session_of(context)
    told = _with_desk(context, lambda desk: desk.supply(table, file))
    if as_json:
        session.print_json(told)
        return
    for warning in told["warnings"]:
        session.out.print(Text(visible(warning["text"]), style="yellow"), soft_wrap=True)
    missing = ", ".join(told["missing"])
    text = (
        _("{table} is taken; still missing: {names}.", table=table, names=missing)
        if missing
        else _("{table} is taken.", table=table)
    )
    session.out.print(Text(str(text)), soft_wrap=True)


def _show_data(context: typer.Context, *, as_json: bool) -> None:
    session = session_of(context)
    told = _with_desk(context, lambda desk: desk.data())
    if as_json:
        session.print_json(told)
        return
    headings = (_("Table"), _("File"), _("Rows"), _("SHA-256"))
    rows = (
        (
            one["name"],
            one["file"] or "—",
            "—" if one["rows"] is None else f"{one['rows']:,}",
            (one["sha256"] or "")[:12],
        )
        for one in told["tables"]
    )
    print_table(session.out, headings, rows, whole=(0, 2, 3))
    if told["made_up"]:
        text = str(_("The made-up sample bank answers: nobody and nothing in it exists."))
        session.out.print(Text(text, style="yellow"), soft_wrap=True)
    for line in [told["reason"] or "", *(fault["text"] for fault in told["faults"])]:
        if line:
            session.out.print(Text(visible(line), style="yellow"), soft_wrap=True)


def _with_desk(context: typer.Context, act: Callable[["AdvisorDesk"], _Result]) -> _Result:
    """Return what `act` does with the assistant of the running appliance, as its admin key may."""
    from appliance.operations.advisor import AdvisorDesk

    with session_of(context).connect() as client:
        return act(AdvisorDesk(client))


def _tell(context: typer.Context, told: Json, chart: Path | None, *, as_json: bool) -> None:
    """Print an answer, and write its charts where that is wanted."""
    from appliance.operations.advisor import without_pictures, write_charts

    session = session_of(context)
    written = write_charts(told, chart) if chart is not None else []
    if as_json:
        session.print_json({**without_pictures(told), "chart_files": [str(path) for path in written]})
        return
    session.out.print(Text(visible(str(told["answer"]))), soft_wrap=True)
    for path in written:
        session.out.print(Text(str(_("Chart: {path}", path=path)), style="cyan"), soft_wrap=True)


def _iso(day: datetime | None) -> str | None:
    return None if day is None else day.date().isoformat()
