"""What a way of answering gives before it is put into words."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.core.messages import Message, _
from appliance.knowledge.language.text import Language
from appliance.knowledge.tables.arithmetic import TableCalculation, label_of, with_unit
from appliance.knowledge.tables.fits import Pick
from appliance.knowledge.tables.periods import Period


@dataclass(frozen=True)
class Outcome:
    """The cells an answer rests on, the sentence, the short answer and how sure it is, 0..1."""

    picks: tuple[Pick, ...]
    sentence: Message
    short: str
    confidence: float
    calculation: TableCalculation | None = None


def printed(pick: Pick, language: Language) -> str:
    """Return a cell literally, with its unit where the cell does not show it."""
    figure, unit = pick.cell.figure, pick.cell.unit
    if figure is None or not figure.exact:
        return pick.cell.text
    text = pick.cell.text.strip()
    if figure.unit.measure and not figure.unit.scale:  # "$ 5.2": only the scale is missing
        return f"{text} {unit.scale}".strip() if unit.scale.isascii() else f"{text}{unit.scale}"
    return text if figure.unit.measure else with_unit(text, unit, language)


def looked_up(picks: Sequence[Pick], language: Language, confidence: float) -> Outcome:
    """Return cells as the answer."""
    values = [printed(pick, language) for pick in picks]
    lines = [
        _("{label}: {value}", label=label_of(pick), value=value) for pick, value in zip(picks, values, strict=True)
    ]
    return Outcome(tuple(picks), _lines(lines), ("、" if language == "zh" else ", ").join(values), confidence)


def named(names: Sequence[str], picks: Sequence[Pick], language: Language, confidence: float) -> Outcome:
    """Return names of rows or periods as the answer, with the cells that decide."""
    short = ("、" if language == "zh" else ", ").join(dict.fromkeys(names))
    lines = [_("{label}: {value}", label=label_of(pick), value=printed(pick, language)) for pick in picks]
    sentence = (
        _("{names} ({cells}).", names=short, cells=_lines(lines, end=False)) if lines else _("{names}.", names=short)
    )
    return Outcome(tuple(picks), sentence, short, confidence)


def computed(calculation: TableCalculation, picks: Sequence[Pick], label: Message, confidence: float) -> Outcome:
    """Return a computed figure as the answer."""
    sentence = _("{label}: {value} ({formula}).", label=label, value=calculation.text, formula=calculation.formula)
    return Outcome(tuple(picks), sentence, calculation.text, confidence, calculation)


def period_name(pick: Pick) -> str:
    """Return the period that a cell belongs to, as the table prints it where it is more than a year."""
    here = pick.column if pick.column.periods else pick.row
    period: Period | None = here.periods[0] if here.periods else None
    return period.name if period is not None and period.year > 0 and not period.quarter else here.header


def _lines(lines: Sequence[Message], *, end: bool = True) -> Message:
    joined = lines[0]
    for line in lines[1:]:
        joined = _("{first}; {second}", first=joined, second=line)
    return _("{sentence}.", sentence=joined) if end else joined
