"""The YAML files of a pack and the bank's own: strict, with faults that name the file, the entry and what to do."""

import difflib
from collections.abc import Collection, Hashable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.core.units import human_bytes
from appliance.scenario.words import Words
from appliance.scenario.yaml_bounds import MOST_BYTES, check_extent

Form = TypeVar("Form", bound=BaseModel)


def refuse(file: Path, entry: str, reason: Message | str, hint: Message | None = None) -> NoReturn:
    """Raise the `ConfigError` for a fault in a file; `entry` says where, such as targets.balanced; empty: anywhere."""
    hint = hint or _("Correct it; the documentation of the scenario shows one. What was loaded before stays in use.")
    if not entry:
        raise ConfigError(_("The file {path} cannot be used: {reason}.", path=file, reason=reason), hint)
    raise ConfigError(
        _("The file {path} cannot be used: {entry}: {reason}.", path=file, entry=entry, reason=reason), hint
    )


def read_yaml(file: Path) -> dict[str, Any]:
    """Return the fields of a YAML file; an empty one has none. Raises `ConfigError`."""
    raw: Any = None
    try:
        if file.stat().st_size > MOST_BYTES:
            refuse(file, "", _("it is larger than {limit}", limit=human_bytes(MOST_BYTES)))
        text = file.read_text(encoding="utf-8-sig")
        check_extent(file, text)  # before it is built: a few lines of aliases can stand for billions of entries
        raw = yaml.load(text, Loader=_OnceLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        refuse(file, where, _("it is not YAML: {reason}", reason=getattr(error, "problem", None) or error))
    except (OSError, ValueError, RecursionError) as error:  # a date such as 2026-13-45 is a ValueError
        refuse(file, "", _("it cannot be read: {reason}", reason=error))
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        refuse(file, "", _("it must hold a mapping, `name: value` lines"))
    return {str(name): value for name, value in raw.items()}


def checked(file: Path, form: type[Form], data: object) -> Form:
    """Return what was read from a file as `form`. Raises `ConfigError` that names the first fault."""
    try:
        return form.model_validate(data)
    except ValidationError as error:
        refuse_first(file, error, known=form.model_fields)


def read_as(file: Path, form: type[Form]) -> Form:
    """Return what a YAML file holds, checked. Raises `ConfigError`."""
    return checked(file, form, read_yaml(file))


@cache
def read_words(file: Path) -> dict[str, Words]:
    """Return the texts of a file by name, read once. Raises `pydantic.ValidationError`: such files ship with us."""
    return TypeAdapter(dict[str, Words]).validate_python(read_yaml(file))


def refuse_first(
    file: Path, error: ValidationError, *, within: str = "", unwritten: int = 0, known: Collection[str] = ()
) -> NoReturn:
    """Refuse a file by pydantic's first fault.

    `within` is the entry that was checked, `unwritten` how many first steps of the place nobody wrote, `known` the
    fields on its uppermost level, of which the nearest to an unknown one is named.
    """
    fault = error.errors(include_url=False)[0]
    steps = [str(step) for step in fault["loc"][unwritten:]]
    cause = fault.get("ctx", {}).get("error")
    reason: Message | str = cause.args[0] if isinstance(cause, ValueError) and cause.args else str(fault["msg"])
    hint = None
    if fault["type"] == "extra_forbidden":
        reason = _("there is no such field")
        if len(steps) == 1 and known:
            hint = nearest(steps[-1], known) or _("Its fields are {names}.", names=", ".join(known))
    elif fault["type"] == "missing":
        reason = _("it is missing")
    refuse(file, ": ".join(part for part in (within, ".".join(steps)) if part), reason, hint)


def nearest(name: str, names: Collection[str]) -> Message | None:
    """Return a hint at the nearest known name; None: none is near."""
    near = difflib.get_close_matches(name, names, 1)
    return _("Did you mean {near}?", near=near[0]) if near else None


# In C where PyYAML has it, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _OnceLoader(_LOADER):  # type: ignore[misc]
    """Refuses a field that is given twice, of which YAML would silently drop one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key in (key for key, _value in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, str(_("{field} is given twice", field=key.value)), key.start_mark
                )
            seen.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping
