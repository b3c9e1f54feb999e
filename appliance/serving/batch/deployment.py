"""The runner of batches as a Serve deployment, and its application; it also applies the retention of held answers."""

import asyncio
import fcntl
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.messages import set_language
from appliance.serving.batch.callers import RowCallers
from appliance.serving.batch.calls import InProcess
from appliance.serving.batch.runner import BatchRunner, Questions
from appliance.serving.gateway import logs
from appliance.serving.gateway.app import build_app
from appliance.serving.gateway.context import GatewayContext
from appliance.serving.gateway.directory import Directory
from appliance.serving.gateway.opening import background, open_context
from appliance.serving.gateway.review_retention import erase_for_ever

if TYPE_CHECKING:
    from appliance.serving.handles import Handles

_LOCK_AGAIN_S: Final = 1.0


class Batch:
    """One replica on the head node, where the files are. It listens to nobody: batches come by the database."""

    def __init__(self, home: str, site: SiteConfig, models: "Handles") -> None:
        from ray import serve

        self._home = Home(Path(home))
        logs.configure(self._home.logs, f"batch-{serve.get_replica_context().replica_id.unique_id}")
        self._context = open_context(self._home, site, models)
        self._most_line_bytes = site.gateway.max_body_bytes
        self._tasks: list[asyncio.Task[None]] = []

    async def reconfigure(self, config: dict[str, Any]) -> None:
        """Take the newest directory of models; with the first one the work begins: before, no model is known."""
        self._context.directory = Directory.model_validate(config)
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [*background(self._context), loop.create_task(self._run())]

    async def _run(self) -> None:
        set_language(self._context.default_language)
        with self._home.batch_lock_file.open("w") as lock:
            await _locked(lock)
            async with asyncio.TaskGroup() as group:
                group.create_task(runner_of(self._context, self._most_line_bytes).run_for_ever())
                group.create_task(erase_for_ever(self._context))

    async def check_health(self) -> None:
        """Fail when a background task is gone: batches would wait for ever."""
        for task in self._tasks:
            if task.done():
                reason = "cancelled" if task.cancelled() else repr(task.exception())
                raise RuntimeError(f"the runner of batches ended: {reason}")


def runner_of(context: GatewayContext, most_line_bytes: int) -> BatchRunner:
    """Return the runner of the batches in a gateway's context; its rows go through an application around it."""
    assert context.accounts is not None
    assert context.batches is not None
    questions = Questions(
        ask=InProcess(build_app(context)),
        caller=RowCallers(context.accounts),
        interactive=lambda: context.models.ledger("interactive"),
        policies=lambda tenant: policies_for(context.chain.versions(), tenant),
    )
    return BatchRunner(context.batches, questions, most_line_bytes)


def policies_for(versions: Mapping[str, str], tenant: str) -> dict[str, str]:
    """Return the versions that may be told to a tenant: not the names of others, nor where their lexicons lie."""
    told = {name: version for name, version in versions.items() if ":" not in name}
    return {**told, "policy": versions.get(f"policy:{tenant}", versions.get("policy", ""))}


async def _locked(file: IO[str]) -> None:
    """Return once no other process runs batches: one that is being replaced may still finish its rows."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_LOCK_AGAIN_S)
        else:
            return
