"""A platform's whole life with tiny wheels: install on a bare machine, upgrade, fail, return, die at any step."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from types import SimpleNamespace

import pytest

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import utc_now
from appliance.core.errors import ConfigError, Conflict, DiskFull, InvalidRequest, PackageError
from appliance.core.progress import Progress
from appliance.operations import platform
from appliance.operations.accounts import open_accounts
from appliance.operations.platform_state import check_not_returning, returning, snapshots_of
from appliance.packages.places import this_platform
from appliance.packages.platform import releases
from appliance.packages.platform.releases import Installation
from appliance.packages.signed.trust import Trust
from appliance.state import database
from appliance.state.migrations import Migration
from tests.unit.packages.platform_workshop import LATER_STEP, PYTHON, Maker, run_installer

# Each environment is a real one: some seconds, and minutes where the machine is busy with other things.
pytestmark = pytest.mark.timeout(1800)
SITE = SiteConfig()
POSTGRES = SiteConfig.model_validate({"state": {"url": "postgresql+psycopg://bank@db/appliance"}})
FIRST, SECOND = "0000000001-1.0", "0000000002-2.0"


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def packages(maker):
    """Four releases: the second changes the database, the third does not answer, the fourth changes nothing."""
    return {
        1: maker.build("1.0", 1),
        2: maker.build("2.0", 2, step=LATER_STEP),
        3: maker.build("3.bad", 3, step=LATER_STEP),
        4: maker.build("4.0", 4),
    }


class Box:
    """A machine with an appliance on it."""

    def __init__(self, folder, maker, packages) -> None:
        self.maker, self.packages = maker, packages
        self.prefix, self.home = folder / "opt", Home(folder / "home")
        self.installation = Installation(self.prefix)

    def bootstrap(self, number=1, **environment):
        return run_installer(self.packages[number], self.maker.public, self.prefix, self.home.root, **environment)

    def upgrade(self, number):
        return list(platform.upgrade(self.home, SITE, self.packages[number].package, self.installation))

    def bring(self, other, *numbers):
        """Take releases over from another box, unpacked and with their environments: as if begun before."""
        for folder in (other.prefix / "releases").iterdir():
            if int(folder.name[:10]) in numbers:
                there = self.prefix / "releases" / folder.name
                shutil.copytree(folder, there, symlinks=True)
                for script in (there / "venv" / "bin").iterdir():
                    if not script.is_symlink():
                        script.write_bytes(script.read_bytes().replace(bytes(other.prefix), bytes(self.prefix)))

    def launcher(self):
        """Return what the command line says that its version is."""
        command = [self.prefix / "bin" / "appliance", "--version"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]

    def current(self):
        return (self.prefix / "current").readlink().name

    def starts(self):
        path = self.home.root / "starts"
        return path.read_text().split() if path.exists() else []

    def keys(self):
        with sqlite3.connect(self.home.database) as found:
            return sorted(name for (name,) in found.execute("SELECT name FROM api_keys"))

    def make_key(self, name):
        with open_accounts(self.home, SITE) as accounts:
            accounts.keys.create(name)


@pytest.fixture
def box(tmp_path, maker, packages):
    return Box(tmp_path, maker, packages)


@pytest.fixture(scope="module")
def example(tmp_path_factory, maker, packages):
    """One box with all releases set up: others take them over, which is much faster than making each anew."""
    box = Box(tmp_path_factory.mktemp("example"), maker, packages)
    outcome = box.bootstrap()
    assert outcome.returncode == 0, outcome.stderr
    for number in (2, 3, 4):
        moves = box.installation.take_in(
            packages[number].package, Trust(box.home.trusted_keys), this_platform("cpu"), utc_now()
        )
        *_moved, release = moves
        box.installation.prepare(release, box.home.logs / "platform.log")
    return box


@pytest.fixture
def installed(box, example):
    """A box with the first release in use."""
    (box.prefix / "releases").mkdir(parents=True)
    box.bring(example, 1)
    shutil.copytree(example.home.trusted_keys, box.home.trusted_keys)
    (release,) = box.installation.releases()
    box.installation.activate(release, box.home.root, box.home.logs / "platform.log")
    return box


@pytest.fixture
def ready(installed, example):
    """A box whose upgrades need no new environments."""
    installed.bring(example, 2, 3, 4)
    return installed


@pytest.fixture
def later(monkeypatch):
    """Let this process be one of the release whose database has one step more."""

    def become():
        more = Migration(LATER_STEP, "later", ("CREATE TABLE later (x INTEGER)",))
        monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, more))

    return become


def test_a_bare_machine_gets_an_appliance_and_a_second_run_changes_nothing(box, tmp_path):
    trap = tmp_path / "home" / ".config" / "pip"
    trap.mkdir(parents=True)
    (trap / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/\nrequire-virtualenv = nonsense\n")
    outcome = box.bootstrap(PIP_INDEX_URL="http://127.0.0.1:9/", PIP_CONSTRAINT="/absent")
    assert outcome.returncode == 0, outcome.stderr
    assert "The signature is good: 1.0 (release 1)" in outcome.stdout
    assert box.launcher() == "1.0"
    release = box.prefix / "releases" / FIRST
    assert not (release / "files" / "wheels").exists()
    assert (release / "files" / "sbom.cdx.json").exists()
    assert box.home.trusted_keys.joinpath(f"{box.maker.key.public.key_id}.pub").exists()
    assert box.home.root.stat().st_mode & 0o777 == 0o700
    assert (box.home.models / "base" / "card.yaml").resolve() == release / "files" / "models" / "base" / "card.yaml"
    made = (release / "venv" / "pyvenv.cfg").stat().st_mtime_ns
    again = box.bootstrap(LC_ALL="zh_CN.UTF-8")
    assert again.returncode == 0
    assert "签名有效" in again.stdout
    assert (release / "venv" / "pyvenv.cfg").stat().st_mtime_ns == made
    (box.prefix / "highest-release").write_text("7")
    older = box.bootstrap()
    assert (older.returncode, "release 7 was installed here before" in older.stderr) == (1, True)
    other = box.bootstrap(2)
    assert (other.returncode, "package install FILE" in other.stderr) == (1, True)
    assert [path.name for path in (box.prefix / "releases").iterdir()] == [FIRST]


def test_a_model_of_the_sites_own_stays(box):
    own = box.home.models / "base"
    own.mkdir(parents=True)
    (own / "card.yaml").write_text("name: base\n")
    assert box.bootstrap().returncode == 0
    assert (own / "card.yaml").read_text() == "name: base\n"
    assert not own.is_symlink()


def test_a_forged_package_leaves_nothing(box, maker, tmp_path):
    path = tmp_path / "forged.lmab"
    raw = bytearray(box.packages[1].package.read_bytes())
    raw[raw.index(b"ANSWER = 42")] ^= 1
    path.write_bytes(raw)
    box.packages = {1: SimpleNamespace(package=path, installer=box.packages[1].installer)}
    outcome = box.bootstrap()
    assert outcome.returncode == 1
    assert "is damaged" in outcome.stderr
    assert not (box.prefix / "current").exists()
    assert list((box.prefix / "releases").iterdir()) == []
    assert not (box.prefix / "staging").exists()


@pytest.mark.parametrize("line", ["Unpack", "… Make the environment", "… Try the program"])
def test_an_installation_that_was_killed_is_done_by_the_next_run(box, line):
    with subprocess.Popen(
        ["sh", box.packages[1].installer, box.packages[1].package, box.maker.public, "--home", box.home.root,
         "--prefix", box.prefix],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHON": str(PYTHON)},
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as child:  # fmt: skip
        for said in child.stdout:
            if line in said:
                os.killpg(child.pid, signal.SIGKILL)
                break
    assert not (box.prefix / "current").exists()
    assert box.bootstrap().returncode == 0
    assert box.launcher() == "1.0"


def test_an_upgrade_keeps_the_state_and_the_way_back_says_what_it_costs(installed, later):
    box = installed
    box.make_key("before")
    *news, release = box.upgrade(2)
    assert (release.manifest.version, release.current, box.launcher()) == ("2.0", True, "2.0")
    assert [one.step for one in news if isinstance(one, Progress) and one.state == "done"] == [
        "platform.unpack", "platform.prepare", "platform.snapshot", "platform.switch", "platform.health",
    ]  # fmt: skip
    assert box.starts() == ["2.0"]
    with pytest.raises(ConfigError, match="newer version of the appliance"), open_accounts(box.home, SITE):
        pass
    later()
    box.make_key("after")
    way = platform.way_back(box.home, SITE, box.installation)
    assert (way.then.manifest.version, way.lost["api_keys"]) == ("1.0", 1)
    box.home.documents.mkdir(exist_ok=True)
    (box.home.documents / "kept.pdf").write_bytes(b"x")
    *_news, release = platform.roll_back(box.home, SITE, box.installation)
    assert (release.manifest.version, box.launcher(), box.keys()) == ("1.0", "1.0", ["before"])
    assert (box.home.documents / "kept.pdf").exists()
    aside = next(one for one in snapshots_of(box.home) if one.reason == "return")
    with sqlite3.connect(aside.folder / "appliance.db") as found:
        assert ("after",) in found.execute("SELECT name FROM api_keys").fetchall()
    assert aside.folder.stat().st_mode & 0o777 == 0o700


def test_a_return_that_the_database_allows_loses_nothing(ready):
    box = ready
    box.make_key("before")
    box.upgrade(4)
    box.make_key("after")
    assert platform.way_back(box.home, SITE, box.installation).snapshot is None
    list(platform.roll_back(box.home, SITE, box.installation))
    assert (box.launcher(), box.keys()) == ("1.0", ["after", "before"])
    list(platform.roll_back(box.home, SITE, box.installation))
    assert (box.launcher(), box.keys()) == ("4.0", ["after", "before"])
    assert (box.prefix / "highest-release").read_text().strip() == "4"


def test_a_release_that_does_not_answer_is_taken_back_with_its_changes(ready):
    box = ready
    box.make_key("before")
    with pytest.raises(PackageError, match=r"0000000003-3\.bad does not answer"):
        box.upgrade(3)
    assert (box.current(), box.launcher(), box.keys()) == (FIRST, "1.0", ["before"])
    box.make_key("again")  # the database is one that the first release reads
    assert box.starts() == ["3.bad"]
    assert "it does not answer" in (box.home.logs / "platform.log").read_text()


def test_two_releases_are_kept_and_the_snapshots_of_their_states(ready, later):
    box = ready
    box.make_key("before")
    box.upgrade(2)
    later()
    box.upgrade(4)
    assert [one.manifest.version for one in box.installation.releases()] == ["4.0", "2.0"]
    assert [one.release for one in snapshots_of(box.home)] == [SECOND]
    with pytest.raises(Conflict, match="installed already"):
        box.upgrade(4)
    with pytest.raises(PackageError, match="release 1, and release 4 was installed here before"):
        box.upgrade(1)


def upgrade_and_die(box, number, deadly) -> int:
    """Upgrade in a child process that is killed at its `deadly`-th news; return its exit status."""
    child = os.fork()
    if child == 0:
        steps = set()
        for one in platform.upgrade(box.home, SITE, box.packages[number].package, box.installation):
            steps.add((one.step, one.state) if isinstance(one, Progress) else one.folder)
            if len(steps) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_at_any_step_of_an_upgrade_one_whole_release_is_in_use(installed):
    box = installed
    box.make_key("before")
    versions = []
    for deadly in range(1, 30):
        ended = upgrade_and_die(box, 4, deadly)
        versions.append(box.launcher())
        assert (box.prefix / "current" / "complete").exists()
        assert box.keys() == ["before"]
        if ended == 0 or versions[-1] == "4.0":
            break
        assert ended == -signal.SIGKILL
    assert versions[0] == "1.0"
    assert versions[-1] == "4.0"
    list(platform.roll_back(box.home, SITE, box.installation))
    assert (box.launcher(), box.keys()) == ("1.0", ["before"])
    assert not list(box.home.root.glob("snapshots/.part"))


def test_a_return_that_was_cut_off_is_finished_before_anything_starts(ready, later):
    box = ready
    box.make_key("before")
    box.upgrade(2)
    later()
    with pytest.raises(KeyboardInterrupt), returning(box.home, FIRST):
        raise KeyboardInterrupt
    with pytest.raises(ConfigError, match=f"return to the release {FIRST} was cut off"):
        check_not_returning(box.home)
    list(platform.roll_back(box.home, SITE, box.installation))
    check_not_returning(box.home)
    assert (box.launcher(), box.keys()) == ("1.0", ["before"])


def test_a_snapshot_that_is_gone_is_told(ready, later):
    box = ready
    box.make_key("before")
    box.upgrade(2)
    later()
    for snapshot in snapshots_of(box.home):
        (snapshot.folder / "snapshot.json").unlink()
    with pytest.raises(ConfigError, match=r"snapshot of the release 0000000001-1\.0 is gone"):
        list(platform.roll_back(box.home, SITE, box.installation))
    assert box.current() == SECOND


def test_without_another_release_there_is_no_way_back(installed):
    with pytest.raises(Conflict, match="no other release"):
        platform.way_back(installed.home, SITE, installed.installation)


def test_a_database_server_is_its_administrators(installed):
    file = installed.packages[4].package
    with pytest.raises(ConfigError, match="PostgreSQL: no snapshot"):
        list(platform.upgrade(installed.home, POSTGRES, file, installed.installation))
    assert installed.current() == FIRST


def test_a_checkout_is_not_upgraded_by_a_package(box):
    with pytest.raises(InvalidRequest, match="not installed from a platform package"):
        list(platform.upgrade(box.home, SITE, box.packages[1].package))
    assert platform.installed_platforms() == ()


def test_an_upgrade_is_refused_before_anything_is_written(installed, monkeypatch, tmp_path):
    box = installed
    with (box.prefix / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="Another installation"):
            box.upgrade(4)
    path = tmp_path / "cut.lmab"
    path.write_bytes(box.packages[4].package.read_bytes()[:-5000])
    with pytest.raises(PackageError, match="cut off"):
        list(platform.upgrade(box.home, SITE, path, box.installation))
    monkeypatch.setattr(releases.shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    with pytest.raises(DiskFull, match="100 B is free"):
        box.upgrade(4)
    assert [one.name for one in (box.prefix / "releases").iterdir()] == [FIRST]
    assert not (box.prefix / "staging").exists()
    assert snapshots_of(box.home) == ()


def test_another_maker_is_refused(installed, tmp_path):
    folder = tmp_path / "stranger"
    folder.mkdir()
    stranger = Maker(folder).build("9.0", 9)
    with pytest.raises(PackageError, match="not trusted here"):
        list(platform.upgrade(installed.home, SITE, stranger.package, installed.installation))
    assert platform.is_platform(installed.home, installed.packages[4].package)


def test_a_snapshot_says_what_it_is(ready):
    ready.make_key("before")
    ready.upgrade(4)
    (snapshot,) = snapshots_of(ready.home)
    note = json.loads((snapshot.folder / "snapshot.json").read_text())
    assert (note["release"], note["reason"], note["state"]["rows"]["api_keys"]) == (FIRST, "upgrade", 1)
    assert (snapshot.folder / "secrets" / "pepper").read_bytes() == ready.home.pepper_file.read_bytes()
