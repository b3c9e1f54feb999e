"""What a conversation remembers of a turn."""

from typing import Any

from .state import Pending, State
from .understanding import Understanding


def remembered(state: State, understood: Understanding) -> State:
    """Return the state after a turn: its call, or the form that waits for an answer."""
    turns = state.turns + 1
    if understood.tool == "help":
        return state.model_copy(update={"turns": turns})
    plain = _plain(understood.arguments)
    known: dict[str, Any] = {"turns": turns}
    if "client" in plain:
        known["client"] = plain["client"]
    if "product" in plain:
        known["product"] = plain["product"]
    elif plain.get("products"):
        known["product"] = plain["products"][0]
    if understood.missing:
        pending = Pending(
            tool=understood.tool, arguments=plain, asks=understood.missing[0], choices=understood.choices[:9]
        )
        return state.model_copy(update={**known, "pending": pending})
    return state.model_copy(update={**known, "tool": understood.tool, "arguments": plain, "pending": None})


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}
