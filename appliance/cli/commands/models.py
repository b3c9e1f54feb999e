"""`appliance model …`: the models that are served, and the versions behind their aliases."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from appliance.cli.commands import model_import, model_scale
from appliance.cli.drawing import follow, print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import approval_option, json_option
from appliance.cli.session import Session, session_of
from appliance.cli.words import in_words
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.state.served import Variant

_SLOTS: dict[str, Message] = {"stable": _("serves"), "candidate": _("candidate"), "previous": _("before")}
_STATES: dict[str, Message] = {"ready": _("ready"), "starting": _("starting"), "stopped": _("stopped")}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="model", help=str(_("The models that the appliance serves, and their versions.")))
    for add in (_list, _show, _stage, _split, _promote, _rollback, _drop, model_import.add, model_scale.add):
        add(group)


def alias_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    """Return the argument that names a model."""
    return typer.Argument(metavar="ALIAS", help=str(_("Name that callers know the model by.")))


def questions_option() -> Any:  # noqa: ANN401
    """Return `--questions`."""
    return typer.Option("--questions", metavar="FILE", help=str(_("Golden questions instead of the site's own.")))


def no_gate_option() -> Any:  # noqa: ANN401
    """Return `--no-gate`."""
    return typer.Option("--no-gate", help=str(_("Move requests without golden questions and speed measured first.")))


def replace_option() -> Any:  # noqa: ANN401
    """Return `--replace`."""
    told = _("Stop what serves first: needs no room for two, and the model answers 503 while the other starts.")
    return typer.Option("--replace", help=str(told))


def _list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List the models.")))
    def list_models(context: typer.Context, as_json: Annotated[bool, json_option()] = False) -> None:
        session = session_of(context)
        with session.connect() as client:
            rows = client.models()
        if as_json:
            session.print_json({"models": rows})
            return
        print_table(
            session.out,
            (_("Model"), _("Kind"), _("Context"), _("Languages"), _("Package"), _("Version")),
            (
                (
                    row.get("id"), in_words(row.get("kind")), row.get("context_length"),
                    ", ".join(row.get("languages") or ()), row.get("package"), row.get("version"),
                )
                for row in rows
            ),
        )  # fmt: skip


def _show(group: typer.Typer) -> None:
    @group.command(
        "show", cls=LocalisedCommand, help=str(_("Show the versions of a model, and what was measured of each."))
    )
    def show(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.models import show as show_model

        session = session_of(context)
        found = show_model(session.home, session.site, alias)
        if as_json:
            session.print_json(found)
            return
        headings = (
            _("Slot"), _("Version"), _("State"), _("Share"), _("Since (UTC)"), _("Right"), _("TTFT"), _("Tok/s"),
        )  # fmt: skip
        print_table(session.out, headings, map(_row, found["variants"]), whole=(0, 1, 2, 4, 5, 6, 7))


def _row(variant: dict[str, Any]) -> tuple[object, ...]:
    figures = variant["figures"] or {}
    right = f"{figures['passed']}/{figures['questions']}" if figures else None
    first = f"{figures['ttft_p50_s'] * 1000:.0f} ms" if figures else None
    share = ", ".join([f"{variant['share']} %", *variant["tenants"]]) if variant["slot"] == "candidate" else None
    return (
        _SLOTS.get(variant["slot"], variant["slot"]), f"{variant['package']}:{variant['version']}",
        _STATES.get(variant["state"], variant["state"]), share, variant["since"][:16].replace("T", " "), right,
        first, figures.get("tokens_per_s"),
    )  # fmt: skip


def _stage(group: typer.Typer) -> None:
    @group.command(
        "stage",
        cls=LocalisedCommand,
        help=str(_("Start a version beside the one that serves; nobody is sent to it yet.")),
    )
    def stage(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        package: Annotated[
            str,
            typer.Argument(metavar="PACKAGE[@RELEASE]", help=str(_("Model package; by default its release in use."))),
        ],
        replace: Annotated[bool, replace_option()] = False,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import models as operation

        session = session_of(context)
        news = operation.stage(session.home, session.site, alias, package, replace=replace, approval=approval)
        _tell(session, follow(news, session.err), as_json=as_json)


def _split(group: typer.Typer) -> None:
    @group.command("split", cls=LocalisedCommand, help=str(_("Send a part of the requests to the candidate.")))
    def split(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        percent: Annotated[int, typer.Argument(metavar="PERCENT", min=0, max=100, help=str(_("Of all requests.")))],
        tenant: Annotated[
            list[str] | None,
            typer.Option(help=str(_("All requests of this tenant and of those below it; may be repeated."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import models as operation

        session = session_of(context)
        changed = operation.split(session.home, session.site, alias, percent, tenant or ())
        _tell(session, [changed], as_json=as_json)


def _promote(group: typer.Typer) -> None:
    @group.command("promote", cls=LocalisedCommand, help=str(_("Let the candidate serve everybody; no request fails.")))
    def promote(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        no_gate: Annotated[bool, no_gate_option()] = False,
        questions: Annotated[Path | None, questions_option()] = None,
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import models as operation
        from appliance.operations.model_versions import Gate

        session = session_of(context)
        news = operation.promote(session.home, session.site, alias, Gate(not no_gate, questions), approval)
        _tell(session, follow(news, session.err), as_json=as_json)


def _rollback(group: typer.Typer) -> None:
    @group.command(
        "rollback", cls=LocalisedCommand, help=str(_("Let the version before serve again; no request fails."))
    )
    def rollback(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        approval: Annotated[str, approval_option()] = "",
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import models as operation

        session = session_of(context)
        news = operation.rollback(session.home, session.site, alias, approval)
        _tell(session, follow(news, session.err), as_json=as_json)


def _drop(group: typer.Typer) -> None:
    @group.command("drop", cls=LocalisedCommand, help=str(_("Stop the candidate.")))
    def drop(
        context: typer.Context,
        alias: Annotated[str, alias_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations import models as operation

        session = session_of(context)
        (dropped,) = variants_in(follow(operation.drop(session.home, session.site, alias), session.err))
        if as_json:
            session.print_json(dropped.to_dict())
        else:
            session.err.print(Text(str(_("{version} is stopped.", version=dropped.label))))


def variants_in(results: Sequence[object]) -> "list[Variant]":
    """Return the versions among what an operation gave."""
    from appliance.state.served import Variant

    return [one for one in results if isinstance(one, Variant)]


def _tell(session: Session, results: Sequence[object], *, as_json: bool) -> None:
    """Print the version that an operation ended with, and what was measured on the way."""
    from appliance.operations.acceptance import Acceptance

    variant = variants_in(results)[-1]
    if as_json:
        measured = next((one for one in results if isinstance(one, Acceptance)), None)
        session.print_json({**variant.to_dict(), "acceptance": None if measured is None else measured.to_dict()})
        return
    session.err.print(Text(str(_told(variant))))
    declared = session.site.models[variant.alias].package
    if variant.slot == "stable" and variant.package != declared:
        told = _(
            "site.yaml names the package {declared} for {alias}: write {package} there, or the next start takes it.",
            declared=declared, alias=variant.alias, package=variant.package,
        )  # fmt: skip
        session.err.print(Text(str(told), style="yellow"))


def _told(variant: "Variant") -> Message:
    if variant.slot == "stable":
        return _("{version} serves {alias}.", version=variant.label, alias=variant.alias)
    return _(
        "{version} is the candidate of {alias}; it gets {share} % of the requests.",
        version=variant.label, alias=variant.alias, share=variant.share,
    )  # fmt: skip
