"""`appliance support-bundle`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes

if TYPE_CHECKING:
    from appliance.operations.support_bundle import Bundle, Part

_REMOVED: dict[str, Message] = {
    "secret": _("secrets of this home"),
    "token": _("keys and tokens"),
    "password": _("passwords"),
    "pem": _("key files"),
    "words": _("words of users and models"),
    "personal": _("personal data"),
    "line": _("lines that are too long"),
}


def register(app: typer.Typer) -> None:
    """Add the command to `app`, with help in the current language."""

    @app.command(
        "support-bundle",
        cls=LocalisedCommand,
        help=str(_("Collect what a vendor needs to help, without secrets and personal data; show it, then write it.")),
    )
    def support_bundle(
        context: typer.Context,
        output: Annotated[
            Path | None, typer.Option(metavar="FILE", help=str(_("Where to; by default a dated name in this folder.")))
        ] = None,
        yes: Annotated[bool, typer.Option("--yes", help=str(_("Do not ask.")))] = False,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.support_bundle import check_output, collect, write_bundle

        session = session_of(context)
        if not yes and not sys.stdin.isatty():
            raise InvalidRequest(
                _("The content of the bundle is shown and asked about, and nobody is here to answer."),
                _("Run it in a terminal, or add --yes."),
            )
        file = (output or Path(f"appliance-support-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz")).absolute()
        check_output(file)  # before the minutes that the rest takes
        (bundle,) = follow(collect(session.home), session.err)
        if not as_json or not yes:
            _print_content(session, bundle, to_err=as_json)
        if not yes:
            typer.confirm(str(_("Write this to {file}?", file=file)), abort=True, err=True)
        write_bundle(bundle, file)
        if as_json:
            session.print_json({"file": str(file), **bundle.manifest()})
        else:
            told = _("{file} is written. Read it before you send it: tar -xzf shows everything.", file=file)
            session.err.print(Text(str(told)), soft_wrap=True)


def _print_content(session: Session, bundle: "Bundle", *, to_err: bool) -> None:
    console = session.err if to_err else session.out
    print_table(
        console,
        (_("File"), _("Size"), _("Removed")),
        ((part.name, human_bytes(len(part.content)), _told(part)) for part in bundle.parts),
        whole=(0, 1),
    )
    for one in bundle.missing:
        console.print(Text(str(_("Not in it: {name}: {reason}", name=one.name, reason=one.reason))), soft_wrap=True)


def _told(part: "Part") -> str | None:
    counts = [f"{_REMOVED.get(kind, kind)}: {count}" for kind, count in part.removed.items()]
    if part.left_out_bytes:
        counts.append(str(_("the first {size} left out", size=human_bytes(part.left_out_bytes))))
    return "\n".join(counts) or None
