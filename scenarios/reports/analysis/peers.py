"""Peers of a CSV: medians of their figures, and the company's rank among them.

The file has a header; `company` and `period` (last day of a year), then columns that are codes of accounts (in the
currency's basic unit) or names of figures (shares as 0.05). Text is UTF-8, empty cells are not stated.
"""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Final

from appliance.core.messages import Message, _
from appliance.scenario.yaml_files import nearest, refuse

from ..models import Dossier, Figure, Gap, Input, Item, Language, Place
from ..showing import shown
from .computing import Computing
from .formulas import Formulas, Prepared
from .ledger import Frame, Ledger

OWN: Final = "peers.csv"
SAMPLE: Final = Path(__file__).with_name("sample_peers.csv")
LEAST: Final = 3
"""Of fewer peers there is no median."""
_MOST_BYTES: Final = 2_000_000
_MOST_ROWS: Final = 5000
_FIXED: Final = ("company", "period")

Stated = Mapping[tuple[str, str], Mapping[str, Input]]
"""Figures by company and period, then by name."""


def absent(formulas: Formulas, language: str) -> Gap:
    """Return the gap that stands for a missing list of peers."""
    return Gap(
        about="kind:peers",
        title=formulas.note("peer_absent_title", language),
        reason=formulas.note("peer_absent", language),
    )


def read(file: Path, formulas: Formulas, language: str) -> Stated:
    """Return the figures of the peers, stated or computed by the same formulas.

    Raises `ConfigError` that names the line and column: an unknown column, a value that is no number, two lines of
    one company and period.
    """
    items: dict[str, list[Item]] = {}
    found: dict[tuple[str, str], dict[str, Input]] = {}
    for line, row in _rows(file, formulas):
        company, period = row.pop("company"), row.pop("period")
        if (company, period) in found:
            refuse(file, f"{line}", _("{company} has two lines for {period}", company=company, period=period))
        own = found[company, period] = {}
        for column, (name, text) in enumerate(row.items(), start=3):
            if not text:
                continue
            value = _number(file, line, name, text)
            place = Place(file="peers", name=file.name, line=line, cell=f"R{line}C{column}", quote=text)
            if name in formulas.accounts:
                items.setdefault(company, []).append(_item(formulas, name, period, value, text, place))
            else:
                unit = formulas.prepared[name].formula.unit
                wording = shown(value, "CNY" if unit == "money" else unit, language)
                own[name] = Input(symbol=company, value=value, shown=wording, place=place)
    for company, stated in items.items():
        _compute(company, stated, formulas, language, found)
    return found


def compare(computing: Computing, frame: Frame, stated: Stated, *, sample: bool) -> list[Figure]:
    """Return medians and ranks of the figures that have a `better`, for one period; the company is no own peer."""
    language, formulas = computing.language, computing.formulas
    subject = "".join(computing.dossier.subject.split())
    peers = {
        company: figures for (company, period), figures in stated.items()
        if period == frame.period and "".join(company.split()) != subject
    }  # fmt: skip
    if not peers:
        return []
    notes = [
        formulas.note("peer_of", language, about=("、" if language.startswith("zh") else ", ").join(sorted(peers)))
    ]
    if sample:
        notes.append(formulas.note("peer_sample", language))
    made = [_count(computing, frame, float(len(peers)), notes)]
    for name, one in formulas.prepared.items():
        values = [figures[name] for figures in peers.values() if name in figures]
        if one.formula.better is None or not values:
            continue
        own = computing.figure(name, frame)
        made += _of_one(computing, frame, one, own, values, notes)
    return made


def _of_one(
    computing: Computing, frame: Frame, one: Prepared, own: Figure, values: Sequence[Input], notes: Sequence[str]
) -> list[Figure]:
    unit = frame.currency if one.formula.unit == "money" else one.formula.unit
    enough = len(values) >= LEAST
    middle = median(item.value for item in values) if enough else None
    figures = [_figure(computing, frame, one, "median", middle, unit, tuple(values), notes)]
    if own.value is not None:
        higher = one.formula.better == "higher"
        ahead = sum(item.value > own.value if higher else item.value < own.value for item in values)
        inputs = (Input(symbol=one.name, value=own.value, shown=own.shown, figure=own.id), *values)
        rank = float(ahead + 1) if enough else None
        figures.append(_figure(computing, frame, one, "rank", rank, "count", inputs, notes))
    return figures


def _figure(
    computing: Computing, frame: Frame, one: Prepared, kind: str, value: float | None, unit: str,
    inputs: tuple[Input, ...], notes: Sequence[str],
) -> Figure:  # fmt: skip
    language, formulas = computing.language, computing.formulas
    title = formulas.note(f"peer_{kind}_title", language, about=one.title(language))
    said = [*notes] if value is not None else [formulas.note("peer_few", language), *notes]
    return Figure(
        id=f"peer_{kind}.{one.name}@{frame.period}",
        name=f"peer_{kind}.{one.name}",
        title=computing.scoped(title, frame),
        period=frame.period,
        value=value,
        unit=unit,
        shown=shown(value, unit, language),
        formula=formulas.note(f"peer_{kind}_formula", language),
        inputs=inputs if value is not None else (),
        note=" ".join(said),
    )


def _count(computing: Computing, frame: Frame, value: float, notes: Sequence[str]) -> Figure:
    language, formulas = computing.language, computing.formulas
    return Figure(
        id=f"peer_count@{frame.period}",
        name="peer_count",
        title=formulas.note("peer_count_title", language),
        period=frame.period,
        value=value,
        unit="count",
        shown=shown(value, "count", language),
        formula=formulas.note("peer_count_formula", language),
        note=" ".join(notes),
    )


def _compute(
    company: str, items: Sequence[Item], formulas: Formulas, language: str,
    found: dict[tuple[str, str], dict[str, Input]],
) -> None:  # fmt: skip
    spoken: Language = "zh_CN" if language.startswith("zh") else "en"
    dossier = Dossier(language=spoken, subject=company, as_of="", files=(), items=tuple(items))
    ledger = Ledger(items)
    computing = Computing(dossier, formulas, ledger)
    for frame in ledger.frames.values():
        own = found[company, frame.period]
        for name, one in formulas.prepared.items():
            if one.formula.better is None or name in own or not computing.applies(one, frame):
                continue
            figure = computing.figure(name, frame)
            if figure.value is not None:
                place = figure.places[0] if figure.places else _first(items, frame.period)
                own[name] = Input(symbol=company, value=figure.value, shown=figure.shown, place=place)


def _first(items: Sequence[Item], period: str) -> Place:
    return next(one.place for one in items if one.period == period)


def _item(formulas: Formulas, code: str, period: str, value: float, text: str, place: Place) -> Item:
    statement = formulas.accounts[code].statement
    return Item(
        account=code, statement=statement, period=period, months=0 if statement == "balance" else 12, scope="unknown",
        restated=False, value=value, currency="CNY", printed=text, unit="元", label=code, confidence=1.0, place=place,
    )  # fmt: skip


def _rows(file: Path, formulas: Formulas) -> list[tuple[int, dict[str, str]]]:
    known = {*formulas.accounts, *formulas.prepared, *_FIXED}
    try:
        if file.stat().st_size > _MOST_BYTES:
            refuse(file, "", _("it is larger than {limit}", limit=f"{_MOST_BYTES} B"))
        text = file.read_text(encoding="utf-8-sig")
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        refuse(file, "", _("it cannot be read: {reason}", reason=error))
    if not lines or not set(_FIXED) <= set(lines[0]):
        refuse(file, "1", _("its first line must name the columns company and period"))
    header = [one.strip() for one in lines[0]]
    for name in header:
        if name not in known:
            refuse(file, f"1: {name}", _("there is no account or figure {name}", name=name), _near(name, known))
        if header.count(name) > 1:
            refuse(file, f"1: {name}", _("{name} is given twice", name=name))
    if len(lines) > _MOST_ROWS:
        refuse(file, "", _("it has more than {most} lines", most=_MOST_ROWS))
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            refuse(file, f"{number}", _("it has {count} cells, the header {of}", count=len(cells), of=len(header)))
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        _check_period(file, number, row)
        rows.append((number, {name: row[name] for name in (*_FIXED, *(one for one in header if one not in _FIXED))}))
    return rows


def _check_period(file: Path, line: int, row: Mapping[str, str]) -> None:
    if not row["company"]:
        refuse(file, f"{line}: company", _("it is missing"))
    try:
        date.fromisoformat(row["period"])
    except ValueError:
        refuse(
            file, f"{line}: period", _("{text} is no day", text=row["period"]),
            _("Write the last day of the year, such as 2025-12-31."),
        )  # fmt: skip


def _number(file: Path, line: int, name: str, text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = float("nan")
    if value != value or abs(value) > 1e18:
        refuse(
            file, f"{line}: {name}", _("{text} is no number", text=text),
            _("Write money in the currency's basic unit and shares as 0.05; leave what is not known empty."),
        )  # fmt: skip
    return value


def _near(name: str, known: Collection[str]) -> Message:
    return nearest(name, known) or _("docs/report-figures.md lists the accounts and figures that it can name.")
