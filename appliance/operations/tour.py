"""One question to each endpoint after a start, and what came back."""

import base64
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.config.home import Home
from appliance.core.errors import ApplianceError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.operations.client import ApplianceClient
from appliance.scenario.places import find_pack

_CHAT = "What is a savings account? Answer in one sentence."
_PROMPT = "A bank keeps money"
_SENTENCE = "开户需要带什么证件？"
_LONG_LINES = 6


@dataclass(frozen=True)
class TourRow:
    """One endpoint: what was asked, the answer's first words, its sources, the time taken in seconds."""

    endpoint: str
    asked: str
    answer: str
    sources: tuple[str, ...]
    seconds: float
    ok: bool

    @property
    def is_long(self) -> bool:
        """Whether the answer is a text of many lines, which no cell of a table holds."""
        return self.ok and self.answer.count("\n") >= _LONG_LINES


@dataclass(frozen=True)
class Tour:
    """The whole tour, the gateway's address and the file that holds the admin key."""

    rows: tuple[TourRow, ...]
    address: str
    admin_key_file: Path


def take_tour(
    client: ApplianceClient, home: Home, models: Collection[str], scenarios: Iterable[str]
) -> Iterator[TourRow]:
    """Ask each endpoint one question, and each chat model; yield what came back, a failure as a row too."""
    yield _visit("GET /v1/models", "", lambda: _models(client))
    for model in models:
        asked = f"{model}: {_CHAT}" if len(models) > 1 else _CHAT
        yield _visit("POST /v1/chat/completions", asked, partial(_chat, client, model))
    for model in list(models)[:1]:
        yield _visit("POST /v1/completions", _PROMPT, partial(_complete, client, model))
    yield _visit("POST /v1/embeddings", _SENTENCE, lambda: _embedding(client))
    for name in scenarios:
        for action, payload in find_pack(home, name).smoke:
            endpoint = f"POST /v1/scenarios/{name}/{action}"
            yield _visit(endpoint, _asked(payload), partial(_scenario, client, home, name, action, payload))
    yield _visit("GET /readyz", "", lambda: (client.ready(), ()))


def _visit(endpoint: str, asked: str, call: Callable[[], tuple[str, tuple[str, ...]]]) -> TourRow:
    started = time.perf_counter()
    try:
        answer, sources = call()
        ok = True
    except ApplianceError as error:
        answer, sources, ok = str(error), (), False
    return TourRow(endpoint, asked, answer, sources, time.perf_counter() - started, ok)


def _asked(payload: Mapping[str, object]) -> str:
    """Return what a request asks in a few words: its question, or the sample that it names."""
    return str(payload.get("question") or payload.get("message") or payload.get("sample") or payload)


def _models(client: ApplianceClient) -> tuple[str, tuple[str, ...]]:
    return ", ".join(model["id"] for model in client.models()), ()


def _chat(client: ApplianceClient, model: str) -> tuple[str, tuple[str, ...]]:
    return client.chat(model, _CHAT, max_tokens=24), ()


def _complete(client: ApplianceClient, model: str) -> tuple[str, tuple[str, ...]]:
    return client.complete(model, _PROMPT, max_tokens=12), ()


def _embedding(client: ApplianceClient) -> tuple[str, tuple[str, ...]]:
    vector = client.embed("embedder", _SENTENCE)
    return str(
        _("{count} numbers: {first:.3f}, {second:.3f}, …", count=len(vector), first=vector[0], second=vector[1])
    ), ()


def _scenario(
    client: ApplianceClient, home: Home, name: str, action: str, payload: Mapping[str, object]
) -> tuple[str, tuple[str, ...]]:
    reply = client.run_scenario(name, action, dict(payload))
    charts = [str(_("Chart: {path}", path=path)) for path in _saved(home, name, reply.get("charts", ()))]
    files = [str(_("File: {path}", path=path)) for path in _fetched(client, home, name, reply.get("downloads", ()))]
    answer = "\n".join([str(reply.get("answer", reply)), *charts, *files])
    return answer, tuple(source_of(citation) for citation in reply.get("citations", ()))


def _saved(home: Home, scenario: str, charts: Iterable[Mapping[str, str]]) -> Iterator[Path]:
    """Write the charts of an answer into the home folder, over those of the tour before; yield the files."""
    for chart in charts:
        path = home.tour_charts / f"{scenario}-{chart['name']}.png"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(path, base64.b64decode(chart["png_base64"]))
        yield path


def _fetched(
    client: ApplianceClient, home: Home, scenario: str, downloads: Iterable[Mapping[str, str]]
) -> Iterator[Path]:
    """Get the files that an answer tells of into the home folder, over those of the tour before; yield them."""
    for file in downloads:
        path = home.tour_files / f"{scenario}-{Path(file['name']).name}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(path, client.fetch("GET", file["path"]).content)
        yield path


def source_of(citation: Mapping[str, object]) -> str:
    """Return where a citation is from: the document with its page, or its section."""
    if citation.get("page"):
        return str(_("{document}, page {page}", document=citation["document"], page=citation["page"]))
    if citation.get("section"):
        return f"{citation['document']}, {citation['section']}"
    return str(citation["document"])
