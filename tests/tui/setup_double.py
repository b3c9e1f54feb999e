"""A recorded machine in place of this one, for the pages of the first start."""

import threading
from pathlib import Path

from appliance.catalogue.plan import Plan, Refusal
from appliance.catalogue.wish import ServiceLevel
from appliance.core.clock import utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.doctor import Check
from appliance.operations.nodes.joining import Joined
from appliance.operations.setup.finding import FoundPackage
from appliance.operations.tour import Tour, TourRow
from appliance.packages.signed.manifest import Manifest
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.source import Address

GOOD = [
    Check("memory", _("Memory"), "ok", _("{free} free", free="251 GiB")),
    Check("disk", _("Disk"), "ok", _("{free} free", free="1.8 TiB")),
    Check(
        "shared_memory", _("Shared memory"), "warning", _("{free} free", free="64 MiB"),
        _("Give /dev/shm at least 1 GiB: `mount -o remount,size=1G /dev/shm`."),
    ),
]  # fmt: skip
BAD = [*GOOD, Check("port", _("Port"), "failed", _("in use"), _("Stop what listens there, or take another port."))]


def manifest(name, kind="model", **more):
    given = {
        "schema": 1, "kind": kind, "name": name, "version": "1.2", "release_counter": 3,
        "created": utc_now(), "files": [{"path": "card.yaml", "size": 10, "sha256": "0" * 64}], "total_unpacked": 10,
        "key_ids": ["0123456789ABCDEF"], "licence": "Apache-2.0", "source": "maker",
    }  # fmt: skip
    return Manifest.model_validate(given | more)


STICK = Path("/media/stick")
FOUND = [
    FoundPackage(STICK / "qinglan-7b.lmab", 15_300_000_000, manifest("qinglan-7b"), "0123456789ABCDEF"),
    FoundPackage(
        STICK / "own-words.lmab", 42_000, manifest("own-words", "lexicon"), "FEDCBA9876543210", STICK / "maker.pub"
    ),
    FoundPackage(
        STICK / "large.lmab", 170_000_000_000, manifest("large"), "0123456789ABCDEF",
        fault=_("it needs {needed} of disk, {free} are free", needed="190.0 GiB", free="80.0 GiB"),
    ),
]  # fmt: skip

MODELS = [
    FoundPackage(STICK / f"{name}.lmab", size, manifest(name, alias=alias), "0123456789ABCDEF")
    for name, size, alias in (
        ("qinglan-7b", 15_300_000_000, None),
        ("qinglan-finance-7b", 15_300_000_000, None),
        ("coder-7b", 9_000_000, None),
    )
]  # fmt: skip


class RecordedSetup:
    """Gives what it was filled with, and remembers what it was asked to do."""

    answers_file = Path("/srv/appliance/answers.yaml")
    log_folder = None

    def __init__(self, checks=GOOD, found=FOUND, left=None, fails=(), elsewhere=None) -> None:
        self.given_checks, self.found, self.given_left, self.elsewhere = checks, found, left, elsewhere
        self.fails = list(fails)
        self.looked_in, self.written, self.ran, self.planned = [], [], [], []
        self.planned_with, self.abandoned = [], 0

    def left(self):
        return self.given_left

    def checks(self, _site):
        yield from self.given_checks

    def addresses(self):
        return [Address("10.20.0.11", "eno1")]

    def packages(self, folder, chosen=()):
        self.looked_in.append(folder)
        here = self.elsewhere if folder is not None and self.elsewhere is not None else self.found
        known = {one.file: one for one in (*self.found, *(self.elsewhere or ()))}
        files = {one.file for one in here}
        return [*here, *(known[file] for file in chosen if file not in files)]

    def plan(self, site, users, packages=()):
        self.planned.append(site)
        self.planned_with.append((users, packages))
        reason = _("The weights alone need {needed}.", needed="15.0 GiB")
        return Plan(ServiceLevel(users=users), (), (Refusal("general", "qinglan-7b", reason),), ())

    def write(self, answers):
        self.written.append(answers)

    def run(self, answers, password):
        self.ran.append((answers, None if password is None else password.get_secret_value()))
        yield Progress("setup.checks", _("Check this machine"), "done")
        yield Progress("setup.site", _("Write the site file"), "done")
        if self.fails:
            raise self.fails.pop(0)
        if answers.role == "join":
            yield Joined("n1", "node-b", "10.20.0.12", "10.20.0.1")
            return
        yield Progress("application.model-general", _("Start the model {name}", name="general"), "done")
        row = TourRow("POST /v1/chat/completions", "?", "!", (), 0.5, True)
        yield Tour((row,), "http://10.20.0.11:8080/v1", Path("/srv/appliance/admin.key"))

    def abandon(self):
        self.abandoned += 1

    def key_file(self):
        return Path("/srv/appliance/admin.key")

    def log_lines(self):
        return ["launch.log", "loading weights", "\x1b[31mred\x1b[0m"]

    def ask(self, question):
        if question == "?":
            raise InvalidRequest(_("Write a question."))
        return "Up to six months.", ("mortgage-policy.pdf, page 2",)


class Slow(RecordedSetup):
    """Stays in the middle of its work until it may end."""

    def __init__(self, **given) -> None:
        super().__init__(**given)
        self.may_end = threading.Event()

    def run(self, answers, password):
        yield Progress("setup.keys", _("Trust the key {file}", file="maker.pub"), fraction=0.4)
        while not self.may_end.wait(3):  # whoever follows can end it here
            yield Progress("setup.keys", _("Trust the key {file}", file="maker.pub"), fraction=0.4)
        yield from super().run(answers, password)


TOKEN = f"njt_{'0' * 26}.{'s' * 43}.{'a' * 32}"


def joining(source, page, language="en"):
    """An app at the first page that one more machine has of its own, with everything written."""
    app = SetupApp(source, language)
    app.draft = app.with_answer(role="join", head="10.20.0.1", token=TOKEN, node_name="node-b")
    app._page = page
    return app
