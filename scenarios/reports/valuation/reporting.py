"""The valuation reconciliation as a whole report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from appliance.core.clock import iso, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..models import Gap, Grid, Language, Reading, Report
from .book import MatchingBook
from .matching import matching_book, reconcile, texts
from .tables import valuation_grids

TEMPLATE: Final = "valuation-reconciliation"
VERSION: Final = "1"


def report(
    readings: Sequence[Reading],
    *,
    report_id: str,
    author: str,
    language: str,
    as_of: str,
    own: Path | None,
    options: Mapping[str, str],
) -> Report:
    """Reconcile two valuation tables among the files; a mail holds those that are attached to it.

    `options` name them, `left` and `right`, by file (f01) or file and table (f01#2), and hold the answers to questions
    by their ids. Without, there must be two tables in all. Raises `InvalidRequest` where it is not clear which two.
    """
    book, say = matching_book(own), texts(language)
    left, right = _sides(readings, options, book)
    answers = {name: value for name, value in options.items() if name.startswith("q_")}
    done = reconcile(left, right, language, own, as_of=as_of, answers=answers)
    used = {left.file.id, right.file.id}
    gaps = tuple(
        Gap(
            about=f"file:{reading.file.id}",
            title=say("gap.title"),
            reason=reading.file.fault or say("gap.unused", name=reading.file.name),
        )
        for reading in readings
        if reading.file.id not in used
    )
    return Report(
        id=report_id,
        template=TEMPLATE,
        template_version=VERSION,
        title=say("title"),
        subject=f"{left.file.name} / {right.file.name}",
        language=cast("Language", language),
        as_of=as_of,
        made_at=iso(utc_now()),
        author=author,
        sections=done.sections,
        figures=done.figures,
        conflicts=(),
        gaps=gaps,
        questions=done.questions,
        files=tuple(reading.file for reading in readings),
    )


def _sides(readings: Sequence[Reading], options: Mapping[str, str], book: MatchingBook) -> tuple[Reading, Reading]:
    """Return the two sides, each a reading with the one table that is meant."""
    named = [options.get(side, "").strip() for side in ("left", "right")]
    if all(named):
        left, right = (_named(name, side, readings, book) for name, side in zip(named, ("left", "right"), strict=True))
        return left, right
    tables = _each_once([(reading, grid) for reading in readings for grid in valuation_grids(reading, book)])
    if len(tables) == 2 and not any(named):
        (left, left_grid), (right, right_grid) = tables
        return (
            left.model_copy(update={"grids": (left_grid,)}),
            right.model_copy(update={"grids": (right_grid,)}),
        )
    found = [f"{reading.file.id}#{number}" for reading in readings for number in range(1, _count(reading, book) + 1)]
    faults = [f"{reading.file.name}: {reading.file.fault}" for reading in readings if reading.file.fault]
    raise InvalidRequest(
        _(
            "Two valuation tables are needed, and the files have {count}: {tables}. {faults}",
            count=len(tables),
            tables=", ".join(found) or "—",
            faults=" ".join(faults),
        ),
        _("Add the missing one, or name both in options.left and options.right, such as f01 or f01#2."),
        param="options",
    )


def _each_once(tables: list[tuple[Reading, Grid]]) -> list[tuple[Reading, Grid]]:
    """Return the tables; of more than two without those of mails whose attachment lies beside them as a file."""
    if len(tables) <= 2:
        return tables
    files = [grid.rows for reading, grid in tables if not _is_mail(reading)]
    return [(reading, grid) for reading, grid in tables if not _is_mail(reading) or grid.rows not in files]


def _is_mail(reading: Reading) -> bool:
    return reading.file.name.lower().endswith((".eml", ".msg"))


def _count(reading: Reading, book: MatchingBook) -> int:
    return len(valuation_grids(reading, book))


def _named(name: str, side: str, readings: Sequence[Reading], book: MatchingBook) -> Reading:
    file_id, _hash, number = name.partition("#")
    reading = next((one for one in readings if one.file.id == file_id or one.file.name == name), None)
    if reading is None:
        raise InvalidRequest(
            _("There is no file {name}.", name=name),
            _("There are: {names}.", names=", ".join(one.file.id for one in readings)),
            param=f"options.{side}",
        )
    if not number:
        return reading
    grids = valuation_grids(reading, book)
    if not number.isdecimal() or not 1 <= int(number) <= len(grids):
        raise InvalidRequest(
            _("{name} has no valuation table {number}; it has {count}.", name=file_id, number=number, count=len(grids)),
            param=f"options.{side}",
        )
    return reading.model_copy(update={"grids": (grids[int(number) - 1],)})
