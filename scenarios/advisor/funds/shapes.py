"""The diagnosis of a fund: its parts."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ..models import Chart, Figure, Part, Source


class Window(Part):
    """The figures of a stretch of time."""

    name: str = Field(description="all, 1y, 3y, 5y or ytd.")
    title: str
    figures: dict[str, Figure] = Field(description="By name of the formula; empty where `note` says why.")
    note: str | None = None


class Fall(Part):
    """One drawdown."""

    depth: Figure
    peak: Figure
    trough: Figure
    recovery: Figure
    days: Figure


class Weight(Part):
    """How much of an index a fund moves like, and how much it reports."""

    index: str
    title: str
    regressed: Figure
    reported: Figure | None = None


class Period(Part):
    """The weights of an earlier stretch of time."""

    last_day: Figure
    r_squared: Figure
    weights: dict[str, Figure]


class Regression(Part):
    """Exposure to the indices of one kind: the newest weights, then those of the windows before."""

    kind: Literal["style", "industry"]
    weights: tuple[Weight, ...] = ()
    r_squared: Figure | None = None
    inflation: Figure | None = None
    earlier: tuple[Period, ...] = ()
    notes: tuple[str, ...] = ()


class RollingPart(Part):
    """A measure over a moving window: its newest, lowest and highest value."""

    name: str
    title: str
    window: int
    now: Figure
    lowest: Figure
    highest: Figure


class PeerRank(Part):
    """A place among the products of the same peer group, over the past year."""

    measure: str
    title: str
    value: Figure
    rank: Figure
    count: Figure
    percentile: Figure


class Cost(Part):
    """What holding an amount costs."""

    years: int
    entry: Figure
    exit: Figure
    cost: Figure


class Fees(Part):
    """Running fees, and the cost of holding."""

    amount: str = Field(description="The amount of the costs, as written.")
    total: Figure
    peers: Figure
    costs: tuple[Cost, ...]


class Sentence(Part):
    """A sentence whose numbers are those of figures."""

    kind: Literal["strength", "weakness", "watch", "remark"]
    name: str
    text: str
    figures: tuple[str, ...] = Field(description="Ids of the figures in it.")


class FundDiagnosis(Part):
    """What the past values of a product say about it."""

    product: str
    name: str
    kind: str
    currency: str
    benchmark: str | None
    language: str
    first_day: Figure
    last_day: Figure
    risk_level: Figure
    level_parts: tuple[Figure, ...] = Field(description="The issuer's level and the seller's.")
    terms: tuple[Figure, ...] = Field(description="Term and time to redeem.")
    windows: tuple[Window, ...]
    drawdown_now: Figure
    falls: tuple[Fall, ...]
    style: Regression
    industry: Regression
    rolling: tuple[RollingPart, ...]
    peer_group: str
    peers: tuple[PeerRank, ...]
    fees: Fees
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()
    disclosure: str
    sources: tuple[Source, ...]
    charts: tuple[Chart, ...] = ()

    def window(self, name: str) -> Window | None:
        """Return a window by its name."""
        return next((one for one in self.windows if one.name == name), None)

    def figures(self) -> dict[str, Figure]:
        """Return every figure by its id."""
        return {figure.id: figure for figure in _figures(self)}


def _figures(part: object) -> Iterator[Figure]:
    """Yield the figures in a part, however deep."""
    if isinstance(part, Figure):
        yield part
    elif isinstance(part, Part):
        for name in type(part).model_fields:
            yield from _figures(getattr(part, name))
    elif isinstance(part, dict):
        for one in part.values():
            yield from _figures(one)
    elif isinstance(part, tuple):
        for one in part:
            yield from _figures(one)
