"""What leaves: a version goes to a reviewer, and its files go to whoever may have them, signed or marked as drafts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from appliance.core.errors import Conflict, PermissionDenied
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller, Download, Submission
from appliance.state.records import Record

from ..jobs.desk import Desk, never, supervises
from ..jobs.finishing import COMMENTED, FORMATS
from ..jobs.places import checked_name
from ..jobs.telling import review_text
from ..models import Part, Report, SignOff
from .jobs import Jobs
from .sections import Sections
from .shapes import OneJob, RecordId, Request
from .signing import sign_off_of, wants_signature

ROUTE: Final = "/v1/scenarios/reports/jobs/{job_id}/submission"
_MOST_REVIEWED: Final = 2_000_000
"""Characters of a report that a reviewer is shown."""
Format = Literal["docx", "pdf", "md", "html", "evidence", "evidence-html"]


class FileRequest(Request):
    """A file of a report."""

    job_id: RecordId
    format: Format
    version: Annotated[int | None, Field(ge=1, description="The newest by default.")] = None
    draft: bool = Field(default=False, description="Also unsigned, marked on every page; for who may supervise.")
    comments: bool | None = Field(
        default=None, description="Remarks in the file; by default unless it is signed. A PDF never has any."
    )


class Submitted(Part):
    """What was submitted to the reviewers."""

    job: str
    version: int
    sha256: str = Field(description="Of what is released: after any change the report is unsigned again.")
    sign_off: SignOff


class Leaving:
    """What the actions do."""

    def __init__(self, desk: Desk, jobs: Jobs, sections: Sections) -> None:
        self._desk = desk
        self._jobs = jobs
        self._sections = sections

    async def submit(self, request: OneJob, caller: Caller) -> Submitted:
        """Put the newest version into the reviewers' queue. Raises `Conflict` where it is there, or released, already.

        One that was refused, or that nobody decided about in time, may be submitted again.
        """
        record = await self._jobs.own(request.job_id, caller, idle=False)
        if record.data["state"] == "running":
            raise Conflict(
                _("The job {id} is running.", id=record.id), _("Wait until it is done; GET jobs/ID tells."),
                code="job_running",
            )  # fmt: skip
        version: dict[str, Any] = self._sections.version(record, None)
        before = await sign_off_of(self._desk, version, caller)
        if before is not None and before.status in ("pending", "approved"):
            raise Conflict(
                _("This version was submitted already: {status}.", status=before.status),
                _("GET jobs/{id} shows what becomes of it.", id=record.id),
                code="submitted_already",
                details={"review": before.review, "status": before.status},
            )
        report = await self._sections.report(record, None)
        text = await self._desk.compute(review_text, report, _MOST_REVIEWED)
        body = {
            "object": "report", "job": record.id, "version": version["number"], "sha256": version["sha256"],
            "title": report.title,
        }  # fmt: skip
        question = f"{report.title} · {record.data['template']} · {record.id} · {version['number']}"
        review = await self._desk.context.reviews.submit(
            caller.principal, caller.request_id, Submission(question, text, body, ROUTE, ("sign-off",))
        )
        versions = [*record.data["versions"][:-1], {**version, "review": _review(review, version)}]
        await self._desk.context.records.update(record, {**record.data, "versions": versions})
        return Submitted(
            job=record.id, version=version["number"], sha256=version["sha256"],
            sign_off=SignOff(review=review, status="pending"),
        )  # fmt: skip

    async def file(self, request: FileRequest, caller: Caller) -> Download:
        """Return a file of a report. Raises `Conflict` where it must be signed and is not."""
        record = await self._jobs.get(request.job_id, caller)
        version: dict[str, Any] = self._sections.version(record, request.version)
        sign_off = await sign_off_of(self._desk, version, caller)
        signed = sign_off is not None and sign_off.status == "approved"
        required = await wants_signature(self._desk, record.data["template"])
        if request.draft and not supervises(caller):
            raise PermissionDenied(
                _("Drafts are for those who may supervise."),
                _("Submit the report by POST jobs/{id}/submission; once it is released, its files are yours.",
                  id=record.id),
                code="draft_denied",
            )  # fmt: skip
        if required and not signed and not request.draft:
            raise Conflict(
                _("Version {number} of the report is not signed.", number=version["number"]),
                _("Submit it by POST jobs/{id}/submission; a reviewer has to release it.", id=record.id),
                code="not_signed",
                details={"version": version["number"], "status": sign_off.status if sign_off else None},
            )
        draft = request.draft and not signed
        remarks = request.format in COMMENTED and (not signed if request.comments is None else request.comments)
        comments = await self._remarks(record, version["number"], caller) if remarks else []
        path = await self._rendered(record, version, request.format, draft, sign_off, comments)
        content = await self._desk.compute(path.read_bytes)
        ending, media_type = FORMATS[request.format]
        name = await self._name(record, version, request.format, draft=draft)
        return Download(filename=f"{name}.{ending}", media_type=media_type, content=content)

    async def _remarks(self, record: Record, version: int, caller: Caller) -> list[dict[str, Any]]:
        """Return what was remarked on a version or on one before it; what came later is about other texts."""
        found = await self._sections.remarks(record, caller)
        return [one.model_dump(mode="json") for one in found if one.version is None or one.version <= version]

    async def _rendered(
        self, record: Record, version: Mapping[str, Any], name: str, draft: bool, sign_off: SignOff | None,
        comments: list[dict[str, Any]],
    ) -> Path:  # fmt: skip
        more = {
            "draft": draft, "sign_off": None if sign_off is None else sign_off.model_dump(mode="json"),
            "comments": comments,
            "label_producer": self._desk.context.label_producer,
        }  # fmt: skip
        made = await self._desk.context.tasks.run(
            "jobs.finishing:render",
            {
                "job": str(self._desk.places.job(record.tenant, record.id)), "version": version["number"],
                "sha256": version["sha256"], "own": str(self._desk.own), "template": record.data["template"],
                "name": name, "more": more,
            },
        )  # fmt: skip
        return Path(made["file"])

    async def _name(self, record: Record, version: Mapping[str, Any], name: str, *, draft: bool) -> str:
        report: Report = await self._sections.report(record, version["number"])
        parts = [report.title, f"v{version['number']}"]
        if name.startswith("evidence"):
            parts.append("evidence")
        if draft:
            parts.append("草稿" if report.language == "zh_CN" else "draft")
        plain = "-".join(parts).translate(dict.fromkeys(map(ord, '/\\:*?"<>|'), "_"))
        return checked_name("".join(char if char.isprintable() else " " for char in plain)[:60].lstrip("."))


def _review(review: str, version: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": review, "sha256": version["sha256"]}


def actions(leaving: Leaving) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "submit-report", "Submit the newest version to the reviewers.", OneJob, Submitted, leaving.submit,
            path="jobs/{job_id}/submission", status=202, generated=never,
        ),
        Action(
            "report-file", "Get a report as a file.", FileRequest, Download, leaving.file,
            method="GET", path="jobs/{job_id}/files/{format}", generated=never,
        ),
    ]  # fmt: skip
