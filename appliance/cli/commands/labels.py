"""`appliance label read`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.exit_codes import ExitCode
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.labels.files import FoundLabel

_MEANINGS = {
    "Label": _("What the content is"),
    "ContentProducer": _("Code of the service that generated it"),
    "ProduceID": _("Number given by the producer"),
    "ReservedCode1": _("Protection by the producer"),
    "ContentPropagator": _("Code of the service that hands it on"),
    "PropagateID": _("Number given by the propagator"),
    "ReservedCode2": _("Protection by the propagator"),
}
_STATES = {"1": _("AI-generated"), "2": _("may be AI-generated"), "3": _("suspected to be AI-generated")}
_ROLES = {"generate": _("generates"), "propagate": _("propagates"), "unspecified": _("not told apart")}
_EXPLICIT = {
    "visible": _("visible in the file"),
    "missing": _("missing"),
    "unknown": _("cannot be told by a program: look at the file, or at the screen that shows it"),
}
_INTEGRITY = {
    "intact": _("the text is as it was labelled"),
    "changed": _("the text was changed after it was labelled"),
    "no_code": _("not known: the label holds no code for it"),
    "unchecked": _("not checked: the code is another producer's, or covers no text of this format"),
}


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="label", help=str(_("Labels of AI-generated content in files.")))
    group.callback()(_nothing)

    @group.command("read", cls=LocalisedCommand, help=str(_("Read a file's label and check it against the rules.")))
    def read(
        context: typer.Context,
        file: Annotated[
            Path, typer.Argument(metavar="FILE", help=str(_("A document, picture, page or saved answer.")))
        ],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.labels import examine_label, label_report

        session = session_of(context)
        found = examine_label(file)
        if as_json:
            session.print_json(label_report(file, found, session.language))
        else:
            _print_found(session, found)
        if not found.valid:
            raise typer.Exit(ExitCode.CHECKS_FAILED)


def _nothing() -> None:
    """Keep the group of one command a group."""


def _print_found(session: Session, found: "FoundLabel") -> None:
    from appliance.operations.labels import explicit_state

    if found.label is None:
        session.out.print(
            _verdict(False, _("The file ({format}) holds no label that can be read.", format=found.format))
        )
    elif found.valid:
        session.out.print(
            _verdict(True, _("The file ({format}) is labelled and keeps the rules.", format=found.format))
        )
    else:
        session.out.print(_verdict(False, _("The label of the file ({format}) breaks rules:", format=found.format)))
    for problem in found.problems:
        session.out.print(Text(f"  → {problem}"), soft_wrap=True)
    if found.label is not None:
        print_table(session.out, (_("Field"), _("Meaning"), _("Entry")), _rows(found))
    session.out.print(_line(_("Notice for people: {state}", state=_EXPLICIT[explicit_state(found)])), soft_wrap=True)
    if found.label is not None:
        session.out.print(_line(_("Integrity: {state}", state=_INTEGRITY[found.integrity])), soft_wrap=True)


def _rows(found: "FoundLabel") -> list[tuple[object, ...]]:
    """Return the fields by their names in the standard; the producer's code is also taken apart."""
    from appliance.operations.labels import producer_of

    rows: list[tuple[object, ...]] = []
    fields = found.label.fields() if found.label is not None else {}
    for name, value in fields.items():
        state = _STATES.get(value) if name == "Label" else None
        rows.append((name, _MEANINGS[name], f"{value}: {state}" if state is not None else value or None))
        if name == "ContentProducer" and (producer := producer_of(found)) is not None:
            rows.append(("", _("Unified social credit code"), producer.credit_code))
            rows.append(("", _("Service code"), f"{producer.service_code}: {_ROLES[producer.role]}"))
    return rows


def _verdict(good: bool, told: Message) -> Text:
    return Text.assemble(("✓ ", "green") if good else ("✗ ", "bold red"), (str(told), "bold"))


def _line(told: Message) -> Text:
    return Text(str(told))
