"""Figures that the writing itself needs: how many entries a group has, and both sides of the checks."""

from collections.abc import Iterator, Sequence

from .. import showing
from ..models import Analysis, Check, Dossier, Figure, Input, Place
from ..outlines.models import Outline
from .sources import Sources
from .summing import all_gaps, check_figure


def counted(analysis: Analysis, dossier: Dossier, outline: Outline) -> Analysis:
    """Return the analysis with count.<group>@<as_of> and check.<side>.<name>… figures; again it changes nothing."""
    known = {one.id for one in analysis.figures}
    sources = Sources(dossier, analysis)
    made = (*_counts(sources, outline), *_sides(dossier, sources), *_changes(sources))
    figures = [one for one in made if one.id not in known]
    return analysis.model_copy(update={"figures": (*analysis.figures, *figures)}) if figures else analysis


def _counts(sources: Sources, outline: Outline) -> Iterator[Figure]:
    dossier = sources.dossier
    groups = sorted({one.group.partition(".")[0] for one in dossier.facts if one.group})
    for group in groups:
        entries = sources.groups(group)
        firsts = [next((one for one in dossier.facts if one.group == entry), None) for entry in entries]
        places = [sources.place(one.place, one.value) for one in firsts if one is not None]
        yield _count(group, places, len(entries), sources)
    files = [Place(file=one.id, name=one.name) for one in dossier.files]
    yield _count("files", files, len(files), sources)
    for name, number in (
        ("conflicts", len(dossier.conflicts)),
        ("gaps", len(all_gaps(outline, dossier))),
        ("questions", len(dossier.questions)),
        ("warnings", len(sources.findings("warnings"))),
        ("payments", len(sources.findings("payments"))),
    ):
        yield _count(name, (), number, sources)
    checks = [one for one in dossier.checks if not one.information]
    yield _count("checks", _places(checks), len(checks), sources)
    failed = [one for one in dossier.checks if not (one.holds or one.information)]
    yield _count("checks_failed", _places(failed), len(failed), sources)


def _changes(sources: Sources) -> Iterator[Figure]:
    """Yield the change in the last year of accounts for which the formulas give none, for the tables that show it."""
    last, prior = sources.period("last"), sources.period("prior")
    for account in dict.fromkeys(one.account for one in sources.dossier.items):
        now, before = sources.item(account, last), sources.item(account, prior)
        if now is None or before is None or before.value <= 0.0 or now.currency != before.currency:
            continue
        name, change = sources.title("item", account), (now.value - before.value) / before.value
        inputs = tuple(
            Input(
                symbol=symbol,
                value=one.value,
                shown=showing.shown(one.value, one.currency, sources.language),
                place=sources.place(one.place, one.printed),
            )
            for symbol, one in ((account, now), (f"prior {account}", before))
        )
        yield Figure(
            id=f"growth.{account}@{last}",
            name="growth",
            title=sources.say("change_title", account=name),
            period=last or "",
            value=change,
            unit="share",
            shown=showing.shown(change, "share", sources.language),
            formula=sources.say("change_formula", account=name),
            inputs=inputs,
        )


def _places(checks: Sequence[Check]) -> list[Place]:
    return list(dict.fromkeys(place for one in checks for place in one.places))


def _count(name: str, places: Sequence[Place], number: int, sources: Sources) -> Figure:
    inputs = tuple(Input(symbol=place.name, value=1.0, shown="1", place=place) for place in places)
    return Figure(
        id=f"count.{name}@{sources.dossier.as_of}",
        name="count",
        title=sources.say("count_title", name=name),
        period=sources.dossier.as_of,
        value=float(number),
        unit="count",
        shown=showing.shown(float(number), "count", sources.language),
        formula=sources.say("count_formula"),
        inputs=inputs,
    )


def _sides(dossier: Dossier, sources: Sources) -> Iterator[Figure]:
    for check in dossier.checks:
        for side in ("left", "right", "difference"):
            value = float(getattr(check, side))
            yield Figure(
                id=check_figure(check, side),
                name=f"check.{side}",
                title=check.title,
                period=check.period,
                value=value,
                unit="CNY",
                shown=showing.shown(value, "CNY", sources.language),
                formula=check.title,
            )
