"""A gateway's files and batches, and their runner without Serve."""

import asyncio
import json

from appliance.config.governing import BatchSettings
from appliance.core.principal import Principal
from appliance.serving.batch.runner import Answer, BatchRunner, Questions
from appliance.serving.gateway.batches import open_batches
from appliance.state.batches.records import Page, Result

CHAT = "/v1/chat/completions"
ALICE = Principal("default", "caller", "lma-alice", priority="batch")


def line(custom_id, body=None, **changes):
    """Return a line of an input file."""
    body = {"model": "general", "messages": [{"role": "user", "content": "Hi"}]} if body is None else body
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": CHAT, "body": body, **changes})


class Ticks:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Desk:
    """Files and batches in `database`, as of one key."""

    def __init__(self, database, folder, **settings):
        self.batches = open_batches(database, folder, BatchSettings(**settings))
        self.ticks = Ticks()

    def submit(self, *lines, who=ALICE, endpoint=CHAT):
        """Upload lines and make a batch of them; return its id."""
        with self.batches.files.draft() as draft:
            draft.write("".join(f"{one}\n" for one in lines).encode())
        file = self.batches.files.add(draft, who, "in.jsonl")
        return self.batches.batches.create(who, file.id, endpoint, {}).id

    def runner(self, ask, caller=lambda _batch: ALICE, waiting=0):
        """Return a runner with stand-ins for what it asks."""

        async def interactive():
            return waiting() if callable(waiting) else waiting

        questions = Questions(ask, caller, interactive, lambda _tenant: {"policy": "1"})
        return BatchRunner(self.batches, questions, 10_000, ticks=self.ticks)

    def record(self, batch_id):
        """Return a batch as the head office sees it."""
        root = Principal("default", "admin", "lma-root")
        return self.batches.batches.get(root, batch_id)

    def files(self):
        """Return every file there is."""
        return self.batches.files.list(Principal("default", "admin", "lma-root"), Page(1000))[0]

    def lines(self, file_id):
        """Return the lines of a file as JSON."""
        text = self.batches.files.path(file_id).read_text(encoding="utf-8")
        return [json.loads(one) for one in text.splitlines()]

    def report(self, batch_id):
        """Return a batch's report for compliance."""
        path = self.batches.files.path(self.record(batch_id).compliance_file_id)
        return json.loads(path.read_text(encoding="utf-8"))

    async def run(self, runner, batch_id, status=("completed", "failed", "expired", "cancelled"), turns=400):
        """Let a runner work until a batch has a status; return the batch."""
        for _turn in range(turns):
            await runner.turn()
            await runner.idle()
            found = self.record(batch_id)
            if found.status in status:
                return found
            self.ticks.now += 1
            await asyncio.sleep(0)
        raise AssertionError(f"it never came to that: {self.record(batch_id)}")


class Engine:
    """Stands for the application: answers by custom script, and notes what it was asked."""

    def __init__(self, *statuses, retry_after_s=None, takes_s=0.0):
        self.statuses = list(statuses)
        self.retry_after_s = retry_after_s
        self.takes_s = takes_s
        self.asked = []
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, who, path, body, request_id):
        self.asked.append(request_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(status, Exception):
            raise status
        return Answer(Result(status, request_id, json.dumps({"echo": json.loads(body)})), self.retry_after_s)
