"""What a job is made from, and what its steps hand on: all plain enough to travel to another process."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from appliance.core.errors import Unavailable
from appliance.core.files import write_durably
from appliance.core.messages import _

from ..models import Analysis, Check, Conflict, Dossier, Finding, Gap, Language, Part, Question, Report
from .kept import check_there, key_of, step_file

CONTRACT_CHECK: Final = "contract-check"
RECONCILIATION: Final = "valuation-reconciliation"
FIELDS: Final = "fields"
REST: Final = ("statements", "payments")
"""What is read out of all files together, each in a process of its own: first the fields, which say whose papers they
are, then the rest out of the subject's own."""
VERSION: Final = 1
"""Of the steps: another one, and what was kept is made anew."""


class Source(Part):
    """A file of a job."""

    id: str
    name: str
    sha256: str
    size: int


class Spec(Part):
    """What a job is made from."""

    job: str = Field(description="Id.")
    template: str
    language: Language
    subject: str = ""
    as_of: str
    options: dict[str, str] = Field(default_factory=dict, description="Of a contract check: which standard.")
    answers: dict[str, str] = Field(default_factory=dict)
    files: tuple[Source, ...] = ()
    sample: bool = Field(default=False, description="Whether all papers are made up by the appliance.")
    faults: dict[str, str] = Field(default_factory=dict, description="Of files that no process could read, by id.")
    basis: str = Field(default="", description="Changes with the bank's own files and the version of the pack.")

    def read_key(self, source: Source) -> str:
        """Return the key of one file's reading."""
        return key_of(VERSION, source.model_dump(), self.language, self.basis)

    def part_key(self, part: str) -> str:
        """Return the key of a part."""
        told = self.model_dump(exclude={"job", "template", "answers", "options", "sample"})
        return key_of(VERSION, part, told)

    def whole_key(self, *more: object) -> str:
        """Return the key of what rests on all that was read and answered."""
        return key_of(VERSION, self.model_dump(exclude={"job"}), *more)


class Examined(Part):
    """What all sections are written from."""

    dossier: Dossier
    analysis: Analysis


class Told(Part):
    """What callers are told of a job's sources."""

    subject: str
    conflicts: tuple[Conflict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    questions: tuple[Question, ...] = ()
    findings: tuple[Finding, ...] = ()
    failed_checks: tuple[Check, ...] = ()


class Small(Part):
    """A report that is written in one go, such as a contract check."""

    report: Report


class Files:
    """The files of a job by what they hold."""

    def __init__(self, job: Path, spec: Spec) -> None:
        self.job = job
        self._spec = spec

    def source(self, source: Source) -> Path:
        """Return the file itself."""
        return self.job / "sources" / source.name

    def reading(self, source: Source) -> Path:
        """Return where what was read of a file is kept."""
        return step_file(self.job, "read", self._spec.read_key(source))

    def part(self, part: str) -> Path:
        """Return where a part is kept."""
        return step_file(self.job, part, self._spec.part_key(part))

    @property
    def examined(self) -> Path:
        """Where dossier and analysis are kept."""
        return step_file(self.job, "examined", self._spec.whole_key())

    @property
    def told(self) -> Path:
        """Where what callers are told of them is kept."""
        return step_file(self.job, "told", self._spec.whole_key())

    @property
    def small(self) -> Path:
        """Where a report written in one go is kept."""
        return step_file(self.job, "small", self._spec.whole_key())

    def section(self, section_id: str) -> Path:
        """Return where a section is kept as code wrote it."""
        return step_file(self.job, "section", self._spec.whole_key(section_id))

    def phrased(self, section_id: str) -> Path:
        """Return where a section is kept as a model phrased it."""
        return step_file(self.job, "phrased", self._spec.whole_key(section_id, "phrased"))


def version_file(job: Path, number: int, sha256: str) -> Path:
    """Return where a version of the report is kept: two that were made at once for one number are two files."""
    return job / "versions" / f"{number:04}-{sha256[:16]}.json"


def keep_version(job: Path, report: Report) -> str:
    """Keep a version of a report durably; return its SHA-256, which is what a reviewer releases. Raises `DiskFull`."""
    check_there(job)
    content = report.model_dump_json().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    write_durably(version_file(job, report.version, sha256), content)
    return sha256


def read_version(job: Path, number: int, sha256: str) -> Report:
    """Return a version as it was kept. Raises `Unavailable` where the file is gone or is another by now."""
    try:
        content = version_file(job, number, sha256).read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Unavailable(
            _("Version {number} of the report is not as it was kept.", number=number),
            _("Put the data of the appliance back from a backup, or start a new job."),
            code="version_damaged",
        )
    return Report.model_validate_json(content)


def spec_of(job: str, data: Mapping[str, Any]) -> Spec:
    """Return what a job is made from, as its record says."""
    names = ("template", "language", "subject", "as_of", "options", "answers", "files", "sample", "faults", "basis")
    return Spec.model_validate({"job": job, **{name: data[name] for name in names if name in data}})


def basis_of(pack_version: str, folder: Path) -> str:
    """Return what changes with the version of the pack and with any of the bank's own files, but its data."""
    stamps = []
    for path in own_files(folder):
        stat = path.stat()
        stamps.append((str(path.relative_to(folder)), stat.st_mtime_ns, stat.st_size))
    return hashlib.sha256(repr((pack_version, stamps)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def own_files(folder: Path) -> list[Path]:
    """Return the bank's own files, without what lies in `data`."""
    if not folder.is_dir():
        return []
    top = [path for path in folder.iterdir() if path.name != "data"]
    inside = [below for path in top if path.is_dir() for below in path.rglob("*")]
    return sorted(path for path in (*top, *inside) if path.is_file())
