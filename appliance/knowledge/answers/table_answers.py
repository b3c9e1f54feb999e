"""Answers from tables: cells looked up, or a figure computed from them, with the rows they come from."""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.knowledge.answers.citing import Cited, Made
from appliance.knowledge.asking.questions import Question
from appliance.knowledge.models import AnswerSentence, Calculation, CalculationInput, CitedCell
from appliance.knowledge.search.ranking import Scored
from appliance.knowledge.search.stored import StoredPassage, StoredSentence
from appliance.knowledge.search.weighing import chance_of
from appliance.knowledge.tables import TableAnswer, TableCalculation, answer_from_table, table_of

_LEAST_CHANCE = 0.05  # of the best row, below which its table is not asked
_LEAST_CONFIDENCE = 0.5  # below it the row is quoted as it stands
# Log-odds for a cell that row and column both name: of the fitted questions at 0.68 and above 2 of 51 were wrong.
_AGREES = 0.6

Rows = list[tuple[StoredPassage, StoredSentence]]


@dataclass(frozen=True)
class FromTable:
    """What the table of the best sentence tells; `rows` are all its rows."""

    found: TableAnswer
    best: Scored
    rows: Rows

    @property
    def confidence(self) -> float:
        """Chance that the answer is right. A calculation fits rows by name and period: a witness of its own."""
        chance = chance_of(self.best.score + _AGREES)
        return chance if self.found.calculation is None else 1 - (1 - chance) * (1 - self.found.confidence)

    def make(self, cited: Cited) -> Made | None:
        """Return the answer's sentences with their citations."""
        if self.found.calculation is not None:
            return _computed(self.found, self.found.calculation, self.best, self.rows, cited)
        return _looked_up(self.found, self.best, self.rows, cited)


def from_table(question: Question, best: Scored, rows_of: Callable[[Scored], Rows]) -> FromTable | None:
    """Ask the table that the best sentence is a row of; None where it is none or the table does not tell."""
    if best.sentence.table is None or best.chance < _LEAST_CHANCE:
        return None
    rows = rows_of(best)
    found = answer_from_table(question.text, table_of(rows)) if rows else None
    return None if found is None or found.confidence < _LEAST_CONFIDENCE else FromTable(found, best, rows)


def _looked_up(found: TableAnswer, best: Scored, rows: Rows, cited: Cited) -> Made | None:
    """Quote the rows with the cells that answer, the best sentence's own row first."""
    cells = _by_row(found)
    sentences = []
    for row in sorted(cells, key=lambda row: rows[row][1].start != best.sentence.start):
        passage, sentence = rows[row]
        place = cited.add(passage, sentence, best.chance, cells[row])
        if place is not None:
            sentences.append(AnswerSentence(text=passage.quote(sentence), kind="quoted", citations=[place]))
    return Made(tuple(sentences), found.short) if sentences else None


def _computed(found: TableAnswer, parts: TableCalculation, best: Scored, rows: Rows, cited: Cited) -> Made:
    """Cite every row whose figures the calculation uses, however many citations were asked for."""
    cells = _by_row(found)
    used = list(dict.fromkeys([*cells, *(part.row for part in parts.inputs)]))
    cited.most = max(cited.most, len(cited.citations) + len(used))
    places = {row: cited.add(*rows[row], best.chance, cells.get(row, [])) or 0 for row in used}
    sentence = AnswerSentence(text=found.text, kind="computed", citations=sorted(set(places.values())))
    inputs = [
        CalculationInput(label=part.label, text=part.text, value=part.value, citation=places[part.row])
        for part in parts.inputs
    ]
    calculation = Calculation(
        operation=parts.operation,
        formula=parts.formula,
        value=parts.value,
        unit=parts.unit,
        text=parts.text,
        inputs=inputs,
    )
    return Made((sentence,), found.short, calculation)


def _by_row(found: TableAnswer) -> dict[int, list[CitedCell]]:
    """Return the cells that answer, by the place of their row among those given."""
    cells: dict[int, list[CitedCell]] = {}
    for row, cell in found.cells:
        cells.setdefault(row, []).append(cell)
    return cells
