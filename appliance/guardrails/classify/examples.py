"""Sentences of own writing to learn from: templates with slots, filled by a seeded choice."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Example:
    """A text, and the template it comes from: texts of one template stay on one side of a split."""

    text: str
    template: str


def load_examples(name: str, keys: Sequence[str], most: int, seed: int) -> list[Example]:
    """Return up to `most` different texts of each template under the path `keys` in the file `sentences/NAME.yaml`."""
    data = _read(name)
    chance = random.Random(seed)  # noqa: S311 - sentences, no secrets
    slots: Mapping[str, Sequence[str]] = data["slots"]
    templates: Any = data
    for key in keys:
        templates = templates[key]
    return [Example(text, template) for template in templates for text in filled(template, slots, most, chance)]


def families(name: str, keys: Sequence[str]) -> list[str]:
    """Return the names under the path `keys` in the file `sentences/NAME.yaml`, each of a list of templates."""
    found: Any = _read(name)
    for key in keys:
        found = found[key]
    return list(found)


def _read(name: str) -> Any:  # noqa: ANN401 - what the file says
    return yaml.safe_load((files(__package__) / "sentences" / f"{name}.yaml").read_text("utf-8"))


def filled(template: str, slots: Mapping[str, Sequence[str]], most: int, chance: random.Random) -> list[str]:
    """Return up to `most` different fillings of `template`; sentences start with a capital letter."""
    if not _SLOT.search(template):
        return [template]
    found: dict[str, None] = {}
    for _try in range(most * 3):
        text = _SLOT.sub(lambda slot: chance.choice(slots[slot.group(1)]), template)
        if template.startswith("{"):
            text = text[:1].upper() + text[1:]
        found[text] = None
        if len(found) == most:
            break
    return list(found)
