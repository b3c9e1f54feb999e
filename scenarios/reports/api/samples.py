"""A report of a made-up company from its papers to the end, for whoever wants to see what comes of them."""

from typing import Annotated, Final

from pydantic import Field

from appliance.core.errors import ApplianceError, EngineFailed
from appliance.core.messages import _
from appliance.core.units import human_bytes
from appliance.scenario.pack import Action, Caller
from appliance.state.records import Record

from ..jobs.desk import Desk, never
from ..jobs.progress import KIND as JOB
from ..jobs.running import Runner
from ..models import Language, Part
from .folders import KIND, Folders
from .jobs import JobRequest, Jobs
from .shapes import OneFolder, OneJob, Request
from .views import Job

ROOT: Final = "/v1/scenarios/reports"
_SAVED: Final = ("docx", "pdf", "evidence")


class SampleReportRequest(Request):
    """Which made-up papers, and which report."""

    sample: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = "company-3"
    language: Language = "zh_CN"
    template: str = Field(default="due-diligence", min_length=1, max_length=64)


class Saved(Part):
    """A file that came of it."""

    name: str = Field(description="What to call it.")
    path: str = Field(description="Where to get it; a draft, as nobody has released it.")


class SampleReport(Part):
    """What came of it."""

    answer: str = Field(description="What was done, in lines.")
    job: Job
    downloads: tuple[Saved, ...]


class Samples:
    """What the action does."""

    def __init__(self, desk: Desk, runner: Runner, folders: Folders, jobs: Jobs) -> None:
        self._desk = desk
        self._runner = runner
        self._folders = folders
        self._jobs = jobs

    async def report(self, request: SampleReportRequest, caller: Caller) -> SampleReport:
        """Make or find the folder, run the job to its end, and tell what came of it. Raises `EngineFailed`."""
        folder = await self._folder(request.sample, request.language, caller)
        await self._tidy(folder, request.template, caller)
        wanted = JobRequest(folder=folder.id, template=request.template, language=request.language)
        record = await self._jobs.started(wanted, caller)
        await self._runner.ended(record.id)
        job = await self._jobs.shown(await self._jobs.get(record.id, caller), caller)
        if job.state != "done":
            raise EngineFailed(
                _("The sample report was not made: {reason}", reason=job.error or job.state),
                _("GET jobs/{id} tells more.", id=job.id),
            )
        shown = await self._folders.show(OneFolder(folder_id=folder.id), caller)
        answer = "\n".join(_told(job, shown.bytes))
        downloads = tuple(
            Saved(
                name=f"{request.sample}-{request.language}.{'evidence.json' if one == 'evidence' else one}",
                path=f"{ROOT}/jobs/{job.id}/files/{one}?draft=true",
            )
            for one in _SAVED
        )
        return SampleReport(answer=answer, job=job, downloads=downloads)

    async def _tidy(self, folder: Record, template: str, caller: Caller) -> None:
        """Delete the sample reports of before that nobody has worked on: each start of the appliance makes one."""
        page = await self._desk.context.records.page(
            caller.principal, JOB, caller.principal.key_id, where={"folder": folder.id, "template": template}
        )
        for record in page.records:
            versions = record.data["versions"]
            if (
                record.data["state"] != "running"
                and len(versions) < 2
                and all(one["review"] is None for one in versions)
            ):
                await self._jobs.delete(OneJob(job_id=record.id), caller)

    async def _folder(self, sample: str, language: str, caller: Caller) -> Record:
        page = await self._desk.context.records.page(
            caller.principal, KIND, caller.principal.key_id, where={"sample": f"{sample} {language}"}, limit=1
        )
        if page.records:
            return page.records[0]
        name = str(_("Made-up papers: {sample}", sample=sample))
        folder = await self._folders.create(name, "", caller)
        try:
            return await self._folders.filled(folder, sample, language)
        except ApplianceError:
            await self._folders.delete(OneFolder(folder_id=folder.id), caller)
            raise


def _told(job: Job, size: int) -> list[str]:
    seconds = sum(one.seconds or 0.0 for one in job.steps)
    lines = [
        str(_("{title}: {count} files with {size}, {seconds} s", title=job.title,
              count=len(job.documents), size=human_bytes(size), seconds=f"{seconds:.1f}")),
        str(_("Papers and people in it are made up.")),
        str(_("Steps: {steps}", steps=", ".join(f"{one.name} {one.seconds or 0.0:.1f} s" for one in job.steps))),
    ]  # fmt: skip
    lines += [
        f"  {one.title}: {one.seconds or 0.0:.2f} s{f' — {one.fault}' if one.fault else ''}" for one in job.sections
    ]
    for title, found in (
        (
            _("Contradictions: {count}", count=len(job.conflicts)),
            [f"{one.title}: {' / '.join(one.values)}" for one in job.conflicts],
        ),
        (_("Missing: {count}", count=len(job.gaps)), [one.title for one in job.gaps]),
        (_("Open questions: {count}", count=len(job.questions)), [one.text for one in job.questions]),
    ):  # fmt: skip
        lines += [str(title), *(f"  {one}" for one in found[:5])]
    lines.append(str(_("Numbers without a source: {count}", count=job.untraced)))
    return lines


def actions(samples: Samples) -> list[Action]:
    """Return the action. A policy may hold its answer, so it tells of a report and is none."""
    return [
        Action(
            "sample-report", "Make a report from a made-up company's papers.", SampleReportRequest, SampleReport,
            samples.report, generated=never,
        ),
    ]  # fmt: skip
