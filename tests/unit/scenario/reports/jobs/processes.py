"""`Tasks` in processes of their own that may be killed, as the appliance's workers are."""

import asyncio
import os
import pickle
import struct
import sys
from pathlib import Path

from appliance.core.errors import ApplianceError, EngineFailed
from appliance.core.messages import _
from appliance.scenario.tasks import as_they_end

ROOT = Path(__file__).resolve().parents[5]
RETRIES = 2
WORKER = """
import os, pickle, struct, sys
from appliance.core.errors import ApplianceError
from appliance.scenario.tasks import function_in
answers, sys.stdout = os.fdopen(os.dup(1), "wb"), sys.stderr
while head := sys.stdin.buffer.read(8):
    function, arguments = pickle.loads(sys.stdin.buffer.read(struct.unpack("<Q", head)[0]))
    try:
        made = function_in("scenarios.reports", function)(**arguments)
    except ApplianceError as error:
        made = error
    told = pickle.dumps(made)
    answers.write(struct.pack("<Q", len(told)) + told)
    answers.flush()
"""


class ProcessTasks:
    """Two workers; what one was doing when it died another does again, as often as Ray lets it.

    `pids` has by function the workers that began it, `begun` is set once one has begun `waiting_for`.
    """

    def __init__(self):
        self.pids = {}
        self.deaths = 0
        self.begun = asyncio.Event()
        self.waiting_for = ""
        self._idle = []
        self._all = []
        self._room = asyncio.Semaphore(2)

    async def run(self, function, arguments):
        sent = pickle.dumps((function, dict(arguments)))
        async with self._room:
            for _attempt in range(1 + RETRIES):
                worker = self._idle.pop() if self._idle else await self._started()
                self.pids.setdefault(function, []).append(worker.pid)
                if function == self.waiting_for:
                    self.begun.set()
                try:
                    made = await self._asked(worker, sent)
                except (asyncio.IncompleteReadError, ConnectionError):
                    self.deaths += 1
                    await worker.wait()
                    continue
                self._idle.append(worker)
                if isinstance(made, ApplianceError):
                    raise made
                return made
        raise EngineFailed(_("The folder {id} has no files.", id=function), code="task_lost")

    def map(self, function, items, *, most_at_once=0):
        return as_they_end(self.run, function, items, most_at_once or 2)

    async def _started(self):
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self._all.append(worker)
        return worker

    @staticmethod
    async def _asked(worker, sent):
        worker.stdin.write(struct.pack("<Q", len(sent)) + sent)
        await worker.stdin.drain()
        (size,) = struct.unpack("<Q", await worker.stdout.readexactly(8))
        return pickle.loads(await worker.stdout.readexactly(size))

    async def end(self):
        """End the workers."""
        for worker in self._all:
            await ended(worker)


async def ended(process):
    """End a process, and let go of its pipes while the loop still runs."""
    if process.returncode is None:
        process.kill()
    await process.wait()
    process._transport.close()
