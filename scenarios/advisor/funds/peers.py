"""A fund's place among the products of its peer group, over the past year."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from appliance.core.errors import InvalidRequest, NotFound

from ..figures import measures
from ..figures.making import LEAST_VALUES, used
from ..figures.track import Track, track
from ..models import Source
from .shapes import PeerRank
from .subject import Subject, last_of, since, years_before

_MEASURES: Final[dict[str, tuple[Callable[[Track], float | None], float]]] = {
    "total_return": (measures.total_return, 1.0),
    "volatility": (measures.volatility, -1.0),
    "sharpe": (measures.sharpe, 1.0),
    "max_drawdown": (measures.max_drawdown, 1.0),
}
"""Measure, and whether more of it is better."""
_OF_RISK: Final = ("volatility", "max_drawdown")
_LATE: Final = timedelta(days=15)


def members(subject: Subject) -> list[str]:
    """Return the ids of the peer group, the product among them; without a group, the product alone."""
    group = subject.product.peer_group
    if not group:
        return [subject.product.id]
    return [one.id for one in subject.dataset.products.values() if one.peer_group == group]


def peer_ranks(subject: Subject) -> tuple[PeerRank, ...]:
    """Return the place by each measure; peers without values over the year, or with faults in them, do not count."""
    tracks, sources = _tracks(subject)
    mine = tracks.get(subject.product.id)
    if mine is None:
        return ()
    return tuple(_rank(subject, name, tracks, sources) for name in _MEASURES)


def _rank(subject: Subject, name: str, tracks: dict[str, Track], sources: tuple[Source, ...]) -> PeerRank:
    measure, sign = _MEASURES[name]
    flat = tracks[subject.product.id].flat
    # Among values that hardly move, rounding would decide who fluctuates less.
    values = {
        product: value
        for product, one in tracks.items()
        if (value := measure(one)) is not None and not (one.flat and name in _OF_RISK)
    }
    span = subject.texts.spans["1y"].within(subject.language)
    maker = subject.maker(f"peers.{name}", span)
    title = subject.texts.measures[name].within(subject.language)
    mine, count = values.get(subject.product.id), len(values)
    rank = worse = None
    if mine is not None:
        rank = 1 + sum(sign * value > sign * mine for value in values.values())
        worse = sum(sign * value < sign * mine for value in values.values())
    percentile = None if worse is None or count < 2 else worse / (count - 1)
    lacking = maker.note("flat") if mine is None and flat else None
    alone = lacking or (subject.note("no_peers") if count < 2 else None)
    inputs: dict[str, float | int | str] = {"measure": name, "group": subject.product.peer_group}
    return PeerRank(
        measure=name,
        title=title,
        value=maker.make(name, measure(tracks[subject.product.id]), inputs, note=lacking),
        rank=maker.make("peer_rank", rank, inputs, about=title, note=lacking, sources=sources),
        count=maker.make("peer_count", count, inputs, about=title, sources=sources),
        percentile=maker.make(
            "peer_percentile", percentile, inputs | {"worse": worse or 0, "count": count}, about=title, note=alone,
            sources=sources,
        ),
    )  # fmt: skip


def _tracks(subject: Subject) -> tuple[dict[str, Track], tuple[Source, ...]]:
    last = last_of(subject.series)
    start = years_before(last, 1)
    found, sources = {}, []
    for product in members(subject):
        try:
            series = subject.dataset.nav(product).between(None, last)
            part = since(series, start)
            if part is None or len(part) < LEAST_VALUES or last_of(part) < last - _LATE:
                continue
            found[product] = track(part, None, subject.risk_free, subject.periods)
        except (InvalidRequest, NotFound):
            continue  # its values have faults, which the list of faults names
        sources.append(used(part))
    return found, tuple(sources)
