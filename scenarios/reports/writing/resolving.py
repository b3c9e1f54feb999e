"""References resolved: what each of them is written as, and what it rests on."""

from collections.abc import Callable
from typing import Final

from .. import showing
from ..models import Figure, Place
from ..outlines.references import Reference
from .sources import Sources, Value, each_once


def resolve(reference: Reference, sources: Sources, group: str | None = None) -> Value:
    """Return what a reference is written as; its text is None where the dossier does not have it."""
    value = _RESOLVERS[reference.form](reference, sources, group)
    if reference.size and value.text is not None:
        return Value(reference, value.text.replace("-", ""), value.number, value.figures, value.places)
    return value


def about(reference: Reference, sources: Sources) -> str:
    """Return what a missing reference is called in gaps: item:revenue@2024-12-31, figure:roe@last or field:auditor."""
    if reference.form == "fact":
        return f"field:{reference.name}"
    period = sources.period(reference.period) or reference.period or "last"
    return f"{reference.form}:{reference.name}@{period}"


def _missing(reference: Reference) -> Value:
    return Value(reference, None)


def _subject(reference: Reference, sources: Sources, group: str | None) -> Value:
    place = sources.subject_place
    return Value(reference, sources.dossier.subject, places=(place,) if place else ())


def _as_of(reference: Reference, sources: Sources, group: str | None) -> Value:
    return Value(reference, showing.day_title(sources.dossier.as_of, sources.language))


def _periods(reference: Reference, sources: Sources, group: str | None) -> Value:
    ends = reference.form == "ends"
    titles = [sources.period_title(one, end=ends) for one in sources.last_years()]
    return Value(reference, sources.joined(titles) or None)


def _period(reference: Reference, sources: Sources, group: str | None) -> Value:
    if reference.period == "flows":
        return _flow_days(reference, sources)
    day = sources.period(reference.period)
    return Value(reference, sources.period_title(day, end=reference.form == "end") if day in sources.years else None)


def _flow_days(reference: Reference, sources: Sources) -> Value:
    payments = sorted(sources.dossier.payments, key=lambda one: one.day)
    if not payments:
        return _missing(reference)
    first, last = payments[0], payments[-1]
    days = [showing.day_title(one.day, sources.language) for one in (first, last)]
    text = ("至" if sources.language.startswith("zh") else " to ").join(days)
    return Value(reference, text, places=tuple(sources.place(one.place, one.day) for one in (first, last)))


def _item(reference: Reference, sources: Sources, group: str | None) -> Value:
    found = sources.item(reference.name, sources.period(reference.period))
    if found is None:
        return _missing(reference)
    text = showing.shown(found.value, found.currency, sources.language)
    return Value(reference, text, found.value, places=(sources.place(found.place, found.printed),))


def figure_value(reference: Reference, found: Figure | None, sources: Sources) -> Value:
    """Return what a figure is written as; one that could not be computed is missing."""
    if found is None or (found.value is None and found.unit != "text"):
        return _missing(reference)
    return Value(reference, found.shown, found.value, (found.id,), each_once(sources.figure_places(found)))


def _figure(reference: Reference, sources: Sources, group: str | None) -> Value:
    return figure_value(reference, sources.figure(reference.name, reference.period), sources)


def _fact(reference: Reference, sources: Sources, group: str | None) -> Value:
    found = sources.fact(reference.name, group, reference.period)
    if found is None:
        return _missing(reference)
    return Value(reference, found.shown, found.number, places=(sources.place(found.place, found.value),))


def _series(reference: Reference, sources: Sources, group: str | None) -> Value:
    days = sources.last_years()
    of = [resolve(Reference(reference.extra, reference.name, day), sources) for day in days]
    if not of or any(one.text is None for one in of):
        return next((Value(one.reference, None) for one in of if one.text is None), _missing(reference.within))
    return _together(reference, sources, of)


def _list(reference: Reference, sources: Sources, group: str | None) -> Value:
    facts = [resolve(Reference("fact", reference.extra), sources, one) for one in sources.groups(reference.name)]
    found = [one for one in facts if one.text is not None]
    return _together(reference, sources, found) if found else _missing(Reference("fact", reference.extra))


def _together(reference: Reference, sources: Sources, of: list[Value]) -> Value:
    figures = tuple(dict.fromkeys(name for one in of for name in one.figures))
    places = each_once(place for one in of for place in one.places)
    return Value(reference, sources.joined([one.text or "" for one in of]), None, figures, places)


def _title(reference: Reference, sources: Sources, group: str | None) -> Value:
    within = resolve(reference.within, sources, group)
    text = sources.title(reference.extra, reference.name, reference.period)
    return Value(reference, text, None, within.figures, within.places)


def _party(reference: Reference, sources: Sources, group: str | None) -> Value:
    found = _figure(reference, sources, group)
    figure = sources.figure(reference.name, reference.period)
    name = sources.party(figure) if figure is not None and found.text is not None else None
    return Value(reference, name, None, found.figures, found.places)


def _kind(reference: Reference, sources: Sources, group: str | None) -> Value:
    file = next((one for one in sources.dossier.files if one.kind == reference.name), None)
    places = (Place(file=file.id, name=file.name),) if file else ()
    return Value(reference, sources.kind_title(reference.name), places=places)


def _count(reference: Reference, sources: Sources, group: str | None) -> Value:
    return figure_value(reference, sources.figure(f"count.{reference.name}", sources.dossier.as_of), sources)


def _findings(reference: Reference, sources: Sources, group: str | None) -> Value:
    """Return the titles of the findings of a severity, in the order in which they are told."""
    found = [one for one in sources.findings("all") if one.severity == reference.name]
    if not found:
        return _missing(reference)
    titles = list(dict.fromkeys(one.title for one in found))
    text = "、".join(titles) if sources.language.startswith("zh") else "; ".join(_small(one) for one in titles)
    figures = tuple(dict.fromkeys(name for one in found for name in one.figures))
    return Value(reference, text, None, figures, each_once(place for one in found for place in sources.places_of(one)))


def _small(title: str) -> str:
    """Return a title as it stands within an English sentence; names such as EBITDA stay capital."""
    first = title.partition(" ")[0]
    return title if first[1:] != first[1:].lower() or first == "Altman" else f"{title[:1].lower()}{title[1:]}"


def _plural(reference: Reference, sources: Sources, group: str | None) -> Value:
    counted = _count(reference, sources, group)
    one, _slash, several = reference.extra.partition("/")
    return Value(reference, one if counted.number == 1 else several)


_RESOLVERS: Final[dict[str, Callable[[Reference, Sources, str | None], Value]]] = {
    "subject": _subject, "as_of": _as_of, "periods": _periods, "ends": _periods, "period": _period, "end": _period,
    "item": _item, "figure": _figure, "fact": _fact, "series": _series, "list": _list, "title": _title,
    "kind": _kind, "count": _count, "plural": _plural, "party": _party, "findings": _findings,
}  # fmt: skip
