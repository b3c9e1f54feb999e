"""The steps of a job as tasks in other processes: each keeps its result as a file, and makes it once.

Arguments are plain: `job` is the job's folder, `spec` a dumped `Spec`, `own` the bank's own folder. A step that is run
again after its process died finds what was kept and goes on from there.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from appliance.core.clock import iso, utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

from ..models import SURE, Analysis, Dossier, Gap, Reading, Section, SourceFile
from .kept import keep, made_once, read_kept
from .spec import CONTRACT_CHECK, FIELDS, Examined, Files, Small, Source, Spec, Told

PACK: Final = Path(__file__).resolve().parents[1]
_MOST_TOLD: Final = 300
"""Questions, gaps and conflicts that callers are shown; the report has all."""
_MOST_NAMED: Final = 10


def read_one(job: str, spec: Mapping[str, Any], own: str, at: int) -> dict[str, Any]:
    """Read one file and find out what it is; return `id`, `name`, `kind`, `company`, `fault` and `seconds`."""
    from ..reading.files import read_file
    from ..sorting.kinds import sort_file

    planned = Spec.model_validate(spec)
    source = planned.files[at]
    files = Files(Path(job), planned)

    def read() -> Reading:
        reading = read_file(files.source(source), source.id, source.name, planned.language)
        return reading.model_copy(update={"file": sort_file(reading, Path(own))})

    made, seconds = made_once(files.reading(source), Reading, read)
    return {**_row(made.file), "seconds": round(seconds, 3)}


def examine(job: str, spec: Mapping[str, Any], own: str, part: str) -> float:
    """Find what one of `FIELDS` and `REST` finds in all files; return the seconds that it took."""
    planned = Spec.model_validate(spec)
    path, model = Files(Path(job), planned).part(part), _model(part)
    if read_kept(path, model) is not None:
        return 0.0
    readings = _readings(job, planned.model_dump_json())
    _found, seconds = made_once(path, model, lambda: _PARTS[part](readings, planned, Path(job), Path(own)))
    return round(seconds, 3)


def conclude(job: str, spec: Mapping[str, Any], own: str) -> dict[str, Any]:
    """Put the parts together, apply the answers, compute all figures; return `subject` and `seconds`."""
    from ..outlines.loading import catalogue
    from ..writing.summing import all_gaps

    planned = Spec.model_validate(spec)
    files = Files(Path(job), planned)
    made, seconds = made_once(files.examined, Examined, lambda: _examined(files, planned, Path(own)))
    told = told_of(made, all_gaps(catalogue(PACK, Path(own))[planned.template], made.dossier))
    keep(files.told, told)
    return {"subject": told.subject, "seconds": round(seconds, 3)}


def write_one(job: str, spec: Mapping[str, Any], own: str, section: str, *, anew: bool = False) -> dict[str, Any]:
    """Write one section of an outline; return its `id`, `title` and `seconds`. `anew`: also where it is kept."""
    from ..outlines.loading import catalogue
    from ..writing.sections import write_section

    planned = Spec.model_validate(spec)
    path = Files(Path(job), planned).section(section)

    def write() -> Section:
        began = time.perf_counter()
        examined = _known(job, planned.model_dump_json())
        outline = catalogue(PACK, Path(own))[planned.template]
        made = write_section(outline, section, examined.dossier, examined.analysis)
        took = round(time.perf_counter() - began, 3)
        return made.model_copy(update={"seconds": took, "written_at": iso(utc_now())})

    if anew:
        path.unlink(missing_ok=True)
    made, _seconds = made_once(path, Section, write)
    return {"id": made.id, "title": made.title, "seconds": made.seconds}


def write_small(job: str, spec: Mapping[str, Any], own: str, *, anew: bool = False) -> dict[str, Any]:
    """Write a contract check or a reconciliation; return `subject`, `seconds` and its `sections`. `anew`: again."""
    planned = Spec.model_validate(spec)
    files = Files(Path(job), planned)
    if anew:
        files.small.unlink(missing_ok=True)
    made, seconds = made_once(files.small, Small, lambda: _small(job, planned, Path(own)))
    report = made.report
    for section in report.sections:
        keep(files.section(section.id), section)
    told = Told(subject=report.subject, conflicts=report.conflicts, gaps=report.gaps, questions=report.questions)
    keep(files.told, told)
    rows = [{"id": one.id, "title": one.title, "seconds": one.seconds} for one in report.sections]
    return {"subject": report.subject, "seconds": round(seconds, 3), "sections": rows}


def _small(job: str, spec: Spec, own: Path) -> Small:
    from ..contracts.reporting import report as contract_report
    from ..valuation.reporting import report as valuation_report

    write = contract_report if spec.template == CONTRACT_CHECK else valuation_report
    readings = _readings(job, spec.model_dump_json())
    return Small(
        report=write(
            readings, report_id=spec.job, author="", language=spec.language, as_of=spec.as_of, own=own,
            options={**spec.options, **spec.answers},
        )
    )  # fmt: skip


def told_of(examined: Examined, gaps: Sequence[Gap]) -> Told:
    """Return what callers are told of a dossier."""
    dossier = examined.dossier
    return Told(
        subject=dossier.subject,
        conflicts=dossier.conflicts[:_MOST_TOLD],
        gaps=tuple(gaps[:_MOST_TOLD]),
        questions=dossier.questions[:_MOST_TOLD],
        findings=examined.analysis.findings[:_MOST_TOLD],
        failed_checks=tuple(one for one in dossier.checks if not one.holds)[:_MOST_TOLD],
    )


def _row(file: SourceFile) -> dict[str, Any]:
    return {"id": file.id, "name": file.name, "kind": file.kind, "company": file.company, "fault": file.fault}


@lru_cache(maxsize=2)
def _readings(job: str, spec: str) -> tuple[Reading, ...]:
    """Return what was read of each file; of those that no process could read only that."""
    planned = Spec.model_validate_json(spec)
    files = Files(Path(job), planned)
    found = []
    for source in planned.files:
        kept = None if source.id in planned.faults else read_kept(files.reading(source), Reading)
        found.append(kept or _blank(source, planned.faults.get(source.id, "")))
    return tuple(found)


def _blank(source: Source, fault: str) -> Reading:
    file = SourceFile(id=source.id, name=source.name, sha256=source.sha256, size=source.size, fault=fault or None)
    return Reading(file=file)


@lru_cache(maxsize=2)
def _known(job: str, spec: str) -> Examined:
    planned = Spec.model_validate_json(spec)
    found = read_kept(Files(Path(job), planned).examined, Examined)
    if found is None:
        raise FileNotFoundError(f"{planned.job} has nothing to write from")
    return found


def _model(part: str) -> type[BaseModel]:
    if part == FIELDS:
        from ..fields.reading import FieldReading

        return FieldReading
    if part == "statements":
        from ..statements.models import Extraction

        return Extraction
    from ..flows.payments import PaymentReading

    return PaymentReading


def _fields(readings: Sequence[Reading], spec: Spec, _job: Path, own: Path) -> BaseModel:
    """Read the facts. Raises `InvalidRequest` where most papers are another company's than the subject."""
    from ..fields.reading import read_facts

    found = read_facts(readings, spec.subject, spec.language, own, date.fromisoformat(spec.as_of))
    if found.mostly_other is not None:
        names = [one.file.name for one in readings if one.file.id in found.other_companies]
        raise InvalidRequest(
            _(
                "Most of these papers are of {company}, not of {subject}: {files}.",
                company=found.mostly_other, subject=found.subject, files=_listed(names),
            ),
            _("Give the right subject, or put the right company's papers into the folder."),
            param="subject", code="papers_of_another_company",
        )  # fmt: skip
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _statements(readings: Sequence[Reading], spec: Spec, job: Path, own: Path) -> BaseModel:
    from ..statements.extracting import extract

    return extract(_ours(readings, spec, job), spec.language, own)


def _payments(readings: Sequence[Reading], spec: Spec, job: Path, own: Path) -> BaseModel:
    from ..flows.payments import read_payments

    return read_payments(_ours(readings, spec, job), spec.language, own)


def _ours(readings: Sequence[Reading], spec: Spec, job: Path) -> list[Reading]:
    """Return what is not another company's paper: no number of those may get into the report."""
    from ..fields.reading import FieldReading

    fields = read_kept(Files(job, spec).part(FIELDS), FieldReading)
    assert fields is not None, "fields are read first"
    return [one for one in readings if one.file.id not in fields.other_companies]


_RELATED: Final = ("legal_representative", "shareholder_name", "manager_name", "related_name")
"""Fields that name whose payments with the subject are no independent business."""
_PARTS: Final = {FIELDS: _fields, "statements": _statements, "payments": _payments}


def _examined(files: Files, spec: Spec, own: Path) -> Examined:
    from ..analysis.analysing import analyse
    from ..analysis.peers import SAMPLE
    from ..datasets.analysing import analyse as analyse_tables
    from ..flows.analysing import analyse as analyse_flows

    dossier = _dossier(files, spec, own)
    # Made-up companies are compared with made-up peers, never with the bank's own list.
    ratios = analyse(dossier, own, SAMPLE if spec.sample else None)
    related = [one.value for one in dossier.facts if one.name in _RELATED and one.confidence >= SURE]
    day = date.fromisoformat(spec.as_of)
    flows = analyse_flows(dossier.payments, dossier.subject, spec.language, own, related, day)
    readings = _ours(_readings(str(files.job), spec.model_dump_json()), spec, files.job)
    tables = analyse_tables(readings, spec.as_of, spec.language, own, dossier.facts, dossier.payments)
    analysis = Analysis(
        figures=(*ratios.figures, *flows.figures, *tables.analysis.figures),
        findings=(*ratios.findings, *flows.findings),
        periods=ratios.periods,
    )
    gaps = (*dossier.gaps, *ratios.gaps, *tables.gaps)
    return Examined(dossier=dossier.model_copy(update={"gaps": gaps}), analysis=analysis)


def _dossier(files: Files, spec: Spec, own: Path) -> Dossier:
    from ..fields.reading import FieldReading
    from ..fields.reading import with_answers as answered_fields
    from ..flows.payments import PaymentReading
    from ..statements.extracting import with_answers
    from ..statements.models import Extraction

    fields = read_kept(files.part(FIELDS), FieldReading)
    statements = read_kept(files.part("statements"), Extraction)
    payments = read_kept(files.part("payments"), PaymentReading)
    assert fields is not None
    assert statements is not None
    assert payments is not None
    fields = answered_fields(fields, spec.answers, spec.language, own)
    statements = with_answers(statements, spec.answers, spec.language)
    readings = _readings(str(files.job), spec.model_dump_json())
    return Dossier(
        language=spec.language, subject=spec.subject or fields.subject, as_of=spec.as_of,
        files=tuple(one.file for one in readings), items=statements.items, checks=statements.checks,
        facts=fields.facts, payments=payments.payments, conflicts=(*statements.conflicts, *fields.conflicts),
        gaps=(*statements.gaps, *fields.gaps, *payments.gaps), questions=(*statements.questions, *fields.questions),
        answers=spec.answers,
    )  # fmt: skip
