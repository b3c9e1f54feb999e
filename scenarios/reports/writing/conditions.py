"""Whether the conditions of an outline hold, and what they rest on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ..models import Finding, Place
from ..outlines.models import Compare, Condition
from ..outlines.references import parse
from .resolving import about, resolve
from .sources import Sources, Value, each_once

_TESTS: Final[dict[str, Callable[[float, float], bool]]] = {
    "above": lambda left, right: left > right,
    "below": lambda left, right: left < right,
    "at_least": lambda left, right: left >= right,
    "at_most": lambda left, right: left <= right,
}


@dataclass(frozen=True)
class Basis:
    """What a sentence rests on beside its own references."""

    figures: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    rests_on: tuple[str, ...] = ()


def holds(condition: Condition | None, sources: Sources, group: str | None = None) -> bool:
    """Tell whether a condition is fulfilled; a missing value fulfils none but `missing: true`."""
    if condition is None:
        return True
    if condition.all:
        return all(holds(one, sources, group) for one in condition.all)
    if condition.any:
        return any(holds(one, sources, group) for one in condition.any)
    if condition.none:
        return not any(holds(one, sources, group) for one in condition.none)
    if condition.findings is not None:
        found = _findings(condition, sources)
        return _tested(condition, float(len(found)), present=bool(found), text="", sources=sources, group=group)
    if condition.kind is not None:
        return _tested(condition, None, present=sources.has_kind(condition.kind), text="", sources=sources, group=group)
    value = _value(condition, sources, group)
    if condition.count is not None:
        number = value.number or 0.0
        return _tested(condition, number, present=number > 0, text="", sources=sources, group=group)
    return _tested(
        condition, value.number, present=value.text is not None, text=value.text or "", sources=sources, group=group
    )


def basis(condition: Condition | None, sources: Sources, group: str | None = None) -> Basis:
    """Return what a condition rests on: its figures and places, findings, and papers that are not there."""
    if condition is None:
        return Basis()
    inner = (*condition.all, *condition.any, *condition.none)
    parts = [basis(one, sources, group) for one in inner]
    if condition.findings is not None:
        found = _findings(condition, sources)
        parts.extend(Basis(one.figures, sources.places_of(one), (f"finding:{one.rule}",)) for one in found)
    elif condition.kind is not None:
        kinds = condition.kind.split("|")
        files = [one for one in sources.dossier.files if one.kind in kinds]
        places = tuple(Place(file=one.id, name=one.name) for one in files)
        parts.append(Basis(places=places, rests_on=() if files else (f"gap:kind:{condition.kind}",)))
    elif not inner:
        parts.extend(_of_values(condition, sources, group))
    return merged(parts)


def tests(condition: Condition | None) -> bool:
    """Tell whether a condition compares a value or asks for findings, so that its sentence may state what it found."""
    if condition is None:
        return False
    inner = (*condition.all, *condition.any, *condition.none)
    compared = (*(getattr(condition, name) for name in _TESTS), condition.equals, condition.contains)
    return (
        any(tests(one) for one in inner)
        or condition.findings is not None
        or any(one is not None for one in compared)
    )  # fmt: skip


def _of_values(condition: Condition, sources: Sources, group: str | None) -> Iterable[Basis]:
    value = _value(condition, sources, group)
    missing = condition.missing is True and value.text is None
    yield Basis(value.figures, value.places, (f"gap:{about(value.reference, sources)}",) if missing else ())
    for name in _TESTS:
        other = getattr(condition, name)
        if isinstance(other, str):
            other_value = resolve(parse(other), sources, group)
            yield Basis(other_value.figures, other_value.places)


def merged(parts: Iterable[Basis]) -> Basis:
    """Return several bases as one, each source once."""
    listed = list(parts)
    return Basis(
        tuple(dict.fromkeys(one for part in listed for one in part.figures)),
        each_once(one for part in listed for one in part.places),
        tuple(dict.fromkeys(one for part in listed for one in part.rests_on)),
    )


def direction(compare: Compare, sources: Sources, group: str | None) -> tuple[int | None, Basis]:
    """Return 1 for a rise, -1 for a fall, 0 for what is written alike, None for what is missing; and the basis."""
    of = resolve(parse(compare.of), sources, group)
    to = resolve(parse(compare.to), sources, group) if compare.to is not None else None
    whole = merged([Basis(one.figures, one.places) for one in (of, to) if one is not None])
    if of.number is None or (compare.to is not None and (to is None or to.number is None)):
        return None, whole
    alike = to.text == of.text if to is not None else not any(char in "123456789" for char in of.text or "")
    if alike:  # what reads alike is alike, whatever stands behind the last decimal
        return 0, whole
    change = of.number - (to.number or 0.0 if to is not None else 0.0)
    return (change > 0) - (change < 0), whole


def _value(condition: Condition, sources: Sources, group: str | None) -> Value:
    for form in ("figure", "item", "fact", "count", "period"):
        name = getattr(condition, form)
        if name is not None:
            return resolve(parse(f"{form}:{name}"), sources, group)
    raise AssertionError("a condition has one source")


def _findings(condition: Condition, sources: Sources) -> list[Finding]:
    return [
        one
        for one in sources.findings(condition.findings or "all")
        if (not condition.severity or one.severity in condition.severity) and condition.rule in (None, one.rule)
    ]


def _tested(
    condition: Condition, number: float | None, *, present: bool, text: str, sources: Sources, group: str | None
) -> bool:
    if condition.missing is not None:
        return present != condition.missing
    if condition.present is not None:
        return present == condition.present
    for name, test in _TESTS.items():
        limit = getattr(condition, name)
        if limit is None:
            continue
        other = resolve(parse(limit), sources, group).number if isinstance(limit, str) else limit
        if number is None or other is None or not test(number, other):
            return False
    if condition.equals is not None:
        same = number == condition.equals if isinstance(condition.equals, float) else text == condition.equals
        if not same:
            return False
    if condition.contains is not None and condition.contains not in text:
        return False
    compared = (*(getattr(condition, name) for name in _TESTS), condition.equals, condition.contains)
    return present if all(one is None for one in compared) else True
