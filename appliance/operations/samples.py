"""Load the sample documents that come with the scenarios, once."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from appliance.config.home import Home
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.client import ApplianceClient
from appliance.scenario.places import find_pack


def load_samples(client: ApplianceClient, home: Home, scenarios: Iterable[str]) -> Iterator[Progress]:
    """Upload each scenario's sample documents that its knowledge base does not hold yet; yield each file's news."""
    for name in scenarios:
        for base in find_pack(home, name).sample_bases:
            client.ensure_base(base.name, base.title)
            held = {document["sha256"] for document in client.documents(base.name) if document["status"] == "indexed"}
            files = sorted(path for path in base.folder.iterdir() if path.is_file() and path.name != "README.md")
            missing = [path for path in files if _digest(path) not in held]
            title = _("Load sample documents into {base}", base=base.name)
            step = f"samples.{base.name}"
            if not missing:
                yield Progress(step, title, "skipped", _("all {count} are there", count=len(files)))
                continue
            for number, path in enumerate(missing):
                yield Progress(step, title, "running", _("{path}", path=path.name), number / len(missing))
                client.add_document(base.name, path, wait=True)
            yield Progress(step, title, "done", _("documents: {count}", count=len(missing)))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
