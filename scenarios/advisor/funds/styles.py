"""What a fund moves like: styles, and industries as reported and by regression."""

from typing import Literal

from ..figures.exposure import WINDOW, Exposure, exposures, with_calm
from ..figures.making import Maker, used
from ..models import Series
from .shapes import Period, Regression, Weight
from .subject import Subject, last_of


def style(subject: Subject) -> Regression:
    """Return the weights of the style indices."""
    return _regression(subject, "style", subject.dataset.factors("style"), {})


def industry(subject: Subject) -> Regression:
    """Return the weights of the industry indices beside the reported ones; calm styles stand for what is not shares."""
    industries = subject.dataset.factors("industry")
    factors = with_calm(industries, subject.dataset.factors("style"))
    return _regression(subject, "industry", factors, subject.product.industries)


def _regression(
    subject: Subject, kind: Literal["style", "industry"], factors: dict[str, Series], reported: dict[str, float]
) -> Regression:
    last = last_of(subject.series)
    factors = {name: factors[name].between(None, last) for name in sorted(factors)}
    found = exposures(subject.series, factors, periods=subject.periods)
    if not found:
        return Regression(kind=kind, notes=(subject.note("no_exposure"),))
    sources = (used(subject.series), *(used(one) for one in factors.values()))
    now = found[0]
    maker = Maker(f"{subject.prefix}.{kind}", subject.language, sources)
    weights = []
    for name in sorted({*now.weights, *reported}, key=lambda name: (-now.weights.get(name, 0.0), name)):
        title = subject.texts.index(name, subject.language)
        told = reported.get(name)
        weights.append(
            Weight(
                index=name,
                title=title,
                regressed=maker.make("factor_weight", now.weights.get(name, 0.0), _inputs(now), key=name, about=title),
                reported=None
                if told is None
                else maker.make("reported_weight", told, key=name, about=title, sources=subject.listed()),
            )
        )
    notes = [subject.note("estimate")]
    if now.inflation > subject.texts.limits.inflation:
        notes.append(subject.note("collinear"))
    return Regression(
        kind=kind, weights=tuple(weights), r_squared=maker.make("factor_r_squared", now.r_squared, _inputs(now)),
        inflation=maker.make("factor_inflation", now.inflation, {"indices": len(factors)}),
        earlier=tuple(_period(subject, maker, number, one) for number, one in enumerate(found[1:], start=1)),
        notes=tuple(notes),
    )  # fmt: skip


def _period(subject: Subject, maker: Maker, number: int, one: Exposure) -> Period:
    key, day = f"earlier.{number}", one.last.astype("datetime64[D]").astype(object)
    figures = {
        name: maker.make(
            "factor_weight", weight, _inputs(one), key=f"{key}.{name}",
            about=f"{subject.texts.index(name, subject.language)}, {day}",
        )
        for name, weight in one.weights.items()
    }  # fmt: skip
    return Period(
        last_day=maker.make("last_day", day, key=key),
        r_squared=maker.make("factor_r_squared", one.r_squared, _inputs(one), key=key, about=str(day)),
        weights=figures,
    )


def _inputs(one: Exposure) -> dict[str, float | int | str]:
    return {"t_0": str(one.first), "t_T": str(one.last), "n": one.count, "window": WINDOW}
