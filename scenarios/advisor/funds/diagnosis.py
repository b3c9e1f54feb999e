"""The diagnosis of a fund (基金诊断), or of another product with daily values."""

from collections.abc import Collection
from datetime import date

from ..data.dataset import Dataset
from ..figures.making import PERIODS, fact, used
from ..models import Figure
from .fees import fees
from .history import drawdown_now, falls, moving, rolling_parts, windows
from .peers import peer_ranks
from .pictures import CHARTS, pictures
from .sentences import Writer
from .shapes import FundDiagnosis, Sentence
from .styles import industry, style
from .subject import Subject, last_of, subject
from .texts import FundTexts, fund_texts


def diagnose(
    dataset: Dataset,
    product_id: str,
    as_of: date | None = None,
    language: str = "en",
    *,
    charts: Collection[str] = CHARTS,
    texts: FundTexts | None = None,
    periods: int = PERIODS,
) -> FundDiagnosis:
    """Return what the values of a product up to `as_of` (None: the newest day of the data) say about it.

    `charts` names those to draw, () for none. Where something cannot be computed, its figure has no value and a note
    says why. Raises `NotFound` for an unknown product; `InvalidRequest` for a day ahead of the data or before the first
    value, and for values with faults, by file, row and column.
    """
    on, notes = subject(dataset, product_id, as_of, language, texts or fund_texts(), periods)
    past, deepest, below = windows(on), falls(on), drawdown_now(on)
    styles, industries = style(on), industry(on)
    by_window = moving(on)
    ranks, costs = peer_ranks(on), fees(on)
    maker = on.maker()
    first = maker.make("first_day", on.series.days[0].astype("datetime64[D]").astype(object))
    level, levels, terms = _listed(on)
    writer = Writer(on)
    sentences: tuple[Sentence, ...] = (
        *writer.of_peers(ranks), *writer.of_windows(past), *writer.of_fees(costs), *writer.of_falls(deepest, below),
        *writer.of_style(styles), *writer.of_industries(industries),
        *writer.of_terms(level, levels, terms), *writer.of_age(first, past),
    )  # fmt: skip
    sources = (used(on.series), *(used(one) for one in (on.benchmark, on.risk_free) if one is not None), *on.listed())
    return FundDiagnosis(
        product=product_id, name=on.name, kind=on.product.kind, currency=on.product.currency,
        benchmark=None if on.benchmark is None else on.benchmark.name, language=language, first_day=first,
        last_day=maker.make("last_day", last_of(on.series)), risk_level=level, level_parts=levels, terms=terms,
        windows=past, drawdown_now=below, falls=deepest, style=styles, industry=industries,
        rolling=rolling_parts(on, by_window), peer_group=on.product.peer_group, peers=ranks, fees=costs,
        sentences=tuple(sorted(sentences, key=lambda one: _ORDER.index(one.kind))), notes=notes,
        disclosure=on.texts.disclosure.within(language), sources=sources,
        charts=pictures(on, by_window, styles, industries, charts),
    )  # fmt: skip


def facts(diagnosis: FundDiagnosis) -> tuple[str, ...]:
    """Return the texts whose numbers may be said of a product: its name, figures with their titles, and sentences."""
    figures = (fact(one) for one in diagnosis.figures().values())
    return (diagnosis.name, diagnosis.product, *figures, *(one.text for one in diagnosis.sentences))


_ORDER = ("strength", "weakness", "watch", "remark")


def _listed(on: Subject) -> tuple[Figure, tuple[Figure, ...], tuple[Figure, ...]]:
    """Return the risk level that counts, the two it comes from, and term and time to redeem."""
    product = on.product
    issuer, seller = (float(level[1]) for level in (product.issuer_level, product.seller_level))
    levels = on.list_figure("issuer_level", issuer), on.list_figure("seller_level", seller)
    terms = on.list_figure("term", product.term_days), on.list_figure("redemption", product.redeem_days)
    return on.list_figure("risk_level", max(issuer, seller)), levels, terms
