"""A report that is being made, as text: its steps and sections, then contradictions, gaps and its files."""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict
from textual.content import Content

from appliance.core.messages import Message, _
from appliance.tui.drawing import FAINT, MUTED, bar, one_line

_BAR = 16
_MOST = 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Step(_Part):
    """How far a step is."""

    name: str
    done: int
    total: int
    seconds: float | None = None


class Section(_Part):
    """How far a section is."""

    id: str
    title: str
    state: Literal["waiting", "done", "kept", "failed"]
    seconds: float | None = None
    fault: str | None = None


class Contradiction(_Part):
    """Sources that say different things."""

    title: str
    values: tuple[str, ...] = ()
    reason: str = ""


class Missing(_Part):
    """What nobody supplied."""

    title: str
    reason: str = ""


class Question(_Part):
    """What a person is asked."""

    text: str


class Job(_Part):
    """A report with its progress."""

    id: str
    state: Literal["running", "done", "failed", "lost"]
    title: str
    error: str | None = None
    steps: tuple[Step, ...] = ()
    sections: tuple[Section, ...] = ()
    gaps: tuple[Missing, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()
    questions: tuple[Question, ...] = ()
    untraced: int = 0
    version: int | None = None


_STATES: dict[str, tuple[str, Message, str]] = {
    "running": ("◐", _("being made"), "$text-warning"),
    "done": ("●", _("done"), "$text-success"),
    "failed": ("✖", _("failed"), "$text-error"),
    "lost": ("▲", _("interrupted; it is taken up again by itself"), "$text-warning"),
}
_SECTIONS: dict[str, tuple[str, str]] = {
    "waiting": ("○", FAINT),
    "done": ("●", "$text-success"),
    "kept": ("◆", "$text-success"),
    "failed": ("✖", "$text-error"),
}
_STEPS: dict[str, Message] = {
    "reading": _("reading the papers"),
    "examining": _("examining them"),
    "analysing": _("computing figures"),
    "writing": _("writing"),
    "phrasing": _("phrasing"),
    "assembling": _("putting together"),
    "rendering": _("making the files"),
}


def report_job(job: Job, language: str) -> Content:
    """Return how far a report is, by step and section, and what came of it once it is done."""
    shape, word, style = _STATES[job.state]
    lines = [
        Content.assemble(
            (f"{shape} {word.render(language)}", style),
            (f"  {one_line(job.title)}", "bold"),
            (f"  {one_line(job.id)}", MUTED),
        )
    ]
    if job.error:
        lines.append(Content.styled(one_line(job.error), "$text-error"))
    lines += _steps(job, language)
    if job.state == "done":
        lines += _found(job, language)
        lines += _files(job, language)
    lines += _sections(job, language)
    return Content("\n").join(lines)


def _steps(job: Job, language: str) -> Iterator[Content]:
    for step in job.steps:
        named = _STEPS.get(step.name)
        title = step.name if named is None else named.render(language)
        if step.seconds is not None:
            yield Content.styled(f"  ● {title}  {step.seconds:.1f} s", MUTED)
            continue
        share = step.done / step.total if step.total else None
        counted = f"  {step.done}/{step.total}" if step.total else ""
        yield Content.assemble(("  ◐ ", "$text-warning"), f"{title} ", bar(share, _BAR), (counted, MUTED))


def _sections(job: Job, language: str) -> Iterator[Content]:
    if not job.sections:
        return
    done = sum(one.state != "waiting" for one in job.sections)
    title = _("Sections: {done} of {count}", done=done, count=len(job.sections))
    yield Content("")
    yield Content.styled(title.render(language), "bold")
    for one in job.sections:
        shape, style = _SECTIONS[one.state]
        seconds = "" if one.seconds is None else f"  {one.seconds:.2f} s"
        fault = f"  {one_line(one.fault)}" if one.fault else ""
        yield Content.assemble((f"  {shape} ", style), one_line(one.title), (seconds, FAINT), (fault, "$text-error"))


def _found(job: Job, language: str) -> Iterator[Content]:
    groups = (
        (_("Contradictions: {count}", count=len(job.conflicts)), "▲", "$text-warning",
         [f"{one.title}: {' / '.join(one.values)}" for one in job.conflicts]),
        (_("Missing: {count}", count=len(job.gaps)), "○", MUTED,
         [f"{one.title}{': ' if one.reason else ''}{one.reason}" for one in job.gaps]),
        (_("Open questions: {count}", count=len(job.questions)), "◐", MUTED, [one.text for one in job.questions]),
    )  # fmt: skip
    for title, shape, style, texts in groups:
        yield Content("")
        yield Content.styled(title.render(language), "bold")
        yield from (Content.assemble((f"  {shape} ", style), one_line(text)) for text in texts[:_MOST])
        if len(texts) > _MOST:
            more = _("and {count} more", count=len(texts) - _MOST)
            yield Content.styled(f"  {more.render(language)}", MUTED)
    untraced = _("Numbers without a source: {count}", count=job.untraced)
    yield Content.styled(untraced.render(language), "bold" if job.untraced else MUTED)


def _files(job: Job, language: str) -> Iterator[Content]:
    yield Content("")
    yield Content.styled(_("Its files, marked as drafts until a reviewer releases them").render(language), "bold")
    for form in ("docx", "pdf", "evidence"):
        yield Content.assemble("  ", f"appliance reports download {one_line(job.id)} --format {form} --draft")
