"""`appliance up | down | status | doctor | tui`."""

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import first_words, follow, plain_table, print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand
from appliance.cli.session import Session, session_of
from appliance.cli.words import in_words
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes, human_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appliance.core.progress import Progress
    from appliance.core.status import ApplianceStatus
    from appliance.operations.doctor import Check
    from appliance.operations.nodes.joining import Joined
    from appliance.operations.tour import Tour, TourRow


_ASKED_CELLS = 60
_ANSWER_CELLS = 60
_BROWSER_PORT = 8000
_FIRST_LINES, _LAST_LINES = 15, 20  # a replayed call ends with its summary


class Theme(StrEnum):
    """The colours that the terminal has."""

    DARK = "dark"
    LIGHT = "light"
    HIGH_CONTRAST = "high-contrast"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    _register_up(app)
    _register_down(app)
    _register_status(app)
    _register_doctor(app)
    _register_tui(app)


def _register_up(app: typer.Typer) -> None:
    @app.command("up", cls=LocalisedCommand, help=str(_("Start the appliance and ask each endpoint one question.")))
    def up(
        context: typer.Context,
        answers: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help=str(_("Install as a file of answers says, then start; asks nothing."))),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        from appliance.operations.setup.answers import read_answers
        from appliance.operations.setup.running import set_up
        from appliance.operations.up import bring_up

        session = session_of(context)
        starting: Iterator[Progress | Tour | Joined] = (
            bring_up(session.home, session.site)
            if answers is None
            else set_up(session.home, read_answers(answers), file=answers)
        )
        results: list[Tour | Joined] = follow(starting, session.err)
        for result in results:
            _print_result(session, result, as_json=as_json)


def _print_result(session: Session, result: "Tour | Joined", *, as_json: bool) -> None:
    from appliance.cli.commands.node_join import print_joined
    from appliance.operations.nodes.joining import Joined

    if isinstance(result, Joined):
        print_joined(session, result, as_json=as_json)
        return
    if as_json:
        session.print_json(_tour_as_dict(result))
    else:
        _print_tour(session, result)
    if not all(row.ok for row in result.rows):
        raise typer.Exit(ExitCode.START_FAILED)


def _register_down(app: typer.Typer) -> None:
    @app.command("down", cls=LocalisedCommand, help=str(_("Stop everything that `up` started, and nothing else.")))
    def down(context: typer.Context) -> None:
        from appliance.operations.down import take_down

        session = session_of(context)
        follow(take_down(session.home), session.err)


def _register_status(app: typer.Typer) -> None:
    @app.command("status", cls=LocalisedCommand, help=str(_("Show machines, models and scenarios.")))
    def status(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
    ) -> None:
        session = session_of(context)
        with session.connect() as client:
            now = client.status()
        if client.elsewhere:
            told = _("This machine's gateway does not answer; {url} did.", url=client.url)
            session.err.print(Text(str(told)), soft_wrap=True)
        if as_json:
            session.print_json(now.model_dump(mode="json"))
            return
        _print_status(session, now)
        _print_restarts(session)


def _register_doctor(app: typer.Typer) -> None:
    @app.command("doctor", cls=LocalisedCommand, help=str(_("Check this machine and say what to do about each fault.")))
    def doctor(
        context: typer.Context,
        as_json: Annotated[bool, typer.Option("--json", help=str(_("Print JSON.")))] = False,
        record: Annotated[
            Path | None,
            typer.Option(
                metavar="FILE",
                help=str(
                    _("Write what this machine is, and what the vendors' tools say of its cards, and check nothing.")
                ),
            ),
        ] = None,
    ) -> None:
        session = session_of(context)
        if record is not None:
            from appliance.operations.doctor.record import write_record

            write_record(record.absolute())
            session.err.print(Text(str(_("This machine is recorded in {file}.", file=record))), soft_wrap=True)
            return
        from appliance.operations.doctor import examine

        checks = []
        for check in examine(session.home):
            checks.append(check)
            if not as_json:
                _print_check(session, check)
        failed = any(check.state == "failed" for check in checks)
        if as_json:
            session.print_json({"ok": not failed, "checks": [check.to_dict(session.language) for check in checks]})
        if failed:
            raise typer.Exit(ExitCode.CHECKS_FAILED)


def _register_tui(app: typer.Typer) -> None:
    @app.command(
        "tui", cls=LocalisedCommand, help=str(_("Open the full-screen terminal: the first start, then the appliance."))
    )
    def tui(
        context: typer.Context,
        url: Annotated[str | None, typer.Option(help=str(_("Another appliance's address.")))] = None,
        key: Annotated[
            str | None, typer.Option(help=str(_("The key to use; by default the administrator's of this machine.")))
        ] = None,
        key_file: Annotated[Path | None, typer.Option(help=str(_("A file that holds the key to use.")))] = None,
        ca: Annotated[
            Path | None,
            typer.Option(help=str(_("With --url: authorities (PEM) for its certificate; by default the system's."))),
        ] = None,
        theme: Annotated[
            Theme | None, typer.Option("--theme", help=str(_("Colours; by default those chosen last.")))
        ] = None,
        serve: Annotated[bool, typer.Option("--serve", help=str(_("Show it in a browser of this machine.")))] = False,
        port: Annotated[
            int, typer.Option(min=1, max=65535, help=str(_("With --serve: the port at 127.0.0.1.")))
        ] = _BROWSER_PORT,
    ) -> None:
        session = session_of(context)
        command = [sys.executable, "-m", "appliance.tui", "--language", session.language]
        environment = dict(os.environ)
        if url is not None:
            _check_trust(url, ca)
            command += [] if ca is None else ["--ca", str(ca)]
        colours = [] if theme is None else ["--theme", theme.value]
        command += colours
        given = [] if key_file is None else ["--key-file", str(key_file.absolute())]
        if key and not given:
            environment["APPLIANCE_TUI_KEY"] = key  # an argument would be in every list of processes
        own_key = not given and not key
        if url is None:
            command += _beside(session, given, own_key)
        elif own_key:
            raise InvalidRequest(
                _("Another appliance takes no key of this machine."), _("Give one with --key or --key-file.")
            )
        else:
            command += ["--url", url, *given]
        if serve:
            anew = url is None and own_key
            _serve(session, [*_anew(session), *colours] if anew else command, environment, port)
            return
        os.execve(sys.executable, command, environment)  # noqa: S606 - this interpreter, no shell


def _serve(session: Session, command: list[str], environment: dict[str, str], port: int) -> None:
    from appliance.operations.browser.serving import serve_terminal

    def tell(message: Message) -> None:
        session.out.print(Text(str(message)), soft_wrap=True)

    serve_terminal(command, environment, port, session.language, tell)


def _anew(session: Session) -> list[str]:
    """Return the command by which each connection finds the appliance of this machine as it is then."""
    home = str(session.home.root)
    return [sys.executable, "-m", "appliance.cli.main", "--home", home, "--language", session.language, "tui"]


def _check_trust(url: str, authority: Path | None) -> None:
    """Say here, not on a full screen, that a file of authorities cannot be used. Raises `ConfigError`."""
    if authority is not None:
        from appliance.operations.gateway_trust import trust_elsewhere

        trust_elsewhere(url, authority)


def _beside(session: Session, given: list[str], own_key: bool) -> list[str]:
    """Return the terminal's options for the appliance of this machine; on a bare home it begins with the first start.

    With `own_key` it takes the administrator's key of this machine, else that of `given` or of the environment.
    Raises `NotRunning`, and `ConfigError` on a node.
    """
    from appliance.operations.client import read_admin_key
    from appliance.operations.gateway_trust import trust_of
    from appliance.operations.gateways import first_healthy, gateway_urls
    from appliance.operations.setup.standing import begins_here

    if begins_here(session.home, session.site):
        return ["--home", str(session.home.root), "--first-start"]
    if own_key:
        read_admin_key(session.home)  # say here, not on a full screen, that it cannot be read
        given = ["--key-file", str(session.home.admin_key_file)]
    address = first_healthy(gateway_urls(session.home, session.site), trust_of(session.home, session.site))
    return ["--url", address, *given, "--home", str(session.home.root)]


def _print_check(session: Session, check: "Check") -> None:
    mark, style = {"ok": ("✓", "green"), "failed": ("✗", "bold red")}.get(check.state, ("!", "yellow"))
    session.out.print(
        Text.assemble((f"{mark} ", style), (str(check.title), "bold"), f"  {check.found}"), soft_wrap=True
    )
    if check.remedy is not None:
        session.out.print(Text(f"  → {check.remedy}"), soft_wrap=True)


def _tour_as_dict(tour: "Tour") -> dict[str, object]:
    rows = [
        {
            "endpoint": row.endpoint,
            "asked": row.asked,
            "answer": row.answer,
            "sources": list(row.sources),
            "seconds": row.seconds,
            "ok": row.ok,
        }
        for row in tour.rows
    ]
    return {"rows": rows, "address": tour.address, "admin_key_file": str(tour.admin_key_file)}


def _print_tour(session: Session, tour: "Tour") -> None:
    table = plain_table((_("Endpoint"), _("Asked, answered, sources"), _("Time")))
    table.columns[0].no_wrap = True
    for row in tour.rows:
        sources = ", ".join(dict.fromkeys(row.sources))
        told = row.answer.lstrip().partition("\n")[0] if row.is_long else row.answer
        answer = first_words(told, _ANSWER_CELLS) if row.ok else row.answer
        lines = [(first_words(row.asked, _ASKED_CELLS), "dim"), (answer, "" if row.ok else "red"), (sources, "cyan")]
        table.add_row(
            Text.assemble(("✓ ", "green") if row.ok else ("✗ ", "bold red"), row.endpoint),
            Text("\n").join(Text(text, style) for text, style in lines if text),
            human_seconds(row.seconds),
        )
    session.out.print(table)
    for row in tour.rows:
        if row.is_long:
            _print_long_answer(session, row)
    session.out.print()
    session.out.print(Text(str(_("Address: {url}", url=tour.address))), soft_wrap=True)
    session.out.print(Text(str(_("Admin key: {path}", path=tour.admin_key_file))), soft_wrap=True)
    session.out.print(Text(str(_("Try next:"))))
    question = _("What is the overdraft interest rate?")
    for command in (f'ask "{question}"', "status", "tui"):
        session.out.print(Text(f"  {program_name()} {command}", style="bold cyan"), soft_wrap=True)


def _print_long_answer(session: Session, row: "TourRow") -> None:
    """Print the beginning and the end of an answer that is a text, below the table."""
    lines = row.answer.rstrip().split("\n")
    session.out.print()
    session.out.print(Text(f"{row.endpoint}: {first_words(row.asked, _ASKED_CELLS)}", style="bold"), soft_wrap=True)
    left = len(lines) - _FIRST_LINES - _LAST_LINES
    if left > 0:
        more = str(_("… {count} more lines …", count=left))
        lines = [*lines[:_FIRST_LINES], more, *lines[-_LAST_LINES:]]
    for number, line in enumerate(lines):
        style = "dim" if left > 0 and number == _FIRST_LINES else ""
        session.out.print(Text(f"  {line}", style=style), soft_wrap=True)


def program_name() -> str:
    """Return how this command is started from here: its plain name only where that is on the path."""
    started = Path(sys.argv[0])
    found = shutil.which(started.name)
    return started.name if found and Path(found).resolve() == started.resolve() else str(started)


def _print_status(session: Session, now: "ApplianceStatus") -> None:
    session.out.print(
        Text(str(_("Version {version}, up {time}", version=now.version, time=human_seconds(now.uptime_s))))
    )
    session.out.print()
    print_table(
        session.out,
        (_("Machine"), _("State"), _("Processor"), _("Memory"), _("Disk"), _("Accelerators")),
        (
            (
                node.address if node.name is None else f"{node.name}\n{node.address}",
                in_words(node.standing if node.standing in ("cordoned", "draining") else node.state),
                node.cpu_model,
                _used(node.memory_used_bytes, node.memory_total_bytes),
                _used(node.disk_used_bytes, node.disk_total_bytes),
                "\n".join(f"{a.index}: {a.name}" for a in node.accelerators) or None,
            )
            for node in now.nodes
        ),
    )
    session.out.print()
    print_table(
        session.out,
        (_("Application"), _("Kind"), _("State"), _("Replicas"), _("Requests"), _("Errors"), _("First token, median")),
        (
            (
                application.name,
                in_words(application.kind),
                in_words(application.state),
                f"{application.replicas_running}/{application.replicas_target}",
                application.traffic.requests_total,
                application.traffic.errors_total,
                None if application.traffic.ttft_p50_s is None else human_seconds(application.traffic.ttft_p50_s),
            )
            for application in now.applications
        ),
    )
    for application in now.applications:
        if application.message:
            session.out.print(Text(f"{application.name}: {application.message}", style="yellow"))


def _print_restarts(session: Session) -> None:
    """Tell what this node's supervisor had to start again; where all is well, nothing."""
    from appliance.operations.doctor.supervision import check_supervision

    for check in check_supervision(session.home):
        if check.state != "ok":
            session.out.print(Text(f"{check.title}: {check.found}", style="yellow"), soft_wrap=True)


def _used(used: int | None, total: int | None) -> str | None:
    return None if used is None or total is None else f"{human_bytes(used)} / {human_bytes(total)}"
