"""`appliance package build-platform`, and what rolling the platform back says and asks."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.text import Text

from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import key_password_option, read_password
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.packages.signed.store import Release


def add_build_platform(group: typer.Typer) -> None:
    """Add the command to `appliance package`."""

    @group.command(
        "build-platform",
        cls=LocalisedCommand,
        help=str(_("Make one signed file of the whole appliance, to install it without a network.")),
    )
    def build_platform(
        context: typer.Context,
        key: Annotated[Path, typer.Option("--key", metavar="FILE", help=str(_("The secret key that signs it.")))],
        release: Annotated[int, typer.Option(help=str(_("Number that grows with each release.")))],
        output: Annotated[Path, typer.Option("--output", metavar="FILE", help=str(_("The file that is written.")))],
        accelerator: Annotated[
            str, typer.Option(metavar="cpu|gpu", help=str(_("What the machines serve on that it is for.")))
        ] = "cpu",
        wheels: Annotated[
            Path | None, typer.Option(metavar="FOLDER", help=str(_("Where fetched wheels are kept.")))
        ] = None,
        password_file: Annotated[Path | None, key_password_option()] = None,
    ) -> None:
        from appliance.operations.platform_building import build_platform as build
        from appliance.packages.signed.minisign import SecretKey

        session = session_of(context)
        if accelerator not in ("cpu", "gpu"):
            raise InvalidRequest(
                _("There is no accelerator {name}.", name=ascii(accelerator)),
                _("Write cpu or gpu."),
                param="accelerator",
            )
        secret = SecretKey.parse(key.read_text(encoding="utf-8", errors="replace"), read_password(password_file))
        kind = cast('Literal["cpu", "gpu"]', accelerator)
        (built,) = follow(
            build(
                session.home, kind, release, secret, output.absolute(), None if wheels is None else wheels.absolute()
            ),
            session.err,
        )
        for file, digest in ((built.package, built.package_sha256), (built.installer, built.installer_sha256)):
            session.out.print(Text(f"{digest}  {file.name}"), soft_wrap=True)


def database_saved_option() -> Any:  # noqa: ANN401 - typer's own type is private
    """Return the option for those who have saved a PostgreSQL database themselves."""
    told = _("The platform: the PostgreSQL database is saved (or put back) by its own tools.")
    return typer.Option("--database-saved", help=str(told))


def roll_back_platform(session: Session, *, yes: bool, database_saved: bool) -> "Release":
    """Say what going back loses, ask, and do it."""
    from appliance.operations import platform

    way = platform.way_back(session.home, session.site)
    if way.snapshot is not None:
        session.err.print(
            Text(
                str(
                    _(
                        "{then} cannot read the database of {now}. The state of {moment} is put back; what came since "
                        "is kept in the snapshots folder, but is gone from the appliance:",
                        then=way.then.manifest.title, now=way.now.manifest.title, moment=way.snapshot.created,
                    )
                )
            )
        )  # fmt: skip
        print_table(session.err, (_("Table"), _("Rows lost")), way.lost.items())
        if not yes:
            if not sys.stdin.isatty():
                raise InvalidRequest(_("This loses data, and nobody can be asked here."), _("Add --yes to go on."))
            typer.confirm(str(_("Go on?")), abort=True, err=True)
    (release,) = follow(platform.roll_back(session.home, session.site, database_saved=database_saved), session.err)
    return release
