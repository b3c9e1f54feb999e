"""The course of one job: its steps one after the other, each told of in the job's record as it goes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final

import structlog

from appliance.core.clock import iso
from appliance.core.errors import ApplianceError, ConfigError, NotFound, RequestError
from appliance.core.messages import _, speaking
from appliance.core.principal import Principal
from appliance.scenario.tasks import as_they_end
from appliance.state.records import Record

from ..models import Section
from .desk import Desk, Template
from .kept import keep, read_kept
from .places import remove
from .progress import KIND, Json, Lost, Progress
from .spec import FIELDS, REST, Files, Spec, spec_of

log: structlog.stdlib.BoundLogger = structlog.get_logger("reports")

MODEL: Final = "general"
_AT_ONCE: Final = 16  # the tasks themselves run as many as there are processors
_RENDERED: Final = ("docx", "pdf")  # made at once, so that a broken template is known before anybody asks


class Course:
    """One run of a job; `runner` is who runs it, and the record says so as long as it is."""

    def __init__(self, desk: Desk, record: Record, who: Principal, runner: str) -> None:
        self._desk = desk
        self._who = who
        self._progress = Progress(desk, record, who, runner)
        self._folder = desk.places.job(record.tenant, record.id)

    @property
    def _record(self) -> Record:
        return self._progress.record

    async def run(self) -> None:
        """Do all that the job's record asks for; whatever happens, the record says it."""
        beating = asyncio.create_task(self._progress.beat())
        language = self._record.data["language"]
        try:
            with speaking(language):
                await self._work()
        except Lost:
            log.info("a report job is run elsewhere", job=self._record.id)
        except NotFound as error:
            if error.code != f"{KIND}_not_found":
                await self._progress.failed(error.render(language))
            else:  # deleted meanwhile: nobody waits for it
                await asyncio.to_thread(remove, self._folder)
        except ApplianceError as error:
            log.error("a report job failed", job=self._record.id, code=error.code, reason=error.render("en"))
            await self._progress.failed(error.render(language))
        except Exception:  # nobody waits for this task: without a record of its end it would seem to run for ever
            log.exception("a report job broke off", job=self._record.id)
            await self._progress.failed(_("It broke off; the scenario's log says why.").render(language))
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _work(self) -> None:
        data = self._record.data
        task = data["task"] or {}
        template = await self._desk.compute(self._desk.template, data["template"])
        spec = spec_of(self._record.id, data)
        if task.get("section"):
            sections = await self._one_section(spec, template, task)
        else:
            spec = await self._read(spec, template)
            sections = await self._write(spec, template, data)
        await self._finish(spec, template, sections, task)

    async def _read(self, spec: Spec, template: Template) -> Spec:
        """Read and examine all files; return the spec with the faults of files that no process could read."""
        began = time.perf_counter()
        rows: list[Json] = [{"id": one.id, "name": one.name, "state": "waiting"} for one in spec.files]
        self._progress.documents = rows
        await self._progress.step("reading", 0, len(rows))
        items = [{**self._shared(spec), "at": at} for at in range(len(rows))]
        faults: dict[str, str] = {}
        async with aclosing(self._each("jobs.steps:read_one", items)) as ended:
            async for at, made in ended:
                if isinstance(made, ApplianceError):
                    faults[spec.files[at].id] = made.render(spec.language)
                    made = {"fault": faults[spec.files[at].id], "kind": "other", "company": None}
                rows[at] = {**rows[at], **made, "state": "done"}
                await self._progress.step("reading", 1 + self._progress.done("reading"), len(rows))
        await self._progress.step("reading", len(rows), len(rows), began)
        await self._progress.tell_folder(rows)
        spec = spec.model_copy(update={"faults": faults})
        if template.small:
            return spec
        began = time.perf_counter()
        await self._progress.step("examining", 0, 1 + len(REST))
        await self._desk.context.tasks.run("jobs.steps:examine", {**self._shared(spec), "part": FIELDS})
        parts = [{**self._shared(spec), "part": part} for part in REST]
        async with aclosing(self._desk.context.tasks.map("jobs.steps:examine", parts)) as ended:
            async for _at, _seconds in ended:
                await self._progress.step("examining", 1 + self._progress.done("examining"), 1 + len(REST))
        await self._progress.step("examining", 1 + len(REST), 1 + len(REST), began)
        began = time.perf_counter()
        await self._progress.step("analysing", 0, 1)
        told = await self._run("jobs.steps:conclude", self._shared(spec))
        await self._progress.change({"found_subject": told["subject"], "told": Files(self._folder, spec).told.name})
        await self._progress.step("analysing", 1, 1, began)
        return spec

    async def _write(self, spec: Spec, template: Template, data: Json) -> list[Json]:
        """Write all sections; return a row for each, as `finishing.assemble` takes it."""
        began = time.perf_counter()
        if template.small:
            return await self._write_small(spec, began)
        language, kept = spec.language, _edited(data)
        rows: list[Json] = [
            {"id": name, "title": title.within(language), "level": level, "state": "waiting", "from": None}
            for name, title, level in template.sections
        ]
        self._progress.sections = rows
        for row in rows:
            if row["id"] in kept:
                row.update({"from": "last", "state": "kept", "seconds": 0.0})
        wanted = [at for at, row in enumerate(rows) if row["from"] is None]
        await self._progress.step("writing", 0, len(wanted))
        items = [{**self._shared(spec), "section": rows[at]["id"]} for at in wanted]
        async with aclosing(self._each("jobs.steps:write_one", items)) as ended:
            async for at, made in ended:
                self._section_done(rows[wanted[at]], made, language)
                await self._progress.step("writing", 1 + self._progress.done("writing"), len(wanted))
        await self._progress.step("writing", len(wanted), len(wanted), began)
        await self._phrase(spec, template, [row for row in rows if row["from"] == "code"])
        return rows

    async def _write_small(self, spec: Spec, began: float) -> list[Json]:
        await self._progress.step("writing", 0, 1)
        told = await self._run("jobs.steps:write_small", self._shared(spec))
        await self._progress.change({"found_subject": told["subject"], "told": Files(self._folder, spec).told.name})
        rows = [{**one, "level": 1, "state": "done", "from": "code", "fault": None} for one in told["sections"]]
        self._progress.sections = rows
        await self._progress.step("writing", 1, 1, began)
        return rows

    async def _one_section(self, spec: Spec, template: Template, task: Json) -> list[Json]:
        """Write one section anew; the others are taken over from the version before."""
        began = time.perf_counter()
        rows: list[Json] = [dict(one) for one in self._progress.sections]
        self._progress.sections = rows
        row = next(one for one in rows if one["id"] == task["section"])
        for one in rows:
            one["from"] = "last"
        row.update({"state": "waiting", "from": None})
        await self._progress.step("writing", 0, 1)
        call = {**self._shared(spec), "anew": True}
        if template.small:  # it is written in one go, of which one section is taken
            told = await self._run("jobs.steps:write_small", call)
            of = [one for one in told["sections"] if one["id"] == row["id"]]
            self._section_done(row, of[0] if of else {}, spec.language)
        else:
            async with aclosing(self._each("jobs.steps:write_one", [{**call, "section": row["id"]}])) as ended:
                async for _at, one_made in ended:
                    self._section_done(row, one_made, spec.language)
        await self._progress.step("writing", 1, 1, began)
        row["anew"] = True
        await self._phrase(spec, template, [row] if row["from"] == "code" else [])
        return rows

    @staticmethod
    def _section_done(row: Json, made: Json | ApplianceError, language: str) -> None:
        if isinstance(made, ApplianceError):
            row.update({"state": "failed", "from": None, "fault": made.render(language), "seconds": None})
        else:
            row.update({"state": "done", "from": "code", "fault": None, "anew": False, **made})
        row["edited_by"] = None

    async def _phrase(self, spec: Spec, template: Template, rows: Sequence[Json]) -> None:
        """Let a capable model phrase the sections, if that is wanted; what it cannot keep true stays as it was."""
        if not self._record.data["phrase"] or not rows:
            return
        from ..writing.phrasing import phrase

        began, files, context = time.perf_counter(), Files(self._folder, spec), self._desk.context
        tone = "" if template.tone is None else template.tone.within(spec.language)
        for at, row in enumerate(rows):
            await self._progress.step("phrasing", at, len(rows))
            path = files.phrased(row["id"])
            if row["anew"] or await self._desk.compute(read_kept, path, Section) is None:
                section = await self._desk.compute(read_kept, files.section(row["id"]), Section)
                assert section is not None, "it was written before"
                made = await phrase(
                    section, context.chat, model=MODEL, language=spec.language, capable=context.chat_is_capable,
                    tone=tone,
                )  # fmt: skip
                await self._desk.compute(keep, path, made)
            row["from"] = "model"
        await self._progress.step("phrasing", len(rows), len(rows), began)

    async def _finish(self, spec: Spec, template: Template, sections: list[Json], task: Json) -> None:
        """Keep the version, render it, and say that the job is done."""
        data = self._record.data
        number = len(data["versions"]) + 1
        made_at = iso(self._desk.clock())
        about = {
            "id": self._record.id, "number": number, "title": template.title.within(spec.language),
            "template_version": template.version, "author": data["author"], "bank": self._desk.settings.bank,
            "made_at": made_at, "last": None,
        }  # fmt: skip
        if data["versions"]:
            last = data["versions"][-1]
            about["last"] = (last["number"], last["sha256"])
        began = time.perf_counter()
        await self._progress.step("assembling", 0, 1)
        made = await self._run("jobs.finishing:assemble", {**self._shared(spec), "sections": sections, "about": about})
        await self._progress.step("assembling", 1, 1, began)
        faults = await self._render(number, made["sha256"])
        version = {
            "number": number, "made_at": made_at, "by": task.get("by", data["author"]), "why": task.get("why", "made"),
            "section": task.get("section"), "sha256": made["sha256"], "by_model": made["by_model"], "review": None,
        }  # fmt: skip
        self._settle(made["sections"])
        await self._progress.change(
            {
                "state": "done", "task": None, "runner": None, "error": None, "ended_at": iso(self._desk.clock()),
                "versions": [*data["versions"], version], "untraced": made["untraced"],
                "untraced_texts": made["untraced_texts"], "render_faults": faults, "faults": spec.faults,
            }
        )  # fmt: skip

    def _settle(self, made: Sequence[Json]) -> None:
        """Let the rows of sections be those of the version, those that every report ends with among them."""
        known = {one["id"]: one for one in self._progress.sections}
        rows = []
        for one in made:
            before = known.get(one["id"], {"level": 1, "state": "done", "fault": None})
            rows.append({**before, **{name: value for name, value in one.items() if value is not None}, "from": None})
        self._progress.sections = rows

    async def _render(self, number: int, sha256: str) -> Json:
        """Make the files that are asked for most; what is wrong with the bank's template is said, and ends nothing."""
        began, faults = time.perf_counter(), {}
        await self._progress.step("rendering", 0, len(_RENDERED))
        more = {"draft": True, "sign_off": None, "comments": (), "label_producer": self._desk.context.label_producer}
        shared = {
            "job": str(self._folder),
            "version": number,
            "sha256": sha256,
            "own": str(self._desk.own),
            "more": more,
        }
        items = [{**shared, "template": self._record.data["template"], "name": name} for name in _RENDERED]
        async with aclosing(self._each("jobs.finishing:render", items, whatever=True)) as ended:
            async for at, made in ended:
                if isinstance(made, ApplianceError):
                    faults[_RENDERED[at]] = made.render(self._record.data["language"])
        await self._progress.step("rendering", len(_RENDERED), len(_RENDERED), began)
        return faults

    def _shared(self, spec: Spec) -> Json:
        return {"job": str(self._folder), "spec": spec.model_dump(mode="json"), "own": str(self._desk.own)}

    async def _run(self, function: str, arguments: Mapping[str, Any]) -> Json:
        made: Json = await self._desk.context.tasks.run(function, arguments)
        return made

    async def _each(
        self, function: str, items: Sequence[Mapping[str, Any]], *, whatever: bool = False
    ) -> AsyncGenerator[tuple[int, Json | ApplianceError], None]:
        """Yield (index, result, or why there is none) as they end.

        A process that cannot be had, or is too slow or too large, ends them all; with `whatever` nothing does.
        """

        async def one(name: str, arguments: Mapping[str, Any]) -> Json | ApplianceError:
            try:
                return await self._run(name, arguments)
            except ApplianceError as error:
                failed = error.code in ("task_failed", "task_lost")
                if whatever or failed or isinstance(error, RequestError | ConfigError):
                    return error
                raise

        async with aclosing(as_they_end(one, function, items, _AT_ONCE)) as ended:
            async for pair in ended:
                yield pair


def _edited(data: Json) -> set[str]:
    """Return the sections that a person wrote; they stand in the newest version."""
    return {one["id"] for one in data["sections"] if one.get("edited_by")} if data["versions"] else set()
