"""Changes of single settings in the text of a site file: comments, order and everything else stay as they are."""

from collections.abc import Mapping
from typing import Any, Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from appliance.config.site import SiteConfig, parse_site
from appliance.core.errors import ConfigError
from appliance.core.messages import _

SettingPath = tuple[str, ...]
"""Names from the top of the file, as ("models", "general", "replicas")."""
Scalar = str | int | float | bool
_STEP: Final = 2
_CRLF: Final = "\r\n"


def with_settings(text: str, settings: Mapping[SettingPath, Scalar], source: str) -> tuple[str, SiteConfig]:
    """Return `text` with `settings` put in, and what it says then. `source` names the file in messages.

    Raises `ConfigError` where the text cannot be used, or is written so that the settings cannot be put in safely.
    """
    before = parse_site(text, source)
    if not settings:
        return text, before
    changed = text.replace(_CRLF, "\n")
    for path, value in settings.items():
        changed = _with_one(changed, path, value)
    _check(text, changed, settings, source)
    return changed.replace("\n", _CRLF) if _CRLF in text else changed, parse_site(changed, source)


def _check(text: str, changed: str, settings: Mapping[SettingPath, Scalar], source: str) -> None:
    """Raise unless `changed` says what `text` does but for `settings`: anchors and the like may stand in the way."""
    wanted = yaml.safe_load(text) or {}
    for path, value in settings.items():
        wanted = _with(wanted, path, value)
    try:
        found = yaml.safe_load(changed)
    except yaml.YAMLError:
        found = None
    if found != wanted:
        lines = ", ".join(f"{'.'.join(path)}: {value}" for path, value in settings.items())
        raise ConfigError(
            _("{source} is written so that its settings cannot be changed safely; nothing was changed.", source=source),
            _("Write into it: {settings}", settings=lines),
        )


def _with(section: Mapping[str, Any], path: SettingPath, value: Scalar) -> dict[str, Any]:
    """Return a changed copy: what an anchor names is one object in several places."""
    name, *rest = path
    return {**section, name: _with(section.get(name, {}), tuple(rest), value) if rest else value}


def _with_one(text: str, path: SettingPath, value: Scalar) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return _ended(text) + _block(path, value, 0)
    depth = 0
    while depth < len(path) and isinstance(node, MappingNode):
        inner = _entry(node, path[depth])
        if inner is None:
            return _added(text, node, path[depth:], value)
        node, depth = inner, depth + 1
    return text[: node.start_mark.index] + _scalar(value) + text[node.end_mark.index :]


def _entry(node: MappingNode, name: str) -> Node | None:
    return next((value for key, value in node.value if isinstance(key, ScalarNode) and key.value == name), None)


def _added(text: str, node: MappingNode, path: SettingPath, value: Scalar) -> str:
    """Put a setting at the end of a section that has it not."""
    if node.flow_style:
        flow = _scalar(value)
        for name in reversed(path[1:]):
            flow = f"{{{_scalar(name)}: {flow}}}"
        at = node.value[-1][1].end_mark.index if node.value else node.end_mark.index - 1
        return f"{text[:at]}{', ' if node.value else ''}{_scalar(path[0])}: {flow}{text[at:]}"
    end = text.find("\n", _end(node))
    at = len(text) if end < 0 else end + 1
    return _ended(text[:at]) + _block(path, value, node.start_mark.column) + text[at:]


def _end(node: Node) -> int:
    """Return where the last value inside ends: the mark of a block itself is behind comments that follow it."""
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, MappingNode) else last
    return int(node.end_mark.index)


def _block(path: SettingPath, value: Scalar, column: int) -> str:
    names = [f"{' ' * (column + depth * _STEP)}{_scalar(name)}:" for depth, name in enumerate(path)]
    return "\n".join(names) + f" {_scalar(value)}\n"


def _scalar(value: Scalar) -> str:
    written: str = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=1000)
    return written.removesuffix("\n").removesuffix("\n...")


def _ended(text: str) -> str:
    """Return the text with its last line ended."""
    return text if not text or text.endswith("\n") else f"{text}\n"
