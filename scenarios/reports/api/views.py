"""What callers are shown of a job."""

from typing import Any, Literal

from pydantic import Field

from appliance.state.records import Record

from ..jobs.spec import Told
from ..models import Check, Conflict, Finding, Gap, Part, Question, SignOff

State = Literal["running", "done", "failed", "lost"]


class StepRow(Part):
    """How far a step of a job is."""

    name: str = Field(description="reading, examining, analysing, writing, phrasing, assembling, rendering.")
    done: int
    total: int
    seconds: float | None = Field(description="Once it has ended.")


class SectionRow(Part):
    """How far a section is."""

    id: str
    title: str
    state: Literal["waiting", "done", "kept", "failed"] = Field(description="kept: a person has written it.")
    seconds: float | None = None
    fault: str | None = Field(default=None, description="Why it could not be written; the section says so too.")
    edited_by: str | None = None


class DocumentRow(Part):
    """What a file was found to be."""

    id: str
    name: str
    state: Literal["waiting", "done"]
    kind: str | None = None
    company: str | None = None
    fault: str | None = None
    seconds: float | None = None


class VersionRow(Part):
    """A version of the report."""

    number: int
    made_at: str
    by: str = Field(description="Key id of who had it made.")
    why: str = Field(description="made, answers, again, section, edited.")
    section: str | None = Field(default=None, description="The only section that changed.")
    sha256: str = Field(description="Of what a reviewer releases.")
    by_model: bool
    sign_off: SignOff | None = None


class Job(Part):
    """A job: how far it is, what is open, and what came of it."""

    id: str
    state: State = Field(description="lost: its process is gone; it is taken up again at the tenant's next request.")
    template: str
    title: str
    language: str
    subject: str
    as_of: str
    folder: str
    created_at: str
    ended_at: str | None
    resumed: int = Field(description="How often it was taken up again.")
    error: str | None = None
    steps: tuple[StepRow, ...]
    sections: tuple[SectionRow, ...]
    documents: tuple[DocumentRow, ...]
    questions: tuple[Question, ...] = Field(default=(), description="Answer them by POST jobs/{id}/answers.")
    gaps: tuple[Gap, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    findings: tuple[Finding, ...] = ()
    failed_checks: tuple[Check, ...] = ()
    version: int | None = Field(default=None, description="The newest; null until there is one.")
    sign_off_required: bool = Field(default=False, description="It leaves only once a reviewer has released it.")
    sign_off: SignOff | None = Field(default=None, description="Of the newest version.")
    untraced: int = Field(default=0, description="Numbers in the text that stand in no source and are no figure.")
    untraced_texts: tuple[str, ...] = ()
    phrase: bool = Field(description="Whether the chat model phrases it: that was asked for, and the model is capable.")
    by_model: bool = Field(default=False, description="Whether a model phrased any of the newest version.")
    render_faults: dict[str, str] = Field(default_factory=dict, description="Formats that could not be made, and why.")


class JobLine(Part):
    """A job in a list."""

    id: str
    state: State
    template: str
    subject: str
    language: str
    created_at: str
    ended_at: str | None
    version: int | None
    open_sections: int


class JobList(Part):
    """Jobs, newest first."""

    data: tuple[JobLine, ...]
    cursor: str | None = Field(default=None, description="Goes on behind these.")


def job_of(record: Record, state: State, told: Told | None, *, required: bool, sign_off: SignOff | None) -> Job:
    """Return a job as callers see it."""
    data: dict[str, Any] = record.data
    more = {} if told is None else told.model_dump(exclude={"subject"})
    names = (
        "template", "language", "as_of", "folder", "ended_at", "resumed", "error", "untraced",
        "untraced_texts", "render_faults", "phrase",
    )  # fmt: skip
    return Job.model_validate(
        {
            "id": record.id, "state": state, "created_at": record.created_at, "subject": _subject(data),
            **{name: data[name] for name in names}, "version": newest(data),
            "by_model": bool(data["versions"]) and data["versions"][-1]["by_model"],
            "title": data["title"].replace("{subject}", _subject(data) or "…"), "steps": data["steps"],
            "sections": [_only(SectionRow, one) for one in data["sections"]],
            "documents": [_only(DocumentRow, one) for one in data["documents"]], **more,
            "sign_off_required": required, "sign_off": sign_off,
        }
    )  # fmt: skip


def line_of(record: Record, state: State) -> JobLine:
    """Return a job as a list shows it."""
    data = record.data
    return JobLine(
        id=record.id, state=state, template=data["template"], subject=_subject(data), language=data["language"],
        created_at=record.created_at, ended_at=data["ended_at"], version=newest(data),
        open_sections=sum(one["state"] == "waiting" for one in data["sections"]),
    )  # fmt: skip


def newest(data: dict[str, Any]) -> int | None:
    """Return the number of the newest version."""
    return int(data["versions"][-1]["number"]) if data["versions"] else None


def _subject(data: dict[str, Any]) -> str:
    return str(data["subject"] or data["found_subject"])


def _only(model: type[Part], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in model.model_fields if name in row}


def holds_generated(job: Job) -> bool:
    """Tell whether what is shown of a job may hold a model's words."""
    return job.by_model
