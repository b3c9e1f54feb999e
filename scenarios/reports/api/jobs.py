"""Jobs: started, shown, deleted, and made again with an officer's answers."""

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from appliance.core.days import Day
from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.scenario.pack import Action, Caller
from appliance.state.records import ANYONE, NewRecord, Record

from ..jobs.desk import Desk, Template, never, supervises
from ..jobs.kept import read_kept
from ..jobs.places import remove, taken_over
from ..jobs.progress import KIND
from ..jobs.running import Runner
from ..jobs.spec import Told
from ..models import Language, SignOff
from .folders import Folders
from .shapes import Deleted, OneJob, RecordId, Request
from .signing import sign_off_of, wants_signature
from .views import Job, JobList, State, holds_generated, job_of, line_of, newest

MOST_VERSIONS: Final = 200
_PAGE: Final = 50
Answer = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class JobRequest(Request):
    """A report to be made."""

    folder: RecordId = Field(description="Id of the folder with the papers.")
    template: str = Field(min_length=1, max_length=64, description="GET templates lists them.")
    language: Language = Field(default="zh_CN", description="Of the report.")
    subject: str = Field(default="", max_length=200, description="Whom it is about; found in the papers by default.")
    as_of: Annotated[Day | None, Field(description="Day that it is made for; today by default.")] = None
    answers: dict[str, Answer] = Field(default_factory=dict, max_length=500, description="By id of the question.")
    phrase: bool = Field(default=False, description="Let the chat model phrase it, if it is capable.")
    options: dict[str, Answer] = Field(
        default_factory=dict, max_length=20, description="Of a small report, such as the standard of a contract check."
    )


class AnswersRequest(Request):
    """What an officer answers."""

    job_id: RecordId
    answers: dict[str, Answer] = Field(
        max_length=500, description="By id of the question; an empty object makes the report again from what there is."
    )


class ListRequest(Request):
    """Which jobs to list."""

    cursor: str | None = Field(default=None, max_length=100)


class Jobs:
    """What the actions do."""

    def __init__(self, desk: Desk, runner: Runner, folders: Folders) -> None:
        self._desk = desk
        self._runner = runner
        self._folders = folders

    async def start(self, request: JobRequest, caller: Caller) -> Job:
        """Start a job. Raises `TooManyRequests` while as many run as may."""
        await self._runner.resume(caller)
        return await self.shown(await self.started(request, caller), caller)

    async def started(self, request: JobRequest, caller: Caller) -> Record:
        """Return the record of a job that runs. Raises `NotFound`, `InvalidRequest`, `TooManyRequests`, `Conflict`."""
        self._runner.check_room()
        template = await self._desk.compute(self._desk.template, request.template)
        if request.as_of is not None and request.as_of > self._desk.today:
            raise InvalidRequest(
                _("The day {day} is in the future; today is {today}.", day=request.as_of, today=self._desk.today),
                _("Leave `as_of` out, or give a day up to today."), param="as_of", code="as_of_ahead",
            )  # fmt: skip
        folder = await self._folders.get(request.folder, caller)
        await self._check_count(caller)
        new = NewRecord(KIND, caller.principal.key_id, {})
        place = self._desk.places.job(caller.tenant, new.id)
        files = await self._desk.compute(taken_over, self._folders.place(folder), place / "sources")
        if not files:
            await self._desk.compute(remove, place)
            raise InvalidRequest(
                _("The folder {id} has no files.", id=folder.id), _("Put the papers into it first."), param="folder",
                code="folder_empty",
            )  # fmt: skip
        data = self._runner.owned(self._data(request, template, folder, files, caller))
        record = await self._desk.context.records.create(
            caller.principal, NewRecord(KIND, caller.principal.key_id, data, id=new.id)
        )
        self._runner.begin(record, caller)
        return record

    def _data(
        self, request: JobRequest, template: Template, folder: Record, files: list[Any], caller: Caller
    ) -> dict[str, Any]:
        numbered = [{"id": f"f{at:02}", **file} for at, file in enumerate(files, 1)]
        return {
            "state": "running", "runner": None, "template": template.name,
            "title": template.title.within(request.language),
            "template_version": template.version, "language": request.language,
            "subject": request.subject.strip() or folder.data["subject"], "found_subject": "",
            "as_of": (request.as_of or self._desk.today).isoformat(), "folder": folder.id,
            "phrase": request.phrase and self._desk.context.chat_is_capable, "options": dict(request.options),
            "answers": dict(request.answers), "files": numbered, "faults": {}, "basis": "", "told": None,
            "sample": folder.data["sample"] is not None,
            "task": {"why": "made", "by": caller.principal.key_id}, "author": caller.principal.key_id,
            "steps": [], "sections": [], "documents": [], "versions": [], "untraced": 0, "untraced_texts": [],
            "render_faults": {}, "ended_at": None, "error": None, "resumed": 0,
        }  # fmt: skip

    async def _check_count(self, caller: Caller) -> None:
        most = self._desk.settings.most_jobs
        mine = await self._desk.context.records.tally(caller.principal, KIND, (), caller.principal.key_id)
        if mine and mine[0].count >= most:
            raise Conflict(
                _("There are {limit} jobs, and that is the most.", limit=most),
                _("Delete one that is no longer needed."),
                code="too_many_jobs_kept",
            )

    async def list(self, request: ListRequest, caller: Caller) -> JobList:
        """List the caller's jobs; who may supervise sees those of all of the tenant."""
        await self._runner.resume(caller)
        owner = ANYONE if supervises(caller) else None
        page = await self._desk.context.records.page(
            caller.principal, KIND, owner, cursor=request.cursor, limit=_PAGE
        )  # fmt: skip
        return JobList(data=tuple(line_of(one, self._state(one)) for one in page.records), cursor=page.cursor)

    async def show(self, request: OneJob, caller: Caller) -> Job:
        """Show a job."""
        await self._runner.resume(caller)
        return await self.shown(await self.get(request.job_id, caller), caller)

    async def delete(self, request: OneJob, caller: Caller) -> Deleted:
        """Delete a job with all that came of it; one that runs is ended."""
        record = await self._desk.context.records.get(caller.principal, KIND, request.job_id)
        await self._desk.context.records.delete(record)
        self._runner.cancel(record.id)
        await self._runner.ended(record.id)
        await self._desk.compute(remove, self._desk.places.job(record.tenant, record.id))
        return Deleted(id=record.id)

    async def answer(self, request: AnswersRequest, caller: Caller) -> Job:
        """Take an officer's answers and make the report again; sections that a person wrote stay."""
        await self._runner.resume(caller)
        record = await self.own(request.job_id, caller, idle=True)
        told = await self.told(record)
        known = {one.id for one in told.questions} | set(record.data["answers"]) if told else set()
        for name in request.answers:
            if name not in known:
                raise NotFound(
                    _("The job has no question {id}.", id=repr(name[:80])), _("GET jobs/ID lists the open ones."),
                    param="answers", code="question_not_found",
                )  # fmt: skip
        answers = {**record.data["answers"], **request.answers}
        why = "answers" if request.answers else "again"
        return await self.shown(await self.again(record, {"answers": answers}, {"why": why}, caller), caller)

    async def again(self, record: Record, more: dict[str, Any], task: dict[str, Any], caller: Caller) -> Record:
        """Run a job again for a task. Raises `TooManyRequests`, `Conflict` where it has changed meanwhile."""
        self._runner.check_room()
        data = {**record.data, **more, "task": {**task, "by": caller.principal.key_id}, "steps": []}
        taken = await self._desk.context.records.update(record, self._runner.owned(data))
        self._runner.begin(taken, caller)
        return taken

    async def get(self, job_id: str, caller: Caller) -> Record:
        """Return the record of a job that the caller may see. Raises `NotFound`."""
        owner = ANYONE if supervises(caller) else None
        return await self._desk.context.records.get(caller.principal, KIND, job_id, owner)

    async def own(self, job_id: str, caller: Caller, *, idle: bool) -> Record:
        """Return the record of a job that the caller may change: who wrote of a report must not release it.

        So only who made it changes it. Raises `NotFound`, and `Conflict` for one that runs where it must be `idle`.
        """
        record = await self._desk.context.records.get(caller.principal, KIND, job_id, caller.principal.key_id)
        if idle and record.data["state"] == "running":
            raise Conflict(
                _("The job {id} is running.", id=record.id), _("Wait until it is done; GET jobs/ID tells."),
                code="job_running",
            )  # fmt: skip
        if idle and len(record.data["versions"]) >= MOST_VERSIONS:
            raise Conflict(
                _("The report has {limit} versions, and that is the most.", limit=MOST_VERSIONS),
                _("Start a new job from the same folder."),
                code="too_many_versions",
            )
        return record

    async def told(self, record: Record) -> Told | None:
        """Return what was found in a job's sources; None until that is known."""
        if record.data["told"] is None:
            return None
        path = self._desk.places.job(record.tenant, record.id) / "steps" / record.data["told"]
        return await self._desk.compute(read_kept, path, Told)

    async def shown(self, record: Record, caller: Caller) -> Job:
        """Return a job as the caller sees it."""
        required = await wants_signature(self._desk, record.data["template"])
        sign_off: SignOff | None = None
        number = newest(record.data)
        if number is not None:
            sign_off = await sign_off_of(self._desk, record.data["versions"][number - 1], caller)
        return job_of(record, self._state(record), await self.told(record), required=required, sign_off=sign_off)

    def _state(self, record: Record) -> State:
        state: State = "lost" if self._runner.is_lost(record) else record.data["state"]
        return state


def actions(jobs: Jobs) -> list[Action]:
    """Return the actions."""
    return [
        Action(
            "start-report", "Start a report from a folder.", JobRequest, Job, jobs.start,
            path="/", status=202, spoken=True, generated=holds_generated,
        ),
        Action(
            "list-jobs", "List the jobs.", ListRequest, JobList, jobs.list,
            method="GET", path="jobs", generated=never,
        ),
        Action(
            "show-job", "Show how far a job is, and what is open.", OneJob, Job, jobs.show,
            method="GET", path="jobs/{job_id}", generated=holds_generated,
        ),
        Action(
            "delete-job", "End a job and delete all that came of it.", OneJob, Deleted, jobs.delete,
            method="DELETE", path="jobs/{job_id}", generated=never,
        ),
        Action(
            "answer-questions", "Answer what the papers do not say, and make the report again.", AnswersRequest, Job,
            jobs.answer, path="jobs/{job_id}/answers", status=202, spoken=True, generated=holds_generated,
        ),
    ]  # fmt: skip
