"""Scenarios as text: facts, an example call, the last errors, and what one was answered."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from textual.content import Content

from appliance.core.messages import Message, _, one_or_many
from appliance.core.status import ApplicationStatus
from appliance.tui import figures
from appliance.tui.calls_source import After, Assist
from appliance.tui.drawing import MUTED, one_line, visible
from appliance.tui.scenarios_source import Scenario, ScenarioFacts
from appliance.tui.widgets.call_text import call_turns
from appliance.tui.words import STATES

_LONGEST_JSON = 20_000
_CODES: Mapping[str, Message] = {
    "cancelled": _("the caller did not wait for the answer"),
    "content_filter": _("a rule of the policy stopped it"),
    "invalid_request": _("the request was not valid"),
    "invalid_value": _("the request was not valid"),
    "not_found": _("something it names does not exist"),
    "unavailable": _("it, or a model that it needs, was not ready"),
    "internal_error": _("a fault of the program; its log tells more"),
    "timeout": _("it took too long"),
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Source(_Part):
    """Where a quotation or a passage stands, with its words."""

    document: str
    version: int = 1
    page: int | None = None
    row: int | None = None
    section: str = ""
    quote: str = ""
    text: str = ""


class Disagreement(_Part):
    """Sources that answer differently; `citations` are places in the answer's list, from 0."""

    citations: tuple[int, ...]
    note: str


class Formula(_Part):
    """How a figure was computed."""

    formula: str


class Answered(_Part):
    """An answer of knowledge Q&A."""

    answer: str
    answered: bool
    confidence: float
    citations: tuple[Source, ...] = ()
    nearest: tuple[Source, ...] = ()
    conflicts: tuple[Disagreement, ...] = ()
    short: str | None = None
    model_text: str | None = None
    label: str | None = None
    calculation: Formula | None = None


def scenario_facts(scenario: Scenario, application: ApplicationStatus | None, language: str) -> Content:
    """Return name, state and what the scenario does, in two or three lines."""
    parts: list[Content | str | tuple[str, str]] = [
        (one_line(scenario.titled(language)), "bold"),
        (f"  {one_line(scenario.name)} {one_line(scenario.version)}", MUTED),
    ]
    if application is not None:
        mark = STATES[application.state]
        traffic = application.traffic
        requests, errors = traffic.requests_total, traffic.errors_total
        counted = _(
            "{requests}, {errors}",
            requests=one_or_many(requests, _("1 request"), _("{count} requests", count=requests)),
            errors=one_or_many(errors, _("1 error"), _("{count} errors", count=errors)),
        )
        parts += [
            "  ",
            (f"{mark.shape} {mark.word.render(language)}", mark.style),
            (f" {application.replicas_running}/{application.replicas_target}", MUTED),
            (f"  {counted.render(language)}", MUTED),
        ]
    described = scenario.description.get(language) or scenario.description.get("en") or ""
    return Content("\n").join([Content.assemble(*parts), Content.styled(one_line(described), MUTED)])


def last_errors(facts: ScenarioFacts, application: ApplicationStatus | None, language: str) -> Content:
    """Return the last errors, the newest first; without the audit log, what the application itself says."""
    lines = []
    if application is not None and application.message:
        lines.append(Content.styled(one_line(application.message), "$text-warning"))
    if facts.unread is not None:
        lines.append(Content.styled(f"✖ {one_line(facts.unread.render(language))}", "$text-error"))
        return Content("\n").join(lines)
    if facts.errors is None:
        only = _("Each error is in the audit log: open the terminal on the appliance itself.")
        lines.append(Content.styled(only.render(language), MUTED))
        return Content("\n").join(lines)
    for one in facts.errors:
        meaning = _CODES.get(one.code)
        words = "" if meaning is None else f"  {meaning.render(language)}"
        request = f"\n  {one_line(one.request_id)}" if one.request_id else ""
        code = (f"✖ {one_line(one.code)}", "$text-error")
        lines.append(Content.assemble((f"{_moment(one.at)}  ", MUTED), code, words, (request, MUTED)))
    if not lines:
        lines.append(Content.styled(_("● None among its last requests.").render(language), "$text-success"))
    return Content("\n").join(lines)


def _moment(at: str) -> str:
    try:
        return figures.exact_time(datetime.fromisoformat(at))
    except ValueError:
        return one_line(at)


def quoted_answer(answer: Answered, language: str) -> Content:
    """Return an answer with its quotations: document, page and the words."""
    lines: list[Content] = []
    if answer.answered:
        lines.append(Content.styled(visible(answer.answer), "bold"))
    else:
        lines.append(Content.styled(f"○ {visible(answer.answer)}", "$text-warning"))
    if answer.calculation is not None:
        lines.append(Content.styled(f"= {one_line(answer.calculation.formula)}", MUTED))
    if answer.model_text:
        lines += [Content(""), Content(visible(answer.model_text))]
        lines.append(Content.styled(one_line(answer.label or ""), MUTED))
    for conflict in answer.conflicts:
        numbers = ", ".join(f"[{place + 1}]" for place in conflict.citations)
        lines.append(Content.styled(f"▲ {numbers} {one_line(conflict.note)}", "$text-warning"))
    sure = _("Chance of being right: {percent}", percent=f"{answer.confidence:.0%}")
    lines += [Content.styled(sure.render(language), MUTED), Content("")]
    sources, title = answer.citations, _("Sources")
    if not sources:
        sources, title = answer.nearest, _("Places to look at; they are not held to answer")
    if sources:
        lines.append(Content.styled(title.render(language), "bold"))
    lines += [line for number, one in enumerate(sources, 1) for line in source_lines(number, one, one.quote, language)]
    return Content("\n").join(lines)


def source_lines(number: int, source: Source, words: str, language: str) -> Iterator[Content]:
    """Yield where something stands, then its words."""
    place = [Content.styled(one_line(source.document), "bold")]
    if source.version > 1:
        place.append(Content(_("version {version}", version=source.version).render(language)))
    if source.page is not None:
        place.append(Content(_("page {page}", page=source.page).render(language)))
    if source.row is not None:
        place.append(Content(_("row {row}", row=source.row).render(language)))
    if source.section:
        place.append(Content.styled(one_line(source.section), MUTED))
    yield Content.assemble((f"[{number}] ", "$primary"), Content(" · ").join(place))
    yield Content.styled(f"“{one_line(words)}”", "italic")


def replayed_call(turns: tuple[Assist, ...], after: After | None, language: str) -> Content:
    """Return a call's turns with what the seat was shown, then its summary and score."""
    lines = [call_turns(turns, language)]
    if after is not None:
        lines += [Content(""), Content.styled(_("Summary").render(language), "bold $primary")]
        for section in after.summary.sections:
            if section.lines:
                lines.append(Content.styled(one_line(section.title), "bold"))
                lines += [Content(f"- {visible(line.text)}") for line in section.lines]
        if after.sheet is not None:
            score = _("Score: {score} of 100", score=f"{after.sheet.score:g}")
            lines.append(Content.styled(score.render(language), "bold"))
    return Content("\n").join(lines)


def any_answer(answer: Mapping[str, Any], language: str) -> Content:
    """Return an answer's text with the label and disclosures that belong to it; without one, its whole JSON."""
    text = answer.get("answer")
    if not isinstance(text, str):
        whole = json.dumps(answer, ensure_ascii=False, indent=2)
        cut = whole[:_LONGEST_JSON] + ("\n…" if len(whole) > _LONGEST_JSON else "")
        return Content(visible(cut))
    lines = []
    if answer.get("kind") == "refusal":
        lines.append(Content.styled(_("✖ The rules refuse this.").render(language), "$text-error"))
    lines.append(Content(visible(text)))
    label = answer.get("label")
    if isinstance(label, str) and label:
        lines.append(Content.styled(one_line(label), MUTED))
    if answer.get("made_up"):
        made_up = _("Made-up sample data: nobody and nothing in it exists.")
        lines.append(Content.styled(made_up.render(language), MUTED))
    sources = tuple(_sources(answer.get("citations")))
    if sources:
        lines += [Content(""), Content.styled(_("Sources").render(language), "bold")]
        numbered = enumerate(sources, 1)
        lines += [line for number, one in numbered for line in source_lines(number, one, one.quote, language)]
    return Content("\n").join(lines)


def _sources(citations: object) -> Iterator[Source]:
    for one in citations if isinstance(citations, list) else ():
        if isinstance(one, dict) and isinstance(one.get("document"), str):
            yield Source.model_construct(**{**_NONE, **{name: one[name] for name in _NONE if one.get(name)}})


_NONE: dict[str, Any] = {
    "document": "", "version": 1, "page": None, "row": None, "section": "", "quote": "", "text": "",
}  # fmt: skip
