"""What a kind of rule says of a call, before it is put into words."""

from dataclasses import dataclass

from appliance.core.messages import Message

from .marks import Span
from .shapes import State

MAX_NAMED = 100
"""Turns and alerts of one rule; a call that breaks a rule more often is told so by then."""

Quote = tuple[int, Span]


@dataclass(frozen=True, slots=True)
class Moment:
    """When a call is judged: its time now, and whether it has ended."""

    ended: bool
    now_s: float


@dataclass(slots=True)
class Found:
    """What a kind of rule says of a call; turns by their number."""

    state: State
    turns: tuple[int, ...] = ()
    at_s: float | None = None
    said: tuple[Quote, ...] = ()
    value: float | None = None
    note: Message | None = None
    broken: tuple[tuple[tuple[int, ...], float], ...] = ()
    """For each alert: the turns that make it what it is, and its time."""
    due: tuple[tuple[int, ...], float] | None = None


def broken_at(turns: tuple[int, ...], at_s: float, *, key: tuple[int, ...] | None = None, **more: object) -> Found:
    """Return that a rule was broken, with one alert; `key` are its turns where they are not those of the outcome."""
    return Found("broken", turns, at_s, broken=((turns if key is None else key, at_s),), **more)  # type: ignore[arg-type]
