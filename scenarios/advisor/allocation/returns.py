"""Daily returns of the assets on common trading days, in CNY; and why an asset's values cannot be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy
from numpy.typing import NDArray

from appliance.core.errors import ApplianceError, InvalidRequest
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..models import Series, Source
from .universe import Asset

Floats: TypeAlias = NDArray[numpy.float64]
LEAST_DAYS = 250
"""Trading days of values that a product needs: about a year."""
PERIODS = 252
LONGEST_GAP = 10
"""Trading days over which the last value still stands for the missing ones."""


@dataclass(frozen=True)
class Returns:
    """Returns of shape (days, assets), and the days on which they end."""

    days: NDArray[numpy.datetime64]
    values: Floats
    sources: tuple[Source, ...]


def why_unusable(dataset: Dataset, asset: Asset) -> str | None:
    """Return why an asset's values cannot be computed with; None: they can."""
    try:
        series = series_of(dataset, asset)
    except ApplianceError as error:
        return str(error.message)
    if not numpy.isfinite(series.values).all() or (series.values <= 0.0).any():
        return str(_("a value is 0, negative or no number"))
    places = numpy.searchsorted(dataset.calendar.days, series.days)
    trading = _trading_days(dataset)
    if len(series) < LEAST_DAYS or len(trading) < LEAST_DAYS or series.days[0] > trading[-LEAST_DAYS]:
        return str(
            _("{count} values, at least {least} up to {day} are needed", count=len(series), least=LEAST_DAYS,
              day=dataset.last_day)
        )  # fmt: skip
    if (numpy.diff(places) - 1 > LONGEST_GAP).any() or trading[-1] - series.days[-1] > numpy.timedelta64(20, "D"):
        return str(_("values are missing on more than {most} trading days in a row", most=LONGEST_GAP))
    return None


def series_of(dataset: Dataset, asset: Asset) -> Series:
    """Return an asset's adjusted daily values in CNY, up to the dataset's last day."""
    if asset.series is not None:
        return asset.series.between(None, dataset.last_day)
    series = dataset.nav(asset.id).between(None, dataset.last_day)
    rates = dataset.fx(series.currency)
    if rates is None:
        return series
    places = numpy.searchsorted(rates.days, series.days, side="right") - 1
    known = places >= 0
    return Series(
        series.name, series.days[known], series.values[known] * rates.values[places[known]], series.source, "CNY"
    )


def returns_of(dataset: Dataset, assets: Sequence[Asset], most: int | None) -> Returns:
    """Return the returns of the newest `most` trading days that all assets have; None: of all they have.

    Raises `InvalidRequest` where the assets have less than a year in common.
    """
    all_series = [series_of(dataset, asset) for asset in assets]
    first = max(series.days[0] for series in all_series)
    days = _trading_days(dataset)
    days = days[days >= first]
    if most is not None:
        days = days[-(most + 1) :]
    if len(days) < LEAST_DAYS:
        raise InvalidRequest(
            _("The products have {count} trading days in common; {least} are needed.",
              count=len(days), least=LEAST_DAYS),
            _("Leave out the youngest product."),
            param="products",
            code="too_little_in_common",
        )  # fmt: skip
    values = numpy.column_stack(
        [series.values[numpy.searchsorted(series.days, days, side="right") - 1] for series in all_series]
    )
    span = f"{days[0]} to {days[-1]}"
    sources = tuple(
        series.source.model_copy(update={"rows": f"{series.name}, {span}"}) for series in all_series
    )  # fmt: skip
    return Returns(days[1:], values[1:] / values[:-1] - 1.0, sources)


def risk_free(dataset: Dataset) -> float:
    """Return the newest risk-free rate a year; 0 where the bank supplies none."""
    try:
        known = dataset.rate("risk_free").between(None, dataset.last_day)
    except ApplianceError:
        return 0.0
    return float(known.values[-1]) if len(known) else 0.0


def day_of(day: numpy.datetime64) -> date:
    """Return a day of an array as a date."""
    return date.fromisoformat(str(day))


def _trading_days(dataset: Dataset) -> NDArray[numpy.datetime64]:
    days = dataset.calendar.days
    return days[days <= numpy.datetime64(dataset.last_day)]
