"""`appliance calls list | show | replay`; the rest is in `calls_supervising`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.call_options import (
    Level,
    State,
    choice_of,
    intent_option,
    level_option,
    print_lines,
    product_option,
    seat_option,
    since_option,
    tag_option,
    until_option,
    with_desk,
)
from appliance.cli.call_text import after_lines, assist_lines, facts_lines, visible
from appliance.cli.call_words import LEVEL_STYLES, clock, word
from appliance.cli.commands import calls_supervising
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.operations.calls import CallDesk

Json = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="calls", help=str(_("Calls that the scenario agent-assist accompanies.")))
    _register_list(group)
    _register_show(group)
    _register_replay(group)
    calls_supervising.register(group)


def _register_list(group: typer.Typer) -> None:
    @group.command(
        "list", cls=LocalisedCommand, help=str(_("List the calls that go on, the riskiest first, or kept ones."))
    )
    def list_(
        context: typer.Context,
        kept: Annotated[
            bool, typer.Option("--kept", help=str(_("Kept calls, newest first, whatever their state.")))
        ] = False,
        state: Annotated[State | None, typer.Option("--state", help=str(_("With --kept: only in this state.")))] = None,
        seat: Annotated[str | None, seat_option()] = None,
        product: Annotated[str | None, product_option()] = None,
        intent: Annotated[str | None, intent_option()] = None,
        level: Annotated[Level | None, level_option()] = None,
        tag: Annotated[str | None, tag_option()] = None,
        since: Annotated[datetime | None, since_option()] = None,
        until: Annotated[datetime | None, until_option()] = None,
        most: Annotated[int, typer.Option("--most", min=1, help=str(_("Show no more than this many.")))] = 50,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        choice = choice_of(seat=seat, product=product, intent=intent, level=level)
        more = choice_of(state=state, tag=tag, since=since, until=until)
        if kept or any(more.values()):
            rows = with_desk(context, lambda desk: desk.find({**choice, **more}, most))
            told: Json = {"calls": rows}
        else:
            live = with_desk(context, lambda desk: desk.live(choice, most))
            rows = live["data"]
            told = {"calls": rows, "total": live["total"], "levels": live["levels"]}
        if as_json:
            session.print_json(told)
            return
        headings = (_("Call"), _("Started (UTC)"), _("State"), _("Risk"), _("Seat"), _("Intent"))
        print_table(session.out, headings, map(_cells, rows), whole=(0, 1, 2, 3))


def _register_show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Show a call: its turns, cards, alerts and summary.")))
    def show(
        context: typer.Context,
        call_id: Annotated[str, typer.Argument(metavar="ID", help=str(_("Its id, or the call centre's own.")))],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        whole = with_desk(context, lambda desk: desk.show(call_id))
        if as_json:
            session.print_json(whole)
            return
        print_lines(session, *facts_lines(whole["call"]), Text())
        for assist in whole["turns"]:
            print_lines(session, *assist_lines(assist))
        if whole.get("after"):
            print_lines(session, Text(), *after_lines(whole["after"]))


def _register_replay(group: typer.Typer) -> None:
    @group.command(
        "replay", cls=LocalisedCommand, help=str(_("Replay a recorded call and show what a seat would see."))
    )
    def replay(
        context: typer.Context,
        sample: Annotated[
            str | None,
            typer.Argument(
                metavar="SAMPLE", help=str(_("A call that comes with the appliance; without one they are listed."))
            ),
        ] = None,
        file: Annotated[
            Path | None, typer.Option("--file", metavar="FILE", help=str(_("A recorded call, YAML or JSON.")))
        ] = None,
        speed: Annotated[
            float | None,
            typer.Option(
                "--speed",
                min=0.1,
                help=str(_("With --file: turn by turn, 1 is as it was spoken; the call is kept. At once by default.")),
            ),
        ] = None,
        keep: Annotated[bool, typer.Option("--keep", help=str(_("Keep the call, as any other.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        if sample is not None and file is not None:
            raise InvalidRequest(
                _("A sample and a file are two calls."), _("Name one of the two."), param="file", code="two_calls"
            )
        if file is not None:
            _replay_file(context, file, speed, keep=keep, as_json=as_json)
        elif sample is not None:
            told = with_desk(context, lambda desk: desk.replay_sample(sample, keep=keep))
            _print_replayed(session_of(context), told, as_json=as_json)
        else:
            _list_samples(context, as_json=as_json)


def _list_samples(context: typer.Context, *, as_json: bool) -> None:
    session = session_of(context)
    rows = with_desk(context, lambda desk: desk.samples())
    if as_json:
        session.print_json({"samples": rows})
        return
    headings = (_("Sample"), _("Title"), _("Direction"), _("Turns"), _("Duration"))
    cells = (
        (row["name"], row["title"], word("direction", row["direction"]), row["turns"], clock(row["duration_s"]))
        for row in rows
    )
    print_table(session.out, headings, cells, whole=(0, 2, 3, 4))


def _replay_file(context: typer.Context, file: Path, speed: float | None, *, keep: bool, as_json: bool) -> None:
    from appliance.operations.calls import read_recorded

    session, recorded = session_of(context), read_recorded(file)
    if speed is None:
        told = with_desk(context, lambda desk: desk.replay_at_once(recorded, keep=keep))
        _print_replayed(session, told, as_json=as_json)
        return

    def replayed(desk: "CallDesk") -> Json:
        whole: Json = {"call": None, "turns": [], "after": None}
        for step in desk.replay(recorded, speed):
            if step.kind == "assist":
                whole["turns"].append(step.data)
            else:
                whole[step.kind] = step.data
            if not as_json:
                drawn = {"call": _begun, "assist": assist_lines, "after": after_lines}[step.kind]
                print_lines(session, *drawn(step.data))
        return whole

    whole = with_desk(context, replayed)
    if as_json:
        session.print_json(whole)


def _print_replayed(session: Session, told: Json, *, as_json: bool) -> None:
    if as_json:
        session.print_json(told)
    else:
        print_lines(session, Text(visible(str(told["answer"]))))


def _begun(call: Json) -> list[Text]:
    return [Text(str(_("Call {id}", id=call["id"])), style="bold")]


def _cells(call: Json) -> tuple[object, ...]:
    level = call["risk"]["level"]
    started = str(call["started_at"])[5:16].replace("T", " ")
    return (
        call["id"], started, word("state", call["state"]), Text(word("level", level) or "", LEVEL_STYLES[level]),
        visible(call["seat"]), visible(call.get("intent_title") or call.get("intent") or "—"),
    )  # fmt: skip
