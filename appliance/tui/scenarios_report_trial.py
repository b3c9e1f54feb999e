"""Try the report generator: made-up papers, a job, and how far it is until it has ended."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final
from urllib.parse import quote

from appliance.core.errors import NotRunning, Unavailable
from appliance.core.messages import Message, _
from appliance.tui.scenarios_source import ROOT, ScenariosSource
from appliance.tui.scenarios_trials import Offer, Told, read_as
from appliance.tui.widgets.report_text import Job, report_job

_REPORTS: Final = f"{ROOT}/reports"
_SAMPLE: Final = "company-3"
_TEMPLATE: Final = "due-diligence"
_LOOK_S: Final = 1.0
_MISSED: Final = 20
"""Looks in a row that may fail."""


class ReportTrial:
    """A due-diligence report of a made-up company. The job goes on where nobody waits for it."""

    wording: Message | None = None
    limit_s = 1800.0
    left = _("You did not wait for the report; it is made nevertheless: `appliance reports status` shows it.")

    def __init__(self, source: ScenariosSource, pause: Callable[[float], Awaitable[None]]) -> None:
        self._source, self._pause = source, pause

    async def offers(self, language: str) -> tuple[Offer, ...]:
        """Return the sample in both languages, the reader's first."""
        both = (
            Offer("zh_CN", _("Due-diligence report of a made-up company, in Chinese"), _("takes a minute or two")),
            Offer("en", _("Due-diligence report of a made-up company, in English"), _("takes a minute or two")),
        )
        return tuple(sorted(both, key=lambda one: one.key != language))

    def command(self, asked: Offer | str) -> str:
        """Return the command that finds or makes the papers and starts the job, before either has an id."""
        language = asked.key if isinstance(asked, Offer) else asked
        return f"appliance reports sample {_SAMPLE} --template {_TEMPLATE} --report-language {language} --wait"

    async def run(self, asked: Offer | str) -> AsyncGenerator[Told, None]:
        """Find or make the papers, start the job, and look at it until it has ended."""
        language = asked.key if isinstance(asked, Offer) else asked
        folder = await self._folder(language)
        body = {"folder": folder, "template": _TEMPLATE, "language": language}
        job = read_as(Job, await self._source.call("POST", _REPORTS, body))
        missed = 0
        while True:
            yield _told(job)
            if job.state in ("done", "failed"):
                return
            await self._pause(_LOOK_S)
            try:
                job = read_as(Job, await self._source.call("GET", f"{_REPORTS}/jobs/{quote(job.id, safe='')}"))
                missed = 0
            except (NotRunning, Unavailable):  # a replica or a gateway that starts again; the job goes on
                missed += 1
                if missed > _MISSED:
                    raise

    async def _folder(self, language: str) -> str:
        """Return the id of a folder with the papers, one that is there already or a new one."""
        sample = f"{_SAMPLE} {language}"
        folders = await self._source.call("GET", f"{_REPORTS}/folders")
        for one in folders.get("data", ()):
            if one.get("sample") == sample:
                return str(one["id"])
        made = await self._source.call("POST", f"{_REPORTS}/folders", {"name": f"{_SAMPLE} ({language})"})
        place = f"{_REPORTS}/folders/{quote(str(made['id']), safe='')}/sample"
        await self._source.call("POST", place, {"sample": _SAMPLE, "language": language})
        return str(made["id"])


def _told(job: Job) -> Told:
    return Told(lambda language: report_job(job, language), f"appliance reports status {job.id} --wait")
