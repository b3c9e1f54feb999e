"""`appliance gateway certificate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.clock import iso
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.operations.gateway_certificate import CallersCertificate


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="gateway", help=str(_("The gateway's address for callers.")))
    group.callback()(_nothing)

    @group.command(
        "certificate", cls=LocalisedCommand, help=str(_("Show the gateway's certificate and what callers must trust."))
    )
    def certificate(
        context: typer.Context,
        export: Annotated[
            Path | None,
            typer.Option(metavar="FILE", help=str(_("Write the authority's certificate, for callers, into a file."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.gateway_certificate import callers_certificate, export_authority

        session = session_of(context)
        found = callers_certificate(session.home, session.site)
        if export is not None:
            export_authority(found, export.absolute())
        if as_json:
            session.print_json(_as_dict(found))
        else:
            _print(session, found, export)


def _nothing() -> None:
    """Without it a group of one command would be that command."""


def _as_dict(found: "CallersCertificate") -> dict[str, object]:
    ends = found.authority_ends_at
    return {
        "url": found.url,
        "issued_by": "appliance" if found.own else "bank",
        "running": found.running,
        "certificate": {
            "subject": found.shown.subject,
            "issuer": found.shown.issuer,
            "names": list(found.shown.names),
            "sha256": found.shown.fingerprint,
            "ends_at": iso(found.shown.ends_at),
        },
        "authority": None
        if ends is None
        else {"sha256": found.authority_fingerprint, "ends_at": iso(ends), "pem": found.authority},
    }


def _print(session: Session, found: "CallersCertificate", export: Path | None) -> None:
    lines: list[tuple[Message, str]] = [
        (_("Address"), found.url),
        (_("Holds for"), ", ".join(found.shown.names)),
        (_("Issued by"), found.shown.issuer),
        (_("Good until"), iso(found.shown.ends_at)),
        (_("SHA-256"), _grouped(found.shown.fingerprint)),
    ]
    for label, value in lines:
        session.out.print(Text.assemble((f"{label}: ", "bold"), value), soft_wrap=True)
    if not found.running:
        session.err.print(Text(str(_("No gateway shows it now: it is the one on the disk."))), soft_wrap=True)
    if found.authority_ends_at is None:
        told = _("Callers must trust the authority that issued it.")
        session.out.print(Text(str(told)), soft_wrap=True)
        return
    session.out.print()
    told = _("Callers must trust this authority, good until {day}:", day=found.authority_ends_at.date())
    session.out.print(Text(str(told)), soft_wrap=True)
    session.out.print(
        Text.assemble((f"{_('SHA-256')}: ", "bold"), _grouped(found.authority_fingerprint)), soft_wrap=True
    )
    session.out.print(Text(found.authority.rstrip() if export is None else str(export.absolute())), soft_wrap=True)


def _grouped(fingerprint: str) -> str:
    """Return a fingerprint as OpenSSL writes it."""
    return ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2)).upper()
