"""Two valuation tables reconciled: the one entry of this part."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_words

from ..composing import Texts
from ..models import Figure, Part, Question, Reading, Section
from .book import OWN, SHIPPED, MatchingBook
from .comparing import Compared, compare_pairs
from .pairing import pair_rows
from .presenting import Presenter
from .tables import read_table

TEXTS: Final = Path(__file__).with_name("texts.yaml")
_NO_ANSWERS: Final[Mapping[str, str]] = MappingProxyType({})


class ReconciledRow(Part):
    """One value of one product: both sides, the difference (left less right), and what explains it."""

    product: str
    day: str
    column: str
    left: float
    right: float
    difference: float
    per_mille: float | None
    state: Literal["equal", "within", "explained", "unexplained", "not_compared"]
    rule: str | None = None
    proof: str | None = None


class Reconciliation(Part):
    """What a reconciliation gave."""

    sections: tuple[Section, ...]
    figures: tuple[Figure, ...]
    rows: tuple[ReconciledRow, ...]
    questions: tuple[Question, ...] = ()
    only_left: tuple[str, ...] = ()
    only_right: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """Kind, file and cell of what could not be used."""


@cache
def _words() -> dict[str, Words]:
    return read_words(TEXTS)


def texts(language: str) -> Texts:
    """Return the texts of this part in a language."""
    return Texts(_words(), language)


def matching_book(own: Path | None) -> MatchingBook:
    """Return matching.yaml with that of the bank's folder `own` over it. Raises `ConfigError`."""
    return MatchingBook.load(SHIPPED, None if own is None else own / OWN)


def reconcile(
    left: Reading,
    right: Reading,
    language: str,
    own: Path | None,
    *,
    as_of: str = "",
    answers: Mapping[str, str] = _NO_ANSWERS,
) -> Reconciliation:
    """Reconcile the valuation table of one file with that of another; `answers` are a person's, by question.

    Raises `InvalidRequest` with file, sheet, row or column for a file without one table that can be used, and
    `ConfigError` for a faulty matching.yaml. Rows and cells that cannot be used are in `faults` and in the sections.
    """
    book, say = matching_book(own), texts(language)
    left_table, right_table = read_table(left, book), read_table(right, book)
    pairing = pair_rows(left_table, right_table, book, answers)
    compared = compare_pairs(pairing.pairs, left_table, right_table, book, language)
    presenter = Presenter(left_table, right_table, book, say, pairing, compared, as_of)
    sections = presenter.sections()
    return Reconciliation(
        sections=sections,
        figures=presenter.figures,
        rows=tuple(map(_row, compared)),
        questions=presenter.questions(),
        only_left=tuple(row.label for row in pairing.left),
        only_right=tuple(row.label for row in pairing.right),
        faults=tuple(
            " ".join(filter(None, (fault.kind, fault.place.name, fault.place.sheet, fault.place.cell)))
            for table in (left_table, right_table)
            for fault in table.faults
        ),
    )


def _row(one: Compared) -> ReconciledRow:
    return ReconciledRow(
        product=one.pair.left.label,
        day=one.pair.left.day,
        column=one.column,
        left=float(one.left.value),
        right=float(one.right.value),
        difference=float(one.difference),
        per_mille=None if one.per_mille is None else float(one.per_mille),
        state=one.state,
        rule=one.explanation.rule if one.explanation else None,
        proof=one.explanation.proof if one.explanation else None,
    )
