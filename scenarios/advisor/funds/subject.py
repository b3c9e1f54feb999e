"""What a diagnosis is made from: the product, its values up to the day, and what they are compared with."""

from dataclasses import dataclass
from datetime import date

import numpy

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _

from ..data.dataset import Dataset
from ..figures.making import Maker, used
from ..figures.track import check_values
from ..models import Figure, Product, Series, Source
from .texts import FundTexts

RISK_FREE = "risk_free"


@dataclass(frozen=True)
class Subject:
    """One product on one day."""

    dataset: Dataset
    product: Product
    series: Series
    benchmark: Series | None
    risk_free: Series | None
    language: str
    texts: FundTexts
    periods: int

    @property
    def prefix(self) -> str:
        """What the ids of its figures begin with."""
        return f"fund.{self.product.id}"

    @property
    def name(self) -> str:
        """The product's name."""
        return self.product.name.within(self.language)

    def maker(self, key: str = "", span: str = "") -> Maker:
        """Return what makes figures of this product from its own values."""
        prefix = f"{self.prefix}.{key}" if key else self.prefix
        return Maker(prefix, self.language, (used(self.series),), span)

    def note(self, name: str) -> str:
        """Return a note."""
        return self.texts.notes[name].within(self.language)

    def listed(self) -> tuple[Source, ...]:
        """Return the source of what the list of products says."""
        digest = self.dataset.digests.get("products", "")
        return (Source(file="products", sha256=digest, table="products", rows=self.product.id),)

    def list_figure(self, name: str, value: float) -> Figure:
        """Return a figure that the list of products holds."""
        return self.maker().make(name, value, sources=self.listed())


def subject(
    dataset: Dataset, product_id: str, as_of: date | None, language: str, texts: FundTexts, periods: int
) -> tuple[Subject, tuple[str, ...]]:
    """Return what a diagnosis needs, and notes about what is missing.

    Raises `NotFound` for an unknown product, `InvalidRequest` for a day ahead of the data or before its first value.
    """
    product = dataset.product(product_id)
    if as_of is not None and as_of > dataset.last_day:
        raise InvalidRequest(
            _("The data end on {last}; there is nothing for {day} yet.", last=dataset.last_day, day=as_of),
            _("Ask for a day up to the end of the data."),
            param="as_of",
            code="day_ahead",
        )
    day = as_of or dataset.last_day
    series = dataset.nav(product_id).between(None, day)
    if not len(series):
        raise InvalidRequest(
            _("The product {id} has no value up to {day}.", id=product_id, day=day),
            _("Ask for a later day."),
            param="as_of",
            code="value_not_found",
        )
    check_values(series)
    missing = []
    benchmark = risk_free = None
    try:
        if product.benchmark:
            benchmark = dataset.benchmark(product.benchmark).between(None, day)
    except NotFound:
        missing.append(texts.notes["no_benchmark"].within(language))
    try:
        risk_free = dataset.rate(RISK_FREE).between(None, day)
    except NotFound:
        missing.append(texts.notes["no_rate"].within(language))
    made = Subject(dataset, product, series, benchmark, risk_free, language, texts, periods)
    return made, tuple(missing)


def since(series: Series, start: date) -> Series | None:
    """Return the part that begins with the last value up to `start`; None where the values begin later."""
    at = int(numpy.searchsorted(series.days, numpy.datetime64(start), side="right")) - 1
    if at < 0:
        return None
    return Series(series.name, series.days[at:], series.values[at:], series.source, series.currency)


def years_before(day: date, years: int) -> date:
    """Return the same day some years earlier; 29 February becomes the 28th."""
    last = 28 if day.month == 2 and day.day == 29 else day.day
    return date(day.year - years, day.month, last)


def last_of(series: Series) -> date:
    """Return the day of the last value."""
    day: date = series.days[-1].astype("datetime64[D]").astype(object)
    return day
