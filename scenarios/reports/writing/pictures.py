"""Charts of an outline: the values of accounts and figures, handed to the drawing part."""

from ..charts.steps import step
from ..models import Block, PictureBlock, Place
from ..outlines.models import ChartPart
from .sentences import filled
from .sources import Sources, each_once

_Point = tuple[str, float, str | None]


def picture_blocks(part: ChartPart, block_id: str, sources: Sources) -> list[Block]:
    """Return the chart; nothing where fewer than two values are there."""
    series, unit, places = _series(part, sources)
    if sum(len(points) for _title, points in series) < 2:
        return []
    from ..charts.drawing import ChartSpec, draw  # matplotlib takes a second

    caption = filled(part.caption.within(sources.language), sources)[0]
    spec = ChartSpec(id=block_id, caption=caption, kind=part.kind, series=tuple(series), unit=unit)
    picture = draw(spec, sources.language)
    return [PictureBlock(picture=picture.model_copy(update={"places": each_once((*picture.places, *places))}))]


def _series(part: ChartPart, sources: Sources) -> tuple[list[tuple[str, tuple[_Point, ...]]], str, list[Place]]:
    days = sources.last_years(part.periods)
    series: list[tuple[str, tuple[_Point, ...]]] = []
    places: list[Place] = []
    unit = ""
    for code in part.items:
        points: list[_Point] = []
        for day in days:
            item = sources.item(code, day)
            if item is not None:
                # A waterfall's steps go down where an account is a cost; its totals are the first and the last.
                value = step(code, item.value) if part.kind == "waterfall" else item.value
                points.append((sources.period_title(day, end=item.months == 0), value, None))
                places.append(sources.place(item.place, item.printed))
                unit = unit or item.currency
        if points:
            series.append((sources.title("item", code), tuple(points)))
    for name in part.figures:
        title, points = _figure_points(name, days, sources)
        figures = [sources.analysis.figure(one[2]) for one in points if one[2]]
        places.extend(place for one in figures if one is not None for place in sources.figure_places(one))
        unit = unit or next((one.unit for one in figures if one is not None), "")
        if points:
            series.append((title, tuple(points)))
    return series, unit, places


def _figure_points(name: str, days: tuple[str, ...], sources: Sources) -> tuple[str, list[_Point]]:
    family = name.removesuffix(".*")
    if family != name:
        found = [one for one in sources.family(family) if one.value is not None]
        points = [(_label(one.id, family, one.title), one.value or 0.0, one.id) for one in found]
        return sources.family_title(family), list(points)
    figures = [one for day in days if (one := sources.figure(name, day)) is not None]
    return sources.title("figure", name), [
        (sources.period_title(one.period), one.value, one.id) for one in figures if one.value is not None
    ]


def _label(figure_id: str, family: str, title: str) -> str:
    key = figure_id[len(family) + 1 :].partition("@")[0]
    return key if "-" in key else title
