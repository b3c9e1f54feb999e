"""Batches from a front end, over the HTTP API: submit, follow, cancel, fetch what came of them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from appliance.core.errors import Conflict, InvalidRequest, NotFound
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.client import ApplianceClient, Json

ENDED: Final = ("completed", "failed", "expired", "cancelled")
"""Statuses that a batch keeps."""

_ROOT: Final = "/v1/batches"
_MOST_A_PAGE: Final = 100
_LOOK_AGAIN_S: Final = 2.0


def list_batches(client: ApplianceClient, most: int = _MOST_A_PAGE) -> list[Json]:
    """Return the newest batches that the key may see, at most so many."""
    found: list[Json] = []
    while len(found) < most:
        params = {"limit": str(min(_MOST_A_PAGE, most - len(found)))}
        if found:
            params["after"] = str(found[-1]["id"])
        page = client.call("GET", _ROOT, params=params)
        found += page["data"]
        if not page["has_more"]:
            break
    return found


def show_batch(client: ApplianceClient, batch_id: str) -> Json:
    """Return one batch. Raises `NotFound`."""
    return client.call("GET", _path(batch_id))


def cancel_batch(client: ApplianceClient, batch_id: str) -> Json:
    """Begin no more of its requests. Raises `NotFound`, `RequestError` where it has ended."""
    return client.call("POST", f"{_path(batch_id)}/cancel")


def submit_batch(client: ApplianceClient, file: Path, endpoint: str) -> Json:
    """Upload a file of requests and make a batch of it. Raises `InvalidRequest`, `BodyTooLarge`."""
    try:
        with file.open("rb") as content:
            uploaded = client.call(
                "POST", "/v1/files", form={"purpose": "batch"}, files={"file": (file.name, content)}
            )  # fmt: skip
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be read: {reason}.", path=file, reason=error.strerror),
            _("Name a file of JSON lines, one request a line."),
            param="file",
        ) from error
    body: Json = {"input_file_id": uploaded["id"], "endpoint": endpoint, "completion_window": "24h"}
    return client.call("POST", _ROOT, body=body)


def follow_batch(
    client: ApplianceClient, batch_id: str, look_again_s: float = _LOOK_AGAIN_S
) -> Iterator[Progress | Json]:
    """Tell how far a batch is until it has ended; the last is the batch itself. Raises `NotFound`."""
    title = _("Run the batch {id}", id=batch_id)
    while True:
        batch = show_batch(client, batch_id)
        counts = batch["request_counts"]
        done, total = counts["completed"] + counts["failed"], counts["total"]
        told = _("{status}, {done} of {total}", status=batch["status"], done=done, total=total)
        if batch["status"] in ENDED:
            yield Progress("batch", title, "done" if batch["status"] == "completed" else "failed", told)
            yield batch
            return
        yield Progress("batch", title, "running", told, done / total if total else None)
        time.sleep(look_again_s)


def write_result(client: ApplianceClient, batch_id: str, kind: str, file: Path) -> int:
    """Write one of a batch's files, `output`, `error` or `compliance`, whole or not at all; return its bytes.

    Raises `NotFound` where the batch has none, `Conflict` while it runs, `DiskFull`.
    """
    batch = show_batch(client, batch_id)
    if batch["status"] not in ENDED:
        raise Conflict(
            _("The batch {id} has not ended: it is {status}.", id=batch_id, status=batch["status"]),
            _("Wait for it, or follow it with `appliance batch show`."),
        )
    file_id = batch[f"{kind}_file_id"]
    if file_id is None:
        raise NotFound(
            _("The batch {id} has no file of this kind: {kind}.", id=batch_id, kind=kind),
            _("`appliance batch show` tells which it has."),
        )
    content = client.fetch("GET", f"/v1/files/{quote(str(file_id), safe='')}/content").content
    try:
        write_durably(file, content)
    except OSError as error:
        raise InvalidRequest(
            _("The file {path} cannot be written: {reason}.", path=file, reason=error.strerror), param="output"
        ) from error
    return len(content)


def _path(batch_id: str) -> str:
    return f"{_ROOT}/{quote(batch_id, safe='')}"
