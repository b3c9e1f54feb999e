"""`appliance calls statistics | export | recheck | settings`."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

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
from appliance.cli.call_text import visible
from appliance.cli.call_words import clock, word
from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import Message, _, one_or_many

Json = dict[str, Any]


class By(StrEnum):
    """What calls are put together by."""

    INTENT = "intent"
    PRODUCT = "product"
    SEAT = "seat"
    DAY = "day"


def register(group: typer.Typer) -> None:
    """Add the commands to the group `calls`."""
    _register_statistics(group)
    _register_export(group)
    _register_recheck(group)
    _register_settings(group)


def _register_statistics(group: typer.Typer) -> None:
    @group.command("statistics", cls=LocalisedCommand, help=str(_("Figures by intent, product, seat or day.")))
    def statistics(
        context: typer.Context,
        by: Annotated[By, typer.Option("--by", help=str(_("What calls are put together by.")))] = By.INTENT,
        seat: Annotated[str | None, seat_option()] = None,
        product: Annotated[str | None, product_option()] = None,
        intent: Annotated[str | None, intent_option()] = None,
        level: Annotated[Level | None, level_option()] = None,
        tag: Annotated[str | None, tag_option()] = None,
        since: Annotated[datetime | None, since_option()] = None,
        until: Annotated[datetime | None, until_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        choice = choice_of(seat=seat, product=product, intent=intent, level=level, tag=tag, since=since, until=until)
        told = with_desk(context, lambda desk: desk.statistics(by.value, choice))
        if as_json:
            session.print_json(told)
            return
        first = {By.INTENT: _("Intent"), By.PRODUCT: _("Product"), By.SEAT: _("Seat"), By.DAY: _("Day (UTC)")}[by]
        headings = (first, _("Calls"), _("Time"), _("Score"), _("High risk"), _("Alerts"), _("Resolved"))
        rows = [*told["groups"], {**told["total"], "title": str(_("all")), "key": None}]
        print_table(session.out, headings, map(_figures, rows), whole=(1, 2, 3, 4, 5, 6))
        if not told["complete"]:
            session.err.print(Text(str(_("There are more calls than were counted; take fewer days.")), style="yellow"))


def _register_export(group: typer.Typer) -> None:
    @group.command("export", cls=LocalisedCommand, help=str(_("Write kept calls to a CSV file for a spreadsheet.")))
    def export(
        context: typer.Context,
        file: Annotated[Path, typer.Argument(metavar="FILE", help=str(_("The file to be written.")))],
        state: Annotated[State | None, typer.Option("--state", help=str(_("Only calls in this state.")))] = None,
        seat: Annotated[str | None, seat_option()] = None,
        product: Annotated[str | None, product_option()] = None,
        intent: Annotated[str | None, intent_option()] = None,
        level: Annotated[Level | None, level_option()] = None,
        tag: Annotated[str | None, tag_option()] = None,
        since: Annotated[datetime | None, since_option()] = None,
        until: Annotated[datetime | None, until_option()] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.calls import write_table

        session = session_of(context)
        choice = choice_of(seat=seat, product=product, intent=intent, level=level)
        choice |= choice_of(state=state, tag=tag, since=since, until=until)
        rows = write_table(with_desk(context, lambda desk: desk.export(choice)), file)
        if as_json:
            session.print_json({"file": str(file), "calls": rows})
        else:
            many = _("{count} calls written to {file}.", count=rows, file=file)
            print_lines(session, Text(str(one_or_many(rows, _("1 call written to {file}.", file=file), many))))


def _register_recheck(group: typer.Typer) -> None:
    @group.command(
        "recheck", cls=LocalisedCommand, help=str(_("Run the rules again over calls that ended; show what changes."))
    )
    def recheck(
        context: typer.Context,
        rules: Annotated[
            Path | None, typer.Option("--rules", metavar="FILE", help=str(_("A draft of the bank's own rules, YAML.")))
        ] = None,
        keep: Annotated[
            bool, typer.Option("--keep", help=str(_("Keep the new judgements beside the ones that there are.")))
        ] = False,
        seat: Annotated[str | None, seat_option()] = None,
        product: Annotated[str | None, product_option()] = None,
        intent: Annotated[str | None, intent_option()] = None,
        level: Annotated[Level | None, level_option()] = None,
        tag: Annotated[str | None, tag_option()] = None,
        since: Annotated[datetime | None, since_option()] = None,
        until: Annotated[datetime | None, until_option()] = None,
        most: Annotated[int, typer.Option("--most", min=1, help=str(_("Look at no more than this many calls.")))] = 500,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.calls import read_draft

        session = session_of(context)
        draft = None if rules is None else read_draft(rules)
        choice = choice_of(seat=seat, product=product, intent=intent, level=level, tag=tag, since=since, until=until)
        told = with_desk(context, lambda desk: desk.recheck(choice, most=most, rules=draft, keep=keep))
        if as_json:
            session.print_json(told)
        else:
            _print_rechecked(session, told)


def _register_settings(group: typer.Typer) -> None:
    @group.command("settings", cls=LocalisedCommand, help=str(_("Show which YAML files are in force.")))
    def settings(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        session = session_of(context)
        told = with_desk(context, lambda desk: desk.settings())
        if as_json:
            session.print_json(told)
            return
        headings = (_("File"), _("Shipped"), _("Own"), _("Version"), _("Loaded (UTC)"), _("State"))
        print_table(session.out, headings, map(_file_cells, told["data"]), whole=(0, 3, 4))
        print_lines(session, Text(str(_("The bank's own files: {folder}", folder=told["folder"]))))
        for file in told["data"]:
            print_lines(session, *_faults(file))


def _figures(group: Json) -> tuple[object, ...]:
    resolved, score, duration = group["resolved_share"], group["average_score"], group["average_duration_s"]
    return (
        visible(group.get("title") or group["key"] or "—"), group["calls"],
        None if duration is None else clock(duration), None if score is None else f"{score:.1f}",
        f"{group['high_risk_share']:.0%}", f"{group['alerts_per_call']:.1f}",
        None if resolved is None else f"{resolved:.0%}",
    )  # fmt: skip


def _print_rechecked(session: Session, told: Json) -> None:
    checked, changed = told["checked"], told["changed"]
    summary = one_or_many(
        checked,
        _("1 call judged again; judged otherwise: {changed}.", changed=changed),
        _("{checked} calls judged again, {changed} of them otherwise.", checked=checked, changed=changed),
    )
    print_lines(session, Text(str(summary), style="bold"))
    if told["rules"]:
        headings = (_("Rule"), _("Was"), _("Is"), _("Calls"))
        rows = ((row["rule"], _rule(row["before"]), _rule(row["after"]), row["calls"]) for row in told["rules"])
        print_table(session.out, headings, rows, whole=(1, 2, 3))
    for call in told["data"]:
        print_lines(session, Text(), Text.assemble((call["call_id"], "bold"), f"  {_score_change(call)}"))
        for change in call["changes"]:
            turns = ", ".join(change["turns_after"] or change["turns_before"])
            was, now = _rule(change["before"]), _rule(change["after"])
            print_lines(session, Text(f"  {change['rule']}: {was} → {now}" + (f"  [{turns}]" if turns else "")))
    if told["next_cursor"] is not None:
        session.err.print(Text(str(_("There are more calls; look at more with --most.")), style="yellow"))


def _rule(state: str | None) -> str:
    return word("rule", state) or str(_("no such rule"))


def _score_change(call: Json) -> Message | str:
    before, after = call["score_before"], call["score_after"]
    if before is None or after is None:
        return ""
    return _("score {before} → {after}", before=f"{before:g}", after=f"{after:g}")


def _file_cells(file: Json) -> tuple[object, ...]:
    loaded = str(file["loaded_at"])[:16].replace("T", " ")
    state = Text(str(_("not in force")), "bold red") if file["fault"] else str(_("in force"))
    return file["name"], file["shipped_entries"], file["own_entries"], file["version"], loaded, state


def _faults(file: Json) -> list[Text]:
    """Return what is wrong with a file, a line a fault."""
    lines = [Text(f"{file['name']}: {warning}", "yellow") for warning in file["warnings"]]
    if file["fault"]:
        hint = f" → {file['fault']['hint']}" if file["fault"].get("hint") else ""
        lines.append(Text(f"{file['name']}: {file['fault']['message']}{hint}", "bold red"))
    return lines
