"""A first start that ends at any moment goes on: a power cut around each writing, kill -9, damage, forgery."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from appliance.config.site import load_site
from appliance.core.errors import AlreadyRunning, ConfigError, Conflict, StartFailed
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations import packages
from appliance.operations.accounts import list_users
from appliance.operations.setup import running
from appliance.operations.setup.answers import Administrator, Answers, Level, write_answers
from appliance.operations.setup.journal import ADMINISTRATOR, Steps, answers_file, journal_file, unfinished
from appliance.packages.signed.bundle import write_bundle
from appliance.tui.wizard.source import LocalSetup
from tests.unit.operations.setup.starts import PASSWORD, steps
from tests.unit.serving.ports import free_port

ROOT = Path(__file__).parents[4]
SERVED = Level(ttft_ms=1e9, tokens_per_s=1e-6)
WRITINGS = 8


class Cut(BaseException):
    """The power goes."""


@pytest.fixture(autouse=True)
def fit(monkeypatch):
    """Look at no hardware: what is tried here is what is written."""
    monkeypatch.setattr(running, "check_machine", lambda _home, _site: iter(()))


@pytest.fixture
def whole(site, lexicon, second, tmp_path):
    """Return answers that have every step: a package, a file of two, a plan, an administrator."""
    package, key = lexicon
    bundle = tmp_path / "stick" / "both.lmabs"
    for _moved in write_bundle([package, second], bundle):
        pass
    return Answers(
        site=site, trust=(key,), packages=(package, bundle), users=40, level=SERVED,
        administrator=Administrator(name="lin"),
    )  # fmt: skip


def is_whole(home, started):
    assert [one.manifest.name for one in packages.installed(home) if one.current] == ["other", "own"]
    (user,) = list_users(home, load_site(home.site_file))
    assert (user.name, user.role) == ("lin", "admin")
    assert load_site(home.site_file).models["general"].engine.max_num_seqs
    assert "models" in home.site_file.read_text()  # by the plan
    assert started[0][-1] == load_site(home.site_file)
    assert not unfinished(home)


def cut_at(monkeypatch, number, when):
    """Let the power go before or after the journal is written for the `number`th time; return the writings."""
    real, written = Steps._write, []

    def write(self, journal):
        written.append(journal)
        if len(written) == number and when == "before":
            raise Cut
        real(self, journal)
        if len(written) == number and when == "after":
            raise Cut

    monkeypatch.setattr(Steps, "_write", write)
    return written


def test_there_are_so_many_writings(home, whole, started, monkeypatch):
    written = cut_at(monkeypatch, 0, "never")
    list(running.set_up(home, whole, PASSWORD))
    assert len(written) == WRITINGS
    assert len(written[-1].done) == 6
    is_whole(home, started)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, WRITINGS + 1))
def test_the_power_goes_around_a_writing(home, whole, started, monkeypatch, number, when):
    cut_at(monkeypatch, number, when)
    with pytest.raises(Cut):
        list(running.set_up(home, whole, PASSWORD))
    assert started[0] == []
    assert unfinished(home) == ((number, when) != (1, "before"))
    monkeypatch.undo()
    monkeypatch.setattr(running, "check_machine", lambda _home, _site: iter(()))
    monkeypatch.setattr(running, "bring_up", lambda _home, site: started[0].append(site) or iter(()))
    list(running.set_up(home, whole, PASSWORD))
    is_whole(home, started)


def test_the_power_goes_between_two_packages_of_a_file(home, whole, started):
    news = running.set_up(home, whole, PASSWORD)
    while "other" not in [one.manifest.name for one in packages.installed(home)]:
        next(news)
    news.close()
    told = steps(running.set_up(home, whole, PASSWORD))
    assert [state for step, state in told if step.startswith("package.install")] == ["skipped", "skipped"]
    is_whole(home, started)


def test_a_package_that_was_there_before_is_left_as_it_is(home, whole, started):
    package, key = whole.packages[0], whole.trust[0]
    config = whole.site_config()
    packages.trust(home, config, key)
    list(packages.install(home, config, package))
    (before,) = packages.installed(home)
    told = steps(running.set_up(home, whole, PASSWORD))
    assert ("package.install Install own.lmab", "skipped") in told
    assert before.files.stat().st_ino == packages.installed(home)[-1].files.stat().st_ino
    is_whole(home, started)


CHILD = """
    import os, signal, sys, time
    from pathlib import Path
    from appliance.config.home import Home
    from appliance.operations.setup import running
    from appliance.operations.setup.answers import read_answers
    from appliance.operations.setup.journal import Steps

    def waits(_home, _site):
        yield
        print("waits", flush=True)
        time.sleep(600)

    real = Steps._write

    def write(self, journal):
        if any(step.startswith("package") for step in journal.done):
            os.kill(os.getpid(), signal.SIGKILL)
        real(self, journal)

    running.check_machine = lambda _home, _site: iter(())
    running.bring_up = waits
    if sys.argv[3] == "killed":
        Steps._write = write
    for _news in running.set_up(Home(Path(sys.argv[1])), read_answers(Path(sys.argv[2])), sys.argv[4]):
        pass
"""


def child(home, answers, tmp_path, how):
    """Start a first start in a process of its own."""
    file = tmp_path / "answers.yaml"
    write_answers(file, answers)
    command = [sys.executable, "-c", textwrap.dedent(CHILD), home.root, file, how, PASSWORD]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def test_a_process_that_is_killed(home, whole, started, tmp_path):
    with child(home, whole, tmp_path, "killed") as process:
        assert process.wait(timeout=300) == -signal.SIGKILL
    assert unfinished(home)
    assert [one.manifest.name for one in packages.installed(home)] == ["own"]
    told = steps(running.set_up(home, whole, PASSWORD))
    assert ("package.install Install own.lmab", "skipped") in told
    is_whole(home, started)


def test_two_processes_at_once(home, whole, started, tmp_path):
    with child(home, whole, tmp_path, "waits") as process:
        try:
            assert process.stdout.readline() == b"waits\n"
            with pytest.raises(AlreadyRunning, match="first start is at work") as caught:
                list(running.set_up(home, whole, PASSWORD))
            assert caught.value.hint is not None
            with pytest.raises(AlreadyRunning):
                LocalSetup(home).write(whole)  # as the wizard does before it begins
            assert not answers_file(home).exists()
            assert started[0] == []
        finally:
            process.kill()
    list(running.set_up(home, whole, PASSWORD))  # the lock goes with its process
    is_whole(home, started)


def broken_off(home, answers, started):
    started[1].append(StartFailed(_("It broke off; the scenario's log says why.")))
    with pytest.raises(StartFailed):
        list(running.set_up(home, answers, PASSWORD))
    assert unfinished(home)


@pytest.mark.parametrize("text", ["", '{"answers":', '{"answers": "x", "done": ["site"]}', "\0" * 4096])
def test_a_damaged_journal_is_kept_aside_and_told_of(home, whole, started, text):
    broken_off(home, whole, started)
    journal_file(home).write_text(text)
    assert unfinished(home)
    (told,) = [one for one in running.set_up(home, whole, PASSWORD) if one.step == "setup.journal"]
    kept = home.state / "setup.json.damaged"
    assert kept.read_text() == text
    assert str(kept) in str(told.detail)
    is_whole(home, started)


@pytest.mark.parametrize("forged", [(), ("x",), ("lexicon/own/x",)])
def test_a_journal_alone_skips_nothing(home, whole, started, forged):
    home.create()
    journal = Steps.of(home, whole)
    file, bundle = whole.packages
    for step in ("site", "plan", ADMINISTRATOR, f"trust {whole.trust[0]}", f"package {file}", f"package {bundle}", "?"):
        journal.did(step, forged)
    list(running.set_up(home, whole, PASSWORD))
    is_whole(home, started)


def test_what_the_journal_claims_must_be_brought_where_it_is_not_there(home, whole, started):
    home.create()
    journal = Steps.of(home, whole)
    for file in whole.packages:
        journal.did(f"package {file}", ("lexicon/own/1",))
        file.unlink()
    with pytest.raises(ConfigError, match=r"own\.lmab"):
        list(running.set_up(home, whole, PASSWORD))
    assert not home.site_file.exists()


def test_other_answers_go_on_from_what_is_there(home, site, whole, started):
    broken_off(home, whole, started)
    moved = {**site, "gateway": {"port": free_port()}}
    other = whole.model_copy(update={"site": moved, "administrator": Administrator(name="lin", title="Lin Yi")})
    told = steps(running.set_up(home, other, PASSWORD))
    assert ("setup.site", "done") in told
    assert load_site(home.site_file).gateway.port == moved["gateway"]["port"]
    is_whole(home, started)


def test_a_site_file_that_somebody_has_changed_meanwhile_is_theirs(home, site, whole, started):
    broken_off(home, whole, started)
    text = home.site_file.read_text() + "# mine\nload_samples: false\n"
    home.site_file.write_text(text)
    list(running.set_up(home, whole, PASSWORD))  # the same answers leave it
    assert home.site_file.read_text() == text
    broken_off(home, whole.model_copy(update={"users": None, "level": None, "site": load_text(text)}), started)
    with pytest.raises(Conflict, match="says something else"):
        list(running.set_up(home, whole.model_copy(update={"site": {}}), PASSWORD))
    assert home.site_file.read_text() == text


def load_text(text):
    return {key: value for key, value in yaml.safe_load(text).items() if key != "language"}


def test_an_installed_machine_takes_its_answers_again(home, whole, started):
    """Also where a plan has changed the site file since: nothing else differs."""
    list(running.set_up(home, whole, PASSWORD))
    text = home.site_file.read_text()
    list(running.set_up(home, whole, PASSWORD))
    assert home.site_file.read_text() == text
    is_whole(home, started)


def test_a_plan_that_does_not_fit_stops_nothing(home, whole, started):
    poor = whole.model_copy(update={"level": Level(ttft_ms=0.001)})
    news = [one for one in running.set_up(home, poor, PASSWORD) if isinstance(one, Progress)]
    for name in ("setup.foresee", "setup.plan"):
        (told,) = [one for one in news if one.step == name and one.state == "done"]
        assert "the service level is not reached" in str(told.detail)
        assert "`level` in the answers asks for less" in str(told.detail)
    assert [one.step for one in news].index("setup.foresee") < [one.step for one in news].index("setup.site")
    assert home.site_file.read_text() == poor.site_text()
    assert started[0] == [load_site(home.site_file)]
    assert not unfinished(home)


def test_a_plan_that_fits_is_told_of_without_a_warning(home, whole, started):
    news = [one for one in running.set_up(home, whole, PASSWORD) if isinstance(one, Progress)]
    told = {one.step: one.detail for one in news if one.state == "done" and one.step in ("setup.foresee", "setup.plan")}
    assert told == {"setup.foresee": None, "setup.plan": None}


def test_a_model_that_nobody_knows_is_planned_without(home, site, started):
    answers = Answers(site={**site, "models": {"general": {"package": "unheard-of"}}}, users=2, level=SERVED)
    news = [one for one in running.set_up(home, answers) if one.state == "done"]
    assert "once they are installed" in str(next(one.detail for one in news if one.step == "setup.foresee"))
    assert "unheard-of" in str(next(one.detail for one in news if one.step == "setup.plan"))
    assert len(started[0]) == 1


def test_the_journal_holds_no_password(home, whole, started):
    broken_off(home, whole, started)
    text = journal_file(home).read_text()
    assert set(json.loads(text)) == {"answers", "done", "site"}
    assert PASSWORD not in text
    assert journal_file(home).stat().st_mode & 0o777 == 0o600
