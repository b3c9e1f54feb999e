"""How large a YAML file may be, and what it may become: a few lines of aliases can stand for billions of entries."""

from pathlib import Path
from typing import Any, Final

import yaml

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.units import MIB, human_bytes

MOST_BYTES: Final = 2 * MIB
MOST_NODES: Final = 200_000
"""Texts, lists and maps, each as often as aliases repeat it. A text of 2 MiB without aliases has about as many."""
MOST_DEEP: Final = 20

# In C where PyYAML has it, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_yaml(path: Path) -> None:
    """Raise `ConfigError` for a file that is too large, cannot be read, or repeats or nests too much by aliases."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(path, str(error)) from error
    if len(content) > MOST_BYTES:
        raise unusable(path, _("it is larger than {limit}", limit=human_bytes(MOST_BYTES)))
    try:
        check_extent(path, text)
    except yaml.YAMLError as error:
        raise unusable(path, " ".join(str(error).split())) from error


def unusable(path: Path, reason: Message | str) -> ConfigError:
    """Return the error for a file that cannot be used at all."""
    return ConfigError(
        _("The file {path} cannot be used: {reason}.", path=path, reason=reason),
        _("Correct it; what was in force before stays in force."),
    )


def check_extent(path: Path, text: str) -> None:
    """Raise `ConfigError` for a text that repeats or nests too much by aliases, and what YAML raises for its faults."""
    sizes: dict[str, int] = {}  # nodes that each anchor stands for
    open_ones: list[tuple[str | None, int]] = []  # anchor, and the nodes before it
    nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise unusable(path, _("the alias {name} stands for what holds it, or for nothing", name=event.anchor))
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_ones.append((event.anchor, nodes))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_ones.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if nodes > MOST_NODES:
            raise unusable(path, _("it has more than {limit} entries, counting what aliases repeat", limit=MOST_NODES))
        if len(open_ones) > MOST_DEEP:
            raise unusable(path, _("it is nested more than {limit} levels deep", limit=MOST_DEEP))
