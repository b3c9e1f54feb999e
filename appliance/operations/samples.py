"""Load the sample documents that come with the scenarios, once."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from appliance.config.home import Home
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.knowledge.evaluation.manifest import Entry, load_series
from appliance.operations.client import ApplianceClient
from appliance.operations.knowledge_client import Json, KnowledgeClient
from appliance.scenario.pack import SampleBase
from appliance.scenario.places import find_pack

_LOOK_AGAIN_S = 1.0
_LONGEST_WAIT_S = 600.0
_EVERY_TENANT = ("*",)  # samples are nobody's secret


def load_samples(client: ApplianceClient, home: Home, scenarios: Iterable[str]) -> Iterator[Progress]:
    """Upload each scenario's sample documents that its knowledge base does not hold yet, and wait for their index.

    Raises `InvalidRequest` for a list of documents that is not valid, and what the client raises.
    """
    for name in scenarios:
        for base in find_pack(home, name).sample_bases:
            yield from _load(client.knowledge, base)


def _load(knowledge: KnowledgeClient, base: SampleBase) -> Iterator[Progress]:
    knowledge.ensure_base(base.name, base.title, _EVERY_TENANT)
    held = {row["name"]: row for row in knowledge.documents(base.name)}
    series = load_series(base.folder)
    missing = [versions for versions in series if not _is_held(base.folder / versions[-1].file, held)]
    title = _("Load sample documents into {base}", base=base.name)
    step = f"samples.{base.name}"
    if not missing:
        yield Progress(step, title, "skipped", _("all {count} are there", count=len(series)))
        return
    for number, versions in enumerate(missing):
        yield Progress(step, title, "running", _("{path}", path=versions[-1].file), number / len(missing) / 2)
        _upload(knowledge, base, versions, held)
    names = {versions[-1].file for versions in missing}
    deadline = time.monotonic() + _LONGEST_WAIT_S
    while waiting := [row["name"] for row in _rows(knowledge, base, names) if row["status"] == "pending"]:
        if time.monotonic() > deadline:
            yield Progress(step, title, "failed", _("still being indexed: {count}", count=len(waiting)))
            return
        done = 1 - len(waiting) / len(missing)
        yield Progress(step, title, "running", _("indexing {path}", path=waiting[0]), 0.5 + done / 2)
        time.sleep(_LOOK_AGAIN_S)
    failed = [row for row in _rows(knowledge, base, names) if row["status"] == "failed"]
    if failed:
        yield Progress(
            step, title, "failed", _("{path}: {reason}", path=failed[0]["name"], reason=failed[0]["reason"])
        )  # fmt: skip
        return
    yield Progress(step, title, "done", _("documents: {count}", count=len(missing)))


def _rows(knowledge: KnowledgeClient, base: SampleBase, names: set[str]) -> list[Json]:
    return [row for row in knowledge.documents(base.name) if row["name"] in names]


def _upload(knowledge: KnowledgeClient, base: SampleBase, versions: Sequence[Entry], held: dict[str, Json]) -> None:
    """Upload a document's versions, oldest first; a sample that is held in another state gets a new version."""
    row = held.get(versions[-1].file)
    if row is not None and row["sha256"] == _digest(base.folder / versions[-1].file):
        return  # it failed before; the same bytes again would fail again
    document_id = None if row is None else str(row["id"])
    for entry in versions if row is None else versions[-1:]:
        added = knowledge.add_document(
            base.name, base.folder / entry.file, wait=False, details=entry.details, version_of=document_id
        )
        document_id = str(added["id"])


def _is_held(path: Path, held: dict[str, Json]) -> bool:
    row = held.get(path.name)
    return row is not None and row["status"] != "failed" and row["sha256"] == _digest(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
