"""What the commands on calls share: how calls are selected, and the connection to those of the running appliance."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from rich.text import Text

from appliance.cli.session import Session, session_of
from appliance.core.messages import _

if TYPE_CHECKING:
    from appliance.operations.calls import CallDesk

_Result = TypeVar("_Result")


class Level(StrEnum):
    """How risky a call is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class State(StrEnum):
    """Whether a call goes on."""

    OPEN = "open"
    ENDED = "ended"
    ABANDONED = "abandoned"


def seat_option() -> Any:  # noqa: ANN401 - typer's own type is private
    """Return `--seat`, the seat's id in the call centre."""
    return typer.Option("--seat", help=str(_("Only calls of this seat.")))


def product_option() -> Any:  # noqa: ANN401
    """Return `--product`, what a call is about."""
    return typer.Option("--product", help=str(_("Only calls about this product.")))


def intent_option() -> Any:  # noqa: ANN401
    """Return `--intent`, the name of an intent."""
    return typer.Option("--intent", help=str(_("Only calls with this intent, by its name.")))


def level_option() -> Any:  # noqa: ANN401
    """Return `--level`, a risk."""
    return typer.Option("--level", help=str(_("Only calls of this risk.")))


def tag_option() -> Any:  # noqa: ANN401
    """Return `--tag`, one tag."""
    return typer.Option("--tag", help=str(_("Only calls with this tag.")))


def since_option() -> Any:  # noqa: ANN401
    """Return `--since`, the first day."""
    return typer.Option("--since", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=str(_("First day, UTC.")))


def until_option() -> Any:  # noqa: ANN401
    """Return `--until`, the last day."""
    return typer.Option("--until", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=str(_("Last day, UTC.")))


def choice_of(**given: StrEnum | datetime | str | None) -> dict[str, str | None]:
    """Return options as the API takes them."""
    return {name: value.date().isoformat() if isinstance(value, datetime) else value for name, value in given.items()}


def with_desk(context: typer.Context, act: Callable[["CallDesk"], _Result]) -> _Result:
    """Return what `act` does with the calls of the running appliance, as its admin key may."""
    from appliance.operations.calls import CallDesk

    with session_of(context).connect() as client:
        return act(CallDesk(client))


def print_lines(session: Session, *lines: Text) -> None:
    """Print each line whole, however wide the terminal is."""
    for line in lines:
        session.out.print(line, soft_wrap=True)
