"""Reads files of rules and puts the bank's own over the shipped ones; a fault names file, rule, field and fix."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pydantic import BaseModel, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _
from appliance.scenario.yaml_files import nearest, read_yaml

from .forms import KINDS, Phrases, RuleFile, RuleForm

MAX_RULES = 500


@dataclass(frozen=True)
class Placed:
    """A rule and the file that it stands in."""

    form: RuleForm
    file: Path


@dataclass(frozen=True)
class Contents:
    """The rules in force, the word lists and the cap of the score."""

    rules: tuple[Placed, ...]
    lists: Mapping[str, Phrases]
    critical_cap: float
    list_files: Mapping[str, Path]


def refuse(file: Path, where: str, reason: Message | str, hint: Message | None = None) -> NoReturn:
    """Raise the `ConfigError` for a fault at `where` (rule and field) in `file`."""
    if where:
        message = _("Rules of calls, {file}, {where}: {reason}.", file=file.name, where=where, reason=reason)
    else:
        message = _("Rules of calls, {file}: {reason}.", file=file.name, reason=reason)
    raise ConfigError(message, hint or _("Correct it in {path}; until then the rules stay as they were.", path=file))


def read(shipped: Path, own: Path | None) -> Contents:
    """Read both files; `own` may be missing. Raises `ConfigError`."""
    base, rules = _read_file(shipped)
    lists, files = dict(base.lists), dict.fromkeys(base.lists, shipped)
    off, cap = [(name, shipped) for name in base.disabled], base.critical_cap
    if own is not None and own.exists():
        more, changed = _read_file(own)
        rules |= changed
        lists |= more.lists
        files |= dict.fromkeys(more.lists, own)
        off += [(name, own) for name in more.disabled]
        cap = more.critical_cap if more.critical_cap is not None else cap
    for name, file in off:
        if name not in rules:
            refuse(file, "disabled", _("there is no rule {name}", name=name), nearest(name, rules))
    silent = {name for name, _file in off}
    in_force = tuple(rule for name, rule in rules.items() if rule.form.enabled and name not in silent)
    if len(in_force) > MAX_RULES:
        refuse(own or shipped, "rules", _("there are more than {count}", count=MAX_RULES))
    return Contents(in_force, lists, cap if cap is not None else 100.0, files)


def _read_file(file: Path) -> tuple[RuleFile, dict[str, Placed]]:
    raw = read_yaml(file)
    if not isinstance(raw.get("rules", []), list):
        refuse(file, "", _("it must hold fields such as rules: with a list under it"))
    rules: dict[str, Placed] = {}
    for number, entry in enumerate(raw.pop("rules", None) or [], 1):
        form = _rule(file, number, entry)
        if form.name in rules:
            refuse(file, form.name, _("the name stands there twice"))
        rules[form.name] = Placed(form, file)
    try:
        return RuleFile.model_validate(raw), rules
    except ValidationError as error:
        _refuse_fields(file, "", RuleFile, error)


def _rule(file: Path, number: int, entry: object) -> RuleForm:
    name = entry.get("name") if isinstance(entry, dict) else None
    where = name if isinstance(name, str) else f"rules[{number}]"
    if not isinstance(entry, dict):
        refuse(file, where, _("a rule has fields such as name: and kind:"))
    kind = entry.get("kind")
    if kind is None:
        refuse(file, where, _("the field kind is missing; it is one of {kinds}", kinds=", ".join(KINDS)))
    if not isinstance(kind, str) or kind not in KINDS:
        reason = _("there is no kind {kind}; there are {kinds}", kind=str(kind), kinds=", ".join(KINDS))
        refuse(file, f"{where}: kind", reason, nearest(str(kind), KINDS))
    try:
        return KINDS[kind].model_validate(entry)
    except ValidationError as error:
        _refuse_fields(file, where, KINDS[kind], error)


def _refuse_fields(file: Path, where: str, form: type[BaseModel], error: ValidationError) -> NoReturn:
    """Refuse by the first fault; of an unknown field the nearest known one is named."""
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    hint = None
    cause = fault.get("ctx", {}).get("error")
    reason: Message | str = cause.args[0] if isinstance(cause, ValueError) else str(fault["msg"])
    if fault["type"] == "extra_forbidden":
        reason = _("there is no such field")
        known = _fields_at(form, fault["loc"][:-1]) + ["rules"] * (form is RuleFile)
        hint = nearest(str(fault["loc"][-1]), known) or _("Its fields are {names}.", names=", ".join(known))
    elif fault["type"] == "missing":
        reason = _("it is missing")
    refuse(file, ": ".join(part for part in (where, place) if part), reason, hint)


def _fields_at(form: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    for step in place:
        field = form.model_fields.get(str(step))
        if field is None:
            continue
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
        form = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), form)
    return list(form.model_fields)
