"""One check of the doctor: what was looked at, what was found, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from appliance.core.messages import Message

State = Literal["ok", "warning", "failed", "unknown"]
_BY_GRAVITY: tuple[State, ...] = ("ok", "unknown", "warning", "failed")


@dataclass(frozen=True)
class Check:
    """`id` is stable; `remedy` is there whenever the state is `warning` or `failed`.

    `failed` means that the appliance will not run, or not safely; `warning` that it runs with less than it could;
    `unknown` that it could not be found out.
    """

    id: str
    title: Message
    state: State
    found: Message
    remedy: Message | None = None

    def to_dict(self, language: str) -> dict[str, str | None]:
        """Return id, title, state, found and remedy as texts in `language`."""
        return {
            "id": self.id,
            "title": self.title.render(language),
            "state": self.state,
            "found": self.found.render(language),
            "remedy": None if self.remedy is None else self.remedy.render(language),
        }


def worst(checks: Iterable[Check]) -> State:
    """Return the gravest state among the checks; `ok` where there are none."""
    return max((check.state for check in checks), key=_BY_GRAVITY.index, default="ok")


def plain(value: object) -> Message:
    """Return a finding that is the same in every language: a version, a path, another program's words."""
    return Message("{value}", (("value", value),))
