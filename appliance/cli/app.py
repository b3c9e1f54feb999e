"""The command tree. It is built by a function, because its help texts are in the language of one reader."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from appliance import __version__
from appliance.cli.commands import (
    advisor,
    approvals,
    audit,
    backups,
    batches,
    calibrate,
    calls,
    catalogue,
    gateway,
    keys,
    knowledge,
    labels,
    lifecycle,
    node,
    packages,
    plan,
    reports,
    reviews,
    service,
    support,
    tenants,
    usage,
    users,
)
from appliance.cli.localised import LocalisedGroup, speak_in_help
from appliance.cli.session import DEFAULT_HOME, open_session
from appliance.core.messages import _, speaking


class Language(StrEnum):
    """The languages that the appliance speaks; the same as `core.messages.LANGUAGES`."""

    EN = "en"
    ZH_CN = "zh_CN"


def build_app(language: str) -> typer.Typer:
    """Return the whole command line with its help in `language`; commands speak that of the calling context."""
    with speaking(language):
        speak_in_help()
        app = typer.Typer(
            name="appliance",
            cls=LocalisedGroup,
            help=str(_("A private large-model platform on your own machines.")),
            add_completion=False,
            no_args_is_help=True,
            pretty_exceptions_enable=False,
        )
        _add_global_options(app, language)
        lifecycle.register(app)
        service.register(app)
        node.register(app)
        gateway.register(app)
        keys.register(app)
        tenants.register(app)
        users.register(app)
        catalogue.register(app)
        knowledge.register(app)
        calls.register(app)
        advisor.register(app)
        reports.register(app)
        labels.register(app)
        audit.register(app)
        usage.register(app)
        batches.register(app)
        approvals.register(app)
        reviews.register(app)
        backups.register(app)
        support.register(app)
        packages.register(app)
        plan.register(app)
        calibrate.register(app)
    return app


def _add_global_options(app: typer.Typer, language: str) -> None:
    def show_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"appliance {__version__}")
            raise typer.Exit

    @app.callback()
    def options(
        context: typer.Context,
        home: Annotated[
            Path,
            typer.Option(
                "--home", envvar="APPLIANCE_HOME", help=str(_("The folder that holds everything of this appliance."))
            ),
        ] = Path(DEFAULT_HOME),
        chosen: Annotated[
            Language | None,
            typer.Option("--language", help=str(_("Language of help and messages; by default that of the locale."))),
        ] = None,
        _version: Annotated[
            bool,
            typer.Option("--version", callback=show_version, is_eager=True, help=str(_("Show the version and exit."))),
        ] = False,
    ) -> None:
        context.obj = open_session(home, chosen.value if chosen else language)
