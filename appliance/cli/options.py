"""Options that several commands share; functions, because their help is in the language of the moment."""

from pathlib import Path
from typing import Any

import typer

from appliance.core.files import unreadable
from appliance.core.messages import Message, _

_DAY = ["%Y-%m-%d"]


def kb_option() -> Any:  # noqa: ANN401 - typer's own type is private
    """Return `--kb`, the name of a knowledge base."""
    return typer.Option("--kb", help=str(_("Name of the knowledge base, if not the only one.")))


def json_option() -> Any:  # noqa: ANN401
    """Return `--json`."""
    return typer.Option("--json", help=str(_("Print JSON.")))


def _day_option(name: str, told: Message) -> Any:  # noqa: ANN401
    return typer.Option(name, formats=_DAY, metavar="YYYY-MM-DD", help=str(told))


def as_of_option() -> Any:  # noqa: ANN401
    """Return `--as-of`, the day whose versions of documents count."""
    return _day_option("--as-of", _("Day whose document versions count; today by default."))


def effective_option() -> Any:  # noqa: ANN401
    """Return `--effective`."""
    return _day_option("--effective", _("First day on which the newest version holds."))


def expires_option() -> Any:  # noqa: ANN401
    """Return `--expires`."""
    return _day_option("--expires", _("Last day on which the newest version holds."))


def department_option() -> Any:  # noqa: ANN401
    """Return `--department`, what is told of a document."""
    return typer.Option("--department", help=str(_("Department that answers for it.")))


def access_option() -> Any:  # noqa: ANN401
    """Return `--access`, a document's access list."""
    return typer.Option("--access", help=str(_("Who may read it: tenant:…, role:… or key:…; may be repeated.")))


def document_argument() -> Any:  # noqa: ANN401
    """Return the argument that names a document."""
    return typer.Argument(metavar="DOCUMENT", help=str(_("File name or id.")))


def base_argument() -> Any:  # noqa: ANN401
    """Return the argument that names a knowledge base."""
    return typer.Argument(metavar="KB", help=str(_("Name of the knowledge base.")))


def node_argument() -> Any:  # noqa: ANN401
    """Return the argument that names a node."""
    return typer.Argument(metavar="NAME", help=str(_("Name or id of the node, as `appliance node list` shows it.")))


def approval_option() -> Any:  # noqa: ANN401
    """Return `--approval`, the ticket of a second person."""
    return typer.Option("--approval", metavar="ID", help=str(_("The second person's approval, where one is needed.")))


def key_password_option() -> Any:  # noqa: ANN401
    """Return `--password-file` of a secret key that is there."""
    return typer.Option("--password-file", metavar="FILE", help=str(_("File with the secret key's password.")))


def new_key_password_option() -> Any:  # noqa: ANN401
    """Return `--password-file` of a secret key that is made."""
    return typer.Option("--password-file", metavar="FILE", help=str(_("File with a password for the secret key.")))


def read_password(file: Path | None) -> str | None:
    """Return what a file named with `--password-file` holds, without the end of its line. Raises `InvalidRequest`."""
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise unreadable(file, error) from error
