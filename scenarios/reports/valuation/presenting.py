"""A reconciliation as sections of a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..composing import SectionDraft, Texts
from ..models import Cell, Figure, Place, Question, Section
from .book import MatchingBook
from .cells import written
from .comparing import Compared
from .counting import FigureMaker, Totals, decimals_of
from .listing import add_duplicates, add_faults, add_unmatched, product_cells, titled
from .pairing import Near, Pair, Pairing
from .tables import ValuationTable


@dataclass(frozen=True)
class Shown:
    """A difference with its figures."""

    compared: Compared
    difference: Figure
    per_mille: Figure | None
    proof: Figure | None


class Presenter:
    """Writes the sections, and gathers the figures that they name."""

    def __init__(
        self,
        left: ValuationTable,
        right: ValuationTable,
        book: MatchingBook,
        say: Texts,
        pairing: Pairing,
        compared: Sequence[Compared],
        period: str,
    ) -> None:
        self._left, self._right, self._book, self._say = left, right, book, say
        self._pairing, self._compared = pairing, compared
        self._maker = FigureMaker(say, period)
        self._counts = self._maker.counts(pairing, compared)
        self._totals = self._maker.totals(pairing, book)
        self._extra: list[Figure] = []
        self._shown = [
            Shown(
                one, self._maker.difference(at, one, book), self._maker.per_mille(at, one), self._maker.proof(at, one)
            )
            for at, one in enumerate((one for one in compared if one.state != "equal"), start=1)
        ]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures; those of the totals are known when the sections are written."""
        of_rows = [
            figure for one in self._shown for figure in (one.difference, one.per_mille, one.proof) if figure is not None
        ]
        of_totals = [figure for one in self._totals for figure in (one.left, one.right, one.difference)]
        return (*self._counts.values(), *of_rows, *of_totals, *self._extra)

    def sections(self) -> tuple[Section, ...]:
        """Return the sections that have something to say."""
        unexplained = [one for one in self._shown if one.compared.state in ("unexplained", "not_compared")]
        drafts = [
            self._result(),
            self._differences("differences", self._shown),
            self._explanations(),
            self._differences("unexplained", unexplained),
            self._unmatched(),
            self._duplicates(),
            self._faults(),
            self._totals_section(),
            self._questions(),
        ]
        return tuple(draft.finish() for draft in drafts if not draft.empty)

    def questions(self) -> tuple[Question, ...]:
        """Return what a person is asked: whether rows with names alike are one product."""
        return tuple(
            Question(
                id=near.id,
                text=self._question(near),
                about=f"match:{near.left.label}={near.right.label}",
                choices=("same", "different"),
                places=(near.left.place, near.right.place),
            )
            for near in self._pairing.near
        )

    def _question(self, near: Near) -> str:
        return self._say("question.same", left=near.left.label, right=near.right.label)

    def _draft(self, name: str) -> SectionDraft:
        return SectionDraft(f"reconciliation.{name}", self._say(f"section.{name}"))

    @property
    def _whole(self) -> tuple[Place, Place]:
        first, second = (
            table.rows[0].place if table.rows else Place(file=table.file.id, name=table.file.name)
            for table in (self._left, self._right)
        )
        return first, second

    def _result(self) -> SectionDraft:
        say, draft, counts = self._say, self._draft("result"), self._counts
        rows = [counts[name] for name in ("pairs", "left", "right")]
        values = [counts[name] for name in ("compared", "equal", "within", "explained", "unexplained")]
        intro = say("intro", left=self._left.file.name, right=self._right.file.name)
        draft.paragraph(
            [
                (intro, "fact", (), self._whole),
                (say("counts.rows", **_named(counts, "pairs", "left", "right")), "figure", rows, self._whole),
                (
                    say("counts.values", **_named(counts, "compared", "equal", "within", "explained", "unexplained")),
                    "figure",
                    values,
                    self._whole,
                ),
            ]
        )
        open_points = [one for one in self._compared if one.state in ("unexplained", "not_compared")]
        faults = (*self._left.faults, *self._right.faults)
        apart = bool(open_points or self._pairing.left or self._pairing.right)
        agree = all(one.state == "equal" for one in self._compared)
        name = "not_clean" if apart else "clean" if agree else "all_explained"
        draft.say(say(name), "finding", figures=values, places=self._whole, style="warning" if apart else "text")
        if faults or any(not one.same for one in self._pairing.duplicates):
            places = [fault.place for fault in faults] or list(self._whole)
            draft.say(say("faulty"), "gap", places=places[:10], style="warning")
        for table in (self._left, self._right):
            if table.rows and all(not row.day for row in table.rows):
                draft.say(say("no_day", name=table.file.name), "gap", places=(table.rows[0].place,), style="warning")
        for text, pair in self._notes():
            draft.say(text, "finding", places=(pair.left.place, pair.right.place), style="item")
        return draft

    def _notes(self) -> Iterator[tuple[str, Pair]]:
        """Yield what is to be said of how rows were matched, where it was not by code and name alike."""
        for pair in self._pairing.pairs:
            left, right = pair.left, pair.right
            values = {"left": left.label, "right": right.label}
            if pair.how in ("zeros", "answer"):
                yield self._say(f"note.{pair.how}", **values), pair
            elif pair.how == "shifted":
                yield self._say("note.shifted", **{**values, "left_day": left.day, "right_day": right.day}), pair
            elif pair.how == "code" and left.plain_name and right.plain_name and left.plain_name != right.plain_name:
                yield self._say("note.names", **values), pair

    def _differences(self, name: str, shown: Sequence[Shown]) -> SectionDraft:
        draft = self._draft(name)
        columns = [
            ("product", False, 0.17),
            ("day", False, 0.11),
            ("item", False, 0.1),
            ("left", True, 0.15),
            ("right", True, 0.15),
            ("difference", True, 0.13),
            ("per_mille", True, 0.09),
            ("reason", False, 0.1),
        ]
        rows = [self._difference(one) for one in shown]
        if rows:
            draft.table(name, self._say(f"caption.{name}"), titled(columns, self._say), rows, self._say("note.money"))
        return draft

    def _difference(self, one: Shown) -> list[Cell]:
        compared = one.compared
        apart = compared.state in ("unexplained", "not_compared")
        decimals = decimals_of(compared, self._book)
        return [
            *product_cells(compared.pair.left),
            Cell(text=self._book.title(compared.column, self._say.language)),
            Cell(text=written(compared.left.value, decimals), place=compared.left.place),
            Cell(text=written(compared.right.value, decimals), place=compared.right.place),
            Cell(text=one.difference.shown, figure=one.difference.id, strong=apart),
            Cell(
                text=one.per_mille.shown if one.per_mille else "—", figure=one.per_mille.id if one.per_mille else None
            ),
            Cell(text=self._reason(compared), place=compared.left.place, strong=apart),
        ]

    def _reason(self, compared: Compared) -> str:
        if compared.explanation is not None:
            return self._say(f"rule.{compared.explanation.rule}")
        if compared.state == "not_compared":
            pair = compared.pair
            return self._say("currencies", left=pair.left.currency, right=pair.right.currency)
        return self._say(f"state.{compared.state}")

    def _explanations(self) -> SectionDraft:
        draft = self._draft("explanations")
        rows = [
            [
                *product_cells(one.compared.pair.left),
                Cell(text=self._book.title(one.compared.column, self._say.language)),
                Cell(text=self._reason(one.compared)),
                Cell(text=one.proof.shown, figure=one.proof.id),
            ]
            for one in self._shown
            if one.proof is not None
        ]
        columns = [
            ("product", False, 0.2),
            ("day", False, 0.11),
            ("item", False, 0.12),
            ("reason", False, 0.13),
            ("proof", False, 0.44),
        ]
        if rows:
            draft.table("explanations", self._say("caption.explanations"), titled(columns, self._say), rows)
        return draft

    def _unmatched(self) -> SectionDraft:
        draft = self._draft("unmatched")
        add_unmatched(draft, self._pairing, self._book, self._say)
        return draft

    def _duplicates(self) -> SectionDraft:
        draft = self._draft("duplicates")
        add_duplicates(draft, self._pairing, self._say)
        return draft

    def _faults(self) -> SectionDraft:
        draft = self._draft("faults")
        add_faults(draft, (*self._left.faults, *self._right.faults), self._book, self._say)
        return draft

    def _totals_section(self) -> SectionDraft:
        draft = self._draft("totals")
        rows = [self._total(one) for one in self._totals]
        columns = [("item", False, 0.25), ("left", True, 0.25), ("right", True, 0.25), ("difference", True, 0.25)]
        if rows:
            draft.table(
                "totals", self._say("caption.totals"), titled(columns, self._say), rows, self._say("note.money")
            )
        for side, table in (("left", self._left), ("right", self._right)):
            self._printed_totals(draft, side, table)
        return draft

    def _total(self, one: Totals) -> list[Cell]:
        figures = (one.left, one.right, one.difference)
        return [
            Cell(text=self._book.title(one.column, self._say.language)),
            *(Cell(text=figure.shown, figure=figure.id) for figure in figures),
        ]

    def _printed_totals(self, draft: SectionDraft, side: str, table: ValuationTable) -> None:
        """Say where the total row of a table is not the sum of its rows, each product and day once."""
        doubles = [row for one in self._pairing.duplicates if one.side == side and one.same for row in one.rows[1:]]
        left_out = {id(row) for row in doubles}
        for total in table.totals[-1:]:
            for column in ("net_asset_value", "units"):
                printed = total.values.get(column)
                amounts = [row.values[column] for row in table.rows if column in row.values and id(row) not in left_out]
                value = sum((one.value for one in amounts), Decimal(0))
                if printed is None or not amounts or printed.value == value:
                    continue
                figure = self._maker.sum_of(f"total.{column}_rows_{side}", amounts)
                self._extra.append(figure)
                item = self._book.title(column, self._say.language)
                stated = written(printed.value, printed.decimals)
                text = self._say("total.printed", name=table.file.name, printed=stated, item=item, sum=figure.shown)
                draft.say(text, "finding", figures=(figure,), places=(printed.place,), style="warning")
                twice = [row.values[column] for row in doubles if column in row.values]
                if twice and sum((one.value for one in twice), Decimal(0)) == printed.value - value:
                    double = self._maker.sum_of(f"total.{column}_twice_{side}", twice)
                    self._extra.append(double)
                    told = self._say("total.twice", difference=double.shown)
                    draft.say(told, "finding", figures=(double,), style="item")

    def _questions(self) -> SectionDraft:
        draft = self._draft("questions")
        for near in self._pairing.near:
            draft.say(self._question(near), "gap", places=(near.left.place, near.right.place), style="item")
        return draft


def _named(counts: Mapping[str, Figure], *names: str) -> dict[str, str]:
    return {name: counts[name].shown for name in names}
