"""The scenario reports over the HTTP API with one key: folders of papers, jobs, sign-off, files."""

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import httpx

from appliance.core.errors import InvalidRequest
from appliance.core.files import unreadable
from appliance.core.messages import _

Json = dict[str, Any]
_ROOT: Final = "/v1/scenarios/reports"
_LOOK_S: Final = 1.0


class Caller(Protocol):
    """What `ApplianceClient` offers; it raises the error tree."""

    def call(
        self, method: str, path: str, *, body: Json | None = None, params: Mapping[str, str] | None = None
    ) -> Json:
        """Return a route's JSON object."""
        ...

    def fetch(self, method: str, path: str, *, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Return a route's whole answer."""
        ...


class ReportDesk:
    """The scenario as the key's holder may use it. Methods raise as `ApplianceClient` does."""

    def __init__(self, client: Caller, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._pause = pause

    def templates(self) -> Json:
        """Return the templates with the papers that each wants, and what is wrong with the bank's own."""
        return self._client.call("GET", f"{_ROOT}/templates")

    def folders(self) -> list[Json]:
        """Return the folders, newest first."""
        rows: list[Json] = self._client.call("GET", f"{_ROOT}/folders")["data"]
        return rows

    def make_folder(self, name: str, subject: str) -> Json:
        """Make a folder."""
        return self._client.call("POST", f"{_ROOT}/folders", body={"name": name, "subject": subject})

    def sample_folder(self, sample: str, language: str) -> Json:
        """Return the folder with a made-up company's papers in a language; where there is none, make and fill one."""
        held = f"{sample} {language}"
        for row in self.folders():
            if row.get("sample") == held:
                return row
        made = self.make_folder(f"{sample} ({language})", "")
        body = {"sample": sample, "language": language}
        return self._client.call("POST", f"{_ROOT}/folders/{_part(str(made['id']))}/sample", body=body)

    def upload(self, folder: str, file: Path) -> Json:
        """Put a file into a folder; return the folder. Raises `InvalidRequest` where it cannot be read."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise unreadable(file, error) from error
        body = {"name": file.name, "content_base64": base64.b64encode(content).decode("ascii")}
        return self._client.call("POST", f"{_ROOT}/folders/{_part(folder)}/files", body=body)

    def start(self, request: Json) -> Json:
        """Start a job; return it."""
        return self._client.call("POST", _ROOT, body=request)

    def jobs(self) -> list[Json]:
        """Return the newest jobs."""
        rows: list[Json] = self._client.call("GET", f"{_ROOT}/jobs")["data"]
        return rows

    def job(self, job: str) -> Json:
        """Return one job with its progress."""
        return self._client.call("GET", f"{_ROOT}/jobs/{_part(job)}")

    def follow(self, job: str) -> Iterator[Json]:
        """Yield a job again and again until it has ended; its last state comes last."""
        while True:
            told = self.job(job)
            yield told
            if told["state"] in ("done", "failed"):
                return
            self._pause(_LOOK_S)

    def answer(self, job: str, answers: Mapping[str, str]) -> Json:
        """Answer questions of a job, which is made again; return it."""
        return self._client.call("POST", f"{_ROOT}/jobs/{_part(job)}/answers", body={"answers": dict(answers)})

    def submit(self, job: str) -> Json:
        """Submit the newest version to the reviewers."""
        return self._client.call("POST", f"{_ROOT}/jobs/{_part(job)}/submission", body={})

    def delete(self, job: str) -> Json:
        """End a job and delete all that came of it."""
        return self._client.call("DELETE", f"{_ROOT}/jobs/{_part(job)}")

    def file(self, job: str, form: str, version: int | None, *, draft: bool, comments: bool | None = None) -> bytes:
        """Return a report as a file of a format; a draft is marked on every page.

        `comments`: whether people's remarks stand in it; None: unless it is signed.
        """
        params = {"draft": "true"} if draft else {}
        if comments is not None:
            params["comments"] = str(comments).lower()
        if version is not None:
            params["version"] = str(version)
        return self._client.fetch("GET", f"{_ROOT}/jobs/{_part(job)}/files/{_part(form)}", params=params).content


def papers_in(place: Path) -> list[Path]:
    """Return the files of a folder on this machine by name, or the one file. Raises `InvalidRequest` for none."""
    try:
        found = [place] if place.is_file() else sorted(path for path in place.iterdir() if path.is_file())
    except OSError as error:
        raise unreadable(place, error) from error
    files = [path for path in found if not path.name.startswith(".")]
    if not files:
        raise InvalidRequest(_("There are no files in {folder}.", folder=place), _("Name the folder with the papers."))
    return files


def read_answers(pairs: list[str]) -> dict[str, str]:
    """Return answers given as QUESTION=TEXT. Raises `InvalidRequest`."""
    answers: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals and text.strip()):
            raise InvalidRequest(
                _("{text} is no answer.", text=repr(pair[:80])),
                _("Write QUESTION=TEXT; `appliance reports status JOB` shows the questions."),
                param="answers",
            )
        answers[name] = text.strip()
    return answers


def write_file(path: Path, content: bytes) -> None:
    """Write a file that was fetched. Raises `InvalidRequest`."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be written: {reason}.", path=path, reason=error.strerror or str(error)),
            _("Name a file in a folder that this user may write to."),
            param="file",
        ) from error


def _part(text: str) -> str:
    return quote(text, safe="")
