"""One section of a report: shown, written anew, put into a person's words, and talked about."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from appliance.core.clock import iso, utc_now
from appliance.core.errors import NotFound
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller
from appliance.state.records import NewRecord, Record

from ..jobs.desk import Desk, never
from ..jobs.differing import SectionDifference, differences
from ..jobs.spec import read_version, spec_of
from ..models import Part, Report, Section
from .jobs import Jobs
from .shapes import OneJob, RecordId, Request, SectionId
from .signing import sign_off_of
from .views import Job, VersionRow, holds_generated

COMMENT = "comment"
_PAGE = 200
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]


class OneSection(Request):
    """A section of a version, the newest by default."""

    job_id: RecordId
    section: SectionId
    version: Annotated[int | None, Field(ge=1)] = None


class ShownSection(Part):
    """A section as it stands."""

    job: str
    version: int
    section: Section = Field(description="Its blocks are counted from 1: what `paragraph` means elsewhere.")
    by_model: bool = Field(description="Whether a model phrased any of it.")


class AgainRequest(Request):
    """A section to be written anew from the same papers; a person's words in it are given up."""

    job_id: RecordId
    section: SectionId


class Quoted(Request):
    """A source of a person's words."""

    file: str = Field(max_length=20, description="Id of a file such as f03, or `officer` for what the writer knows.")
    quote: Annotated[str, StringConstraints(min_length=1, max_length=600)] = Field(
        description="What stands there, word for word."
    )


class EditRequest(Request):
    """Another text for a paragraph."""

    job_id: RecordId
    section: SectionId
    paragraph: int = Field(ge=1, le=10_000, description="Which block of the section, from 1.")
    text: Text
    sources: list[Quoted] = Field(
        default_factory=list, max_length=20, description="For numbers that the paragraph's sources do not have."
    )


class CommentRequest(Request):
    """A remark on a report."""

    job_id: RecordId
    text: Text
    section: SectionId | None = None
    sentence: str | None = Field(default=None, max_length=120, description="Id of a sentence.")


class Comment(Part):
    """A remark on a report."""

    id: str
    by: str = Field(description="Key id.")
    at: str
    version: int | None
    section: str | None
    sentence: str | None
    text: str


class Comments(Part):
    """Remarks, the oldest first."""

    data: tuple[Comment, ...]


class Versions(Part):
    """The versions of a report, the newest first."""

    data: tuple[VersionRow, ...]


class DifferenceRequest(Request):
    """Two versions to compare; by default the newest with the one before it."""

    job_id: RecordId
    before: Annotated[int | None, Field(ge=1, description="The earlier version.")] = None
    after: Annotated[int | None, Field(ge=1, description="The later version.")] = None


class Differences(Part):
    """What changed between two versions, section by section."""

    before: int
    after: int
    sections: tuple[SectionDifference, ...]
    by_model: bool


class Sections:
    """What the actions do."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self._desk = desk
        self._jobs = jobs

    async def show(self, request: OneSection, caller: Caller) -> ShownSection:
        """Show a section."""
        record = await self._jobs.get(request.job_id, caller)
        report = await self.report(record, request.version)
        section = next((one for one in report.sections if one.id == request.section), None)
        if section is None:
            raise _no_section(request.section)
        written = any(
            one.by == "model" for block in section.blocks if block.type == "paragraph" for one in block.sentences
        )
        return ShownSection(job=record.id, version=report.version, section=section, by_model=written)

    async def again(self, request: AgainRequest, caller: Caller) -> Job:
        """Write a section anew, as a new version."""
        record = await self._jobs.own(request.job_id, caller, idle=True)
        self.version(record, None)
        if all(one["id"] != request.section for one in record.data["sections"]):
            raise _no_section(request.section)
        task = {"why": "section", "section": request.section}
        return await self._jobs.shown(await self._jobs.again(record, {}, task, caller), caller)

    async def edit(self, request: EditRequest, caller: Caller) -> Job:
        """Put a person's words in the place of a paragraph, as a new version."""
        record = await self._jobs.own(request.job_id, caller, idle=True)
        last = self.version(record, None)
        change = {
            "section": request.section, "paragraph": request.paragraph, "text": request.text,
            "sources": [one.model_dump() for one in request.sources], "by": caller.principal.key_id,
        }  # fmt: skip
        made = await self._desk.context.tasks.run(
            "jobs.editing:edit",
            {
                "job": str(self._desk.places.job(record.tenant, record.id)),
                "spec": spec_of(record.id, record.data).model_dump(mode="json"), "own": str(self._desk.own),
                "version": (last["number"], last["sha256"]), "change": change,
            },
        )  # fmt: skip
        version = {
            **made, "made_at": iso(utc_now()), "by": caller.principal.key_id, "why": "edited",
            "section": request.section, "review": None,
        }  # fmt: skip
        rows = [
            {**one, "edited_by": caller.principal.key_id} if one["id"] == request.section else one
            for one in record.data["sections"]
        ]
        data = {**record.data, "sections": rows, "versions": [*record.data["versions"], version]}
        return await self._jobs.shown(await self._desk.context.records.update(record, data), caller)

    async def comment(self, request: CommentRequest, caller: Caller) -> Comment:
        """Keep a remark."""
        record = await self._jobs.get(request.job_id, caller)
        versions = record.data["versions"]
        data = {
            "by": caller.principal.key_id, "version": versions[-1]["number"] if versions else None,
            "section": request.section, "sentence": request.sentence, "text": request.text,
        }  # fmt: skip
        made = await self._desk.context.records.create(caller.principal, NewRecord(COMMENT, record.id, data))
        return _comment(made)

    async def comments(self, request: OneJob, caller: Caller) -> Comments:
        """List the remarks."""
        record = await self._jobs.get(request.job_id, caller)
        return Comments(data=await self.remarks(record, caller))

    async def remarks(self, record: Record, caller: Caller) -> tuple[Comment, ...]:
        """Return all remarks on a report, the oldest first."""
        found: list[Record] = []
        cursor: str | None = None
        while True:
            page = await self._desk.context.records.page(
                caller.principal, COMMENT, record.id, cursor=cursor, limit=_PAGE
            )  # fmt: skip
            found += page.records
            cursor = page.cursor
            if cursor is None:
                return tuple(_comment(one) for one in reversed(found))

    async def versions(self, request: OneJob, caller: Caller) -> Versions:
        """List the versions."""
        record = await self._jobs.get(request.job_id, caller)
        rows = []
        for one in reversed(record.data["versions"]):
            told = {name: one[name] for name in VersionRow.model_fields if name != "sign_off"}
            rows.append(VersionRow(**told, sign_off=await sign_off_of(self._desk, one, caller)))
        return Versions(data=tuple(rows))

    async def differences(self, request: DifferenceRequest, caller: Caller) -> Differences:
        """Compare two versions."""
        record = await self._jobs.get(request.job_id, caller)
        after = await self.report(record, request.after)
        before = await self.report(record, request.before or max(1, after.version - 1))
        found = await self._desk.compute(differences, before, after)
        return Differences(
            before=before.version, after=after.version, sections=tuple(found),
            by_model=before.by_model or after.by_model,
        )  # fmt: skip

    async def report(self, record: Record, number: int | None) -> Report:
        """Return a version as it was kept, the newest by default. Raises `NotFound`, `Unavailable`."""
        version = self.version(record, number)
        place = self._desk.places.job(record.tenant, record.id)
        return await self._desk.compute(read_version, place, version["number"], version["sha256"])

    @staticmethod
    def version(record: Record, number: int | None) -> dict[str, Any]:
        """Return what the record says of a version, the newest by default. Raises `NotFound`."""
        versions: list[dict[str, Any]] = record.data["versions"]
        found = [one for one in versions if number is None or one["number"] == number]
        if found:
            return found[-1]
        raise NotFound(
            _("The job {id} has no such version.", id=record.id), _("GET jobs/{id}/versions lists them.", id=record.id),
            param="version", code="version_not_found",
        )  # fmt: skip


def _no_section(section: str) -> NotFound:
    return NotFound(
        _("The report has no section {section}.", section=repr(section[:80])), _("GET jobs/ID lists its sections."),
        param="section", code="section_not_found",
    )  # fmt: skip


def _comment(record: Record) -> Comment:
    return Comment(id=record.id, at=record.created_at, **record.data)


def _by_model(answer: ShownSection | Differences) -> bool:
    return answer.by_model


def actions(sections: Sections) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "show-section", "Show a section as it stands.", OneSection, ShownSection, sections.show,
            method="GET", path="jobs/{job_id}/sections/{section}", generated=_by_model,
        ),
        Action(
            "write-section-again", "Write one section anew, as a new version.", AgainRequest, Job, sections.again,
            path="jobs/{job_id}/sections/{section}", status=202, generated=holds_generated,
        ),
        Action(
            "edit-section", "Put your own words in the place of a paragraph, as a new version.", EditRequest, Job,
            sections.edit, method="PATCH", path="jobs/{job_id}/sections/{section}", spoken=True,
            generated=holds_generated,
        ),
        Action(
            "add-comment", "Remark on a report.", CommentRequest, Comment, sections.comment,
            path="jobs/{job_id}/comments", status=201, spoken=True, generated=never,
        ),
        Action(
            "list-comments", "List the remarks on a report.", OneJob, Comments, sections.comments,
            method="GET", path="jobs/{job_id}/comments", generated=never,
        ),
        Action(
            "list-versions", "List the versions of a report.", OneJob, Versions, sections.versions,
            method="GET", path="jobs/{job_id}/versions", generated=never,
        ),
        Action(
            "show-differences", "Compare two versions of a report.", DifferenceRequest, Differences,
            sections.differences, method="GET", path="jobs/{job_id}/differences", generated=_by_model,
        ),
    ]  # fmt: skip
