"""The figures of all tables of a folder that are known by their columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.scenario.yaml_files import read_words

from ..flows.rules import book_in_force
from ..models import Analysis, Fact, Figure, Gap, Language, Payment, Place, Reading
from .cases import case_figures, main_currency
from .funds import value_figures
from .holdings import holding_figures
from .making import WORDS, Maker
from .markets import market_figures
from .tables import read_rows, table_specs


@dataclass(frozen=True)
class DataReading:
    """Figures, the cells that should hold a value and do not, and what is said of these, by file."""

    analysis: Analysis
    unread: tuple[Place, ...]
    gaps: tuple[Gap, ...] = ()


def analyse(
    readings: Sequence[Reading],
    as_of: str,
    language: Language,
    own: Path | None,
    facts: Sequence[Fact] = (),
    payments: Sequence[Payment] = (),
) -> DataReading:
    """Return what the tables of funds, holdings and markets give up to the day `as_of`. Raises `ConfigError`.

    Of `payments` and `facts` it computes receipts a month against what was expected and what is asked for.
    """
    specs = table_specs(own)
    maker = Maker(language, as_of, main_currency(payments))
    figures: list[Figure] = []
    unread: list[Place] = []
    for name, make in (
        ("fund_values", value_figures),
        ("fund_holdings", holding_figures),
        ("market_values", market_figures),
    ):
        found = read_rows(readings, specs[name])
        unread += [one.place for one in found.unread]
        if found.rows:
            figures += make(found.rows, maker)
    figures += case_figures(payments, facts, maker, book_in_force(own).bank_words)
    return DataReading(Analysis(figures=tuple(figures)), tuple(unread), _gaps(unread, language))


def _gaps(unread: Sequence[Place], language: Language) -> tuple[Gap, ...]:
    by_file: dict[str, list[Place]] = {}
    for place in unread:
        by_file.setdefault(place.file, []).append(place)
    text = read_words(WORDS)["unread"].within(language)
    return tuple(
        Gap(about=f"file:{file}", title=places[0].name, reason=text.format(count=len(places), cell=places[0].cell))
        for file, places in by_file.items()
    )
