"""What people say, from `words.yaml`: compiled once, the bank's own words added."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from appliance.core.messages import _
from appliance.scenario.yaml_files import checked, read_yaml, refuse

from .tools import ToolName

SHIPPED: Final = Path(__file__).with_name("words.yaml")
_MOST: Final = 2000  # patterns in one list of a bank
Patterns = tuple[re.Pattern[str], ...]


class Words(BaseModel):
    """The lists of `words.yaml`, as regular expressions over folded text."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    intents: dict[ToolName, dict[int, Patterns]]
    follows: Patterns
    corrections: Patterns
    client_pronouns: Patterns
    product_pronouns: Patterns
    windows: dict[str, Patterns]
    methods: dict[str, Patterns]
    scenarios: dict[str, Patterns]
    asset_classes: dict[str, Patterns]
    currencies: dict[str, Patterns]
    at_most: Patterns
    at_least: Patterns
    relative: Patterns
    each_product: Patterns
    each_issuer: Patterns
    turnover: Patterns
    level_most: Patterns
    level_least: Patterns
    level_up_to: Patterns
    level_from: Patterns
    pressing: Patterns
    asks_for_help: Patterns
    measures: dict[str, Patterns]

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Words":
        """Read the shipped words; the bank's own file, which need not exist, adds to their lists.

        Raises `ConfigError`, which names the file, the entry and what is wrong.
        """
        data = read_yaml(shipped)
        if own is None or not own.is_file():
            return checked(shipped, cls, data)
        return checked(own, cls, _added(data, read_yaml(own), own))


@cache
def shipped_words() -> Words:
    """Return the words that come with the pack, read once."""
    return Words.load()


def any_in(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    """Tell whether one of the patterns is found."""
    return any(pattern.search(text) for pattern in patterns)


def first_of(lists: Mapping[str, Patterns], text: str) -> str | None:
    """Return the key of the list whose pattern is found first in the text; of equal places the first list's."""
    places = {
        key: min((match.start() for one in patterns if (match := one.search(text))), default=-1)
        for key, patterns in lists.items()
    }
    found = [(place, number, key) for number, (key, place) in enumerate(places.items()) if place >= 0]
    return min(found)[2] if found else None


def _added(shipped: Any, own: Any, path: Path, entry: str = "") -> Any:  # noqa: ANN401 - parts of a YAML file
    if isinstance(shipped, dict) and isinstance(own, dict):
        return {
            key: _added(shipped[key], own[key], path, f"{entry}.{key}".removeprefix("."))
            if key in shipped and key in own else (own | shipped)[key]
            for key in shipped | own
        }  # fmt: skip
    if isinstance(shipped, list) and isinstance(own, list) and len(own) <= _MOST:
        return [*shipped, *own]
    reason = _("a list of up to {count} patterns, or a mapping of them, is expected here", count=_MOST)
    return refuse(path, entry, reason)
