"""`appliance review list | show | approve | edit | refuse`."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.text import Text

from appliance.cli.drawing import print_table
from appliance.cli.localised import LocalisedCommand, LocalisedGroup
from appliance.cli.options import json_option
from appliance.cli.session import Session, session_of
from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _

if TYPE_CHECKING:
    from appliance.operations.reviews import ReviewQueue


class Status(StrEnum):
    """What became of an answer; the same as `state.review_records.Status`."""

    PENDING = "pending"
    APPROVED = "approved"
    EDITED = "edited"
    REFUSED = "refused"
    EXPIRED = "expired"


_STATUSES: dict[str, Message] = {
    "pending": _("pending"),
    "approved": _("approved"),
    "edited": _("edited"),
    "refused": _("refused"),
    "expired": _("expired"),
}


_LINES: dict[str, Message] = {
    "id": _("Id"),
    "status": _("Status"),
    "tenant": _("Tenant"),
    "target": _("Target"),
    "route": _("Route"),
    "asked_by": _("Asked by"),
    "rules": _("Because of"),
    "created_at": _("Since (UTC)"),
    "decided_by": _("Decided by"),
    "decided_at": _("Decided (UTC)"),
    "reason": _("Reason"),
}
_TEXTS: dict[str, Message] = {"question": _("Question"), "answer": _("Held answer"), "edited": _("Text instead")}
_Result = TypeVar("_Result")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`, with help in the current language."""
    group = typer.Typer(cls=LocalisedGroup, no_args_is_help=True)
    app.add_typer(group, name="review", help=str(_("Answers that a policy holds until somebody has released them.")))
    _register_list(group)
    _register_show(group)
    _register_approve(group)
    _register_edit(group)
    _register_refuse(group)


def _register_list(group: typer.Typer) -> None:
    @group.command("list", cls=LocalisedCommand, help=str(_("List them, who has waited longest first.")))
    def list_(
        context: typer.Context,
        status: Annotated[Status, typer.Option(help=str(_("Only those of this status.")))] = Status.PENDING,
        everything: Annotated[bool, typer.Option("--all", help=str(_("Those of every status.")))] = False,
        most: Annotated[int, typer.Option("--most", min=1, help=str(_("Show no more than this many.")))] = 100,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        session = session_of(context)
        wanted = None if everything else status.value
        rows = _with_queue(context, lambda queue: queue.find(wanted, most))
        if as_json:
            session.print_json({"reviews": rows})
            return
        headings = (_("Id"), _("Status"), _("Since (UTC)"), _("Tenant"), _("Target"), _("Asked by"), _("Because of"))
        print_table(session.out, headings, map(_cells, rows), whole=(0, 2, 5))


def _register_show(group: typer.Typer) -> None:
    @group.command("show", cls=LocalisedCommand, help=str(_("Show one with its question and its answer.")))
    def show(
        context: typer.Context,
        review_id: Annotated[str, _id_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        row = _with_queue(context, lambda queue: queue.show(review_id))
        _print(session_of(context), row, as_json=as_json)


def _register_approve(group: typer.Typer) -> None:
    @group.command("approve", cls=LocalisedCommand, help=str(_("Let the asker have the answer.")))
    def approve(
        context: typer.Context,
        review_id: Annotated[str, _id_argument()],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        row = _with_queue(context, lambda queue: queue.approve(review_id))
        _print(session_of(context), row, as_json=as_json)


def _register_edit(group: typer.Typer) -> None:
    @group.command("edit", cls=LocalisedCommand, help=str(_("Let the asker have another text instead.")))
    def edit(
        context: typer.Context,
        review_id: Annotated[str, _id_argument()],
        text: Annotated[str | None, typer.Option(metavar="TEXT", help=str(_("The text.")))] = None,
        file: Annotated[
            Path | None, typer.Option("--file", metavar="FILE", help=str(_("A file in UTF-8 that holds the text.")))
        ] = None,
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        chosen = _text(text, file)
        row = _with_queue(context, lambda queue: queue.edit(review_id, chosen))
        _print(session_of(context), row, as_json=as_json)


def _register_refuse(group: typer.Typer) -> None:
    @group.command("refuse", cls=LocalisedCommand, help=str(_("Withhold the answer.")))
    def refuse(
        context: typer.Context,
        review_id: Annotated[str, _id_argument()],
        reason: Annotated[str, typer.Option(metavar="TEXT", help=str(_("Why; the asker reads it.")))],
        as_json: Annotated[bool, json_option()] = False,
    ) -> None:
        row = _with_queue(context, lambda queue: queue.refuse(review_id, reason))
        _print(session_of(context), row, as_json=as_json)


def _id_argument() -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Argument(metavar="ID", help=str(_("The id that `appliance review list` shows.")))


def _with_queue(context: typer.Context, act: Callable[["ReviewQueue"], _Result]) -> _Result:
    """Return what `act` does with the queue of the running appliance, as its admin key may."""
    from appliance.operations.reviews import ReviewQueue

    with session_of(context).connect() as client:
        return act(ReviewQueue(client))


def _text(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise InvalidRequest(_("The text is missing, or there are two."), _("Give --text or --file."), param="text")
    if file is None:
        return text or ""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            _("The file {path} cannot be read: {reason}.", path=file, reason=error),
            _("Check the path and its permissions."),
            param="file",
        ) from error


def _print(session: Session, row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        session.print_json(row)
        return
    told = [(label, _shown(row.get(name))) for name, label in _LINES.items() if row.get(name) is not None]
    for label, text in [*told, *_texts(row)]:
        session.out.print(Text.assemble((f"{label}: ", "bold"), text), soft_wrap=True)
    if row.get("erased"):
        session.out.print(Text(str(_("Its texts are erased.")), style="dim"), soft_wrap=True)


def _texts(row: dict[str, Any]) -> list[tuple[Message, str]]:
    return [(label, f"\n{_visible(row[name])}\n") for name, label in _TEXTS.items() if row.get(name)]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(_STATUSES.get(str(value), value))


def _visible(text: str) -> str:
    """Return a text without the characters that would move the cursor or hide what stands before them."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    since = str(row["created_at"])[:16].replace("T", " ")
    return (
        row["id"], _shown(row["status"]), since, row["tenant"], row["target"], row["asked_by"], _shown(row["rules"])
    )  # fmt: skip
