"""A recorded machine in place of this one, for the pages of the first start."""

from pathlib import Path

from appliance.catalogue.plan import Plan, Refusal
from appliance.catalogue.wish import ServiceLevel
from appliance.core.clock import utc_now
from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.doctor import Check
from appliance.operations.setup.finding import FoundPackage
from appliance.operations.tour import Tour, TourRow
from appliance.packages.signed.manifest import Manifest
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


class RecordedSetup:
    """Gives what it was filled with, and remembers what it was asked to do."""

    answers_file = Path("/srv/appliance/answers.yaml")

    def __init__(self, checks=GOOD, found=FOUND, left=None, fails=()) -> None:
        self.given_checks, self.found, self.given_left = checks, found, left
        self.fails = list(fails)
        self.looked_in, self.written, self.ran = [], [], []

    def left(self):
        return self.given_left

    def checks(self, _site):
        yield from self.given_checks

    def addresses(self):
        return [Address("10.20.0.11", "eno1")]

    def packages(self, folder):
        self.looked_in.append(folder)
        return self.found

    def plan(self, _site, users):
        reason = _("The weights alone need {needed}.", needed="15.0 GiB")
        return Plan(ServiceLevel(users=users), (), (Refusal("general", "qinglan-7b", reason),), ())

    def write(self, answers):
        self.written.append(answers)

    def run(self, answers, password):
        self.ran.append((answers, password))
        yield Progress("setup.checks", _("Check this machine"), "done")
        yield Progress("setup.site", _("Write the site file"), "done")
        if self.fails:
            raise self.fails.pop(0)
        yield Progress("application.model-general", _("Start the model {name}", name="general"), "done")
        row = TourRow("POST /v1/chat/completions", "?", "!", (), 0.5, True)
        yield Tour((row,), "http://10.20.0.11:8080/v1", Path("/srv/appliance/admin.key"))

    def log_lines(self):
        return ["launch.log", "loading weights", "\x1b[31mred\x1b[0m"]

    def ask(self, question):
        if question == "?":
            raise InvalidRequest(_("Write a question."))
        return "Up to six months.", ("mortgage-policy.pdf, page 2",)
