"""The peer port: nodes of the appliance give each other packages; who shows no node's certificate stays outside."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from appliance.cluster.certificates import client_context, node_files
from appliance.cluster.enrolment import FACTS_PATH
from appliance.cluster.fetching import FETCH_PATH, FILES_PATH, fetch_packages
from appliance.cluster.membership import Peer
from appliance.config.home import Home
from appliance.core.errors import ApplianceError, NotFound, PermissionDenied
from appliance.core.messages import _
from appliance.core.validation import invalid_request
from appliance.hardware.discovery import discover
from appliance.packages.sharing import SharedPackage, files_by_checksum, packages_here
from appliance.packages.signed.building import Moved
from appliance.serving.gateway.inner import NODE, Belongs
from appliance.serving.nodes.answers import HANDLERS, Admitted, language_of, object_in, told_of

_REST_S: Final = 0.1
_NEWS_EVERY_S: Final = 0.5
_PACKAGES: Final = TypeAdapter(tuple[SharedPackage, ...])
_PEERS: Final = TypeAdapter(tuple[Peer, ...])


class _File(FileResponse):
    chunk_size = 1 << 20


class Shelf:
    """Where the content of each checksum lies here; looked up anew when one is asked for that is not known."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._paths: dict[str, Path] = {}
        self._next_look = 0.0
        self._lock = threading.Lock()

    def find(self, checksum: str) -> Path:
        """Return the file. Raises `NotFound`."""
        with self._lock:
            found = self._paths.get(checksum)
            begun = time.monotonic()
            if (found is None or not found.is_file()) and begun >= self._next_look:
                self._paths = files_by_checksum(self._home, packages_here(self._home))
                ended = time.monotonic()
                self._next_look = ended + max(_REST_S, ended - begun)  # half of the time at most
                found = self._paths.get(checksum)
        if found is None or not found.is_file():
            raise NotFound(_("This node has no file of this checksum."), code="file_not_here")
        return found


class PeerDesk:
    """What every node does for the others. `head_id`: who may have it fetch packages; None on the head itself."""

    def __init__(self, home: Home, head_id: str | None) -> None:
        self._home = home
        self._head_id = head_id
        self._shelf = Shelf(home)

    def app(self, belongs: Belongs, *more: BaseRoute) -> ASGIApp:
        """Return the application of the peer port; only nodes that `belongs` knows come in."""
        routes = [
            Route("/health", self.health, methods=["GET"]),
            Route(FACTS_PATH, self.facts, methods=["GET"]),
            Route("/packages", self.packages, methods=["GET"]),
            Route(f"{FILES_PATH}{{checksum}}", self.file, methods=["GET"]),
            Route(FETCH_PATH, self.fetch, methods=["POST"]),
            *more,
        ]
        return Admitted(Starlette(routes=routes, exception_handlers=dict(HANDLERS)), belongs)

    async def health(self, _request: Request) -> JSONResponse:
        """Tell that the service works."""
        return JSONResponse({"status": "ok"})

    async def facts(self, _request: Request) -> JSONResponse:
        """Return what this machine is, as measured now."""
        facts = await run_in_threadpool(discover, folders=(self._home.root,))
        return JSONResponse(facts.model_dump(mode="json"))

    async def packages(self, _request: Request) -> JSONResponse:
        """Return the packages that are whole here."""
        found = await run_in_threadpool(packages_here, self._home)
        return JSONResponse({"packages": [one.model_dump(mode="json") for one in found]})

    async def file(self, request: Request) -> Response:
        """Return a file, or the rest of it (Range)."""
        path = await run_in_threadpool(self._shelf.find, request.path_params["checksum"])
        return _File(path, media_type="application/octet-stream")

    async def fetch(self, request: Request) -> StreamingResponse:
        """Get packages from other nodes, as the head orders; the answer is a line of JSON for each news.

        Lines: `{"done": bytes, "total": bytes}`, at last `{"result": "ok"}` or `{"error": …}`.
        """
        if self._head_id is None or request.scope.get(NODE) != self._head_id:
            raise PermissionDenied(_("Only the head node may ask this."), code="not_the_head")
        body = await object_in(request)
        try:
            packages = _PACKAGES.validate_python(body.get("packages"))
            peers = _PEERS.validate_python(body.get("peers"))
        except ValidationError as error:
            raise invalid_request(error, body) from error
        lines = self._fetching(packages, peers, language_of(request))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    def _fetching(self, packages: tuple[SharedPackage, ...], peers: tuple[Peer, ...], language: str) -> Iterator[str]:
        said = 0.0
        try:
            context = client_context(node_files(self._home.secrets))
            for moved in fetch_packages(self._home, packages, peers, context):
                if time.monotonic() - said >= _NEWS_EVERY_S:
                    said = time.monotonic()
                    yield _line(_of(moved))
        except ApplianceError as error:
            yield _line({"error": told_of(error, language)})
        else:
            yield _line({"result": "ok"})


def _of(moved: Moved) -> dict[str, object]:
    return {"done": moved.done, "total": moved.total}


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"
