"""What `up` does before and around the cluster; Ray itself is started by the tests of the stack."""

import fcntl
import itertools
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from appliance.cluster.instance import (
    INSTANCE_VARIABLE,
    Instance,
    digest_of,
    processes_of,
    read_instance,
    write_instance,
)
from appliance.cluster.node import temp_folder
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.config.tls import TlsSettings
from appliance.core.errors import (
    AlreadyRunning,
    ConfigError,
    NotEnoughMemory,
    PackageError,
    PortInUse,
    PreflightError,
    StartFailed,
)
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.hardware.discovery import discover
from appliance.hardware.facts import Accelerator
from appliance.hardware.processor import CpuDetector
from appliance.operations import supervised, up
from appliance.operations.down import take_down
from appliance.state.database import Database, sqlite_url
from appliance.state.keys import KeyRing, load_or_create_pepper
from tests.unit.bank_authority import Bank
from tests.unit.serving.ports import free_ports


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def site():
    first = free_ports(13)
    return SiteConfig.model_validate({"gateway": {"port": first + 12}, "cluster": {"port": first}})


@pytest.fixture
def instance(home, site):
    """Give an instance that the home's file describes."""
    made = Instance(
        instance_id=new_id("run"), ray_address="127.0.0.1:1", gateway_url=f"http://127.0.0.1:{site.gateway.port}",
        temp_folder=str(home.run / "ray"), started_at="2026-01-01T00:00:00.000Z", version="0",
    )  # fmt: skip
    home.create()
    write_instance(home.instance_file, made)
    return made


@pytest.fixture
def running(instance):
    """Give a process that belongs to the instance."""
    process = subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); input()"],
        env={**os.environ, INSTANCE_VARIABLE: instance.instance_id}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def no_build(monkeypatch, weights=0):
    """Leave the models' build out: it has tests of its own."""
    monkeypatch.setattr(up, "ensure_base_model", lambda home, recipe: iter(()))
    monkeypatch.setattr(up, "ensure_tuned_models", lambda home, packages: iter(()))
    monkeypatch.setattr(up, "_weights", lambda home, site: dict.fromkeys(site.models, weights))


def test_a_gpu_that_is_asked_for_and_not_there_stops_before_the_cluster(home, site, monkeypatch):
    monkeypatch.setattr(up, "discover", lambda: discover([CpuDetector()]))  # whatever this machine has
    with pytest.raises(PreflightError, match="accelerator: gpu"):
        list(up.bring_up(home, site.model_copy(update={"accelerator": "gpu"})))
    assert read_instance(home.instance_file) is None


def test_cards_that_are_not_used_are_told_with_the_reason(home, site, monkeypatch):
    cards = (Accelerator(index=0, vendor="ascend", name="910B3"),)
    machine = discover([CpuDetector()]).model_copy(update={"accelerators": cards})
    monkeypatch.setattr(up, "discover", lambda: machine)
    monkeypatch.setattr(up, "ensure_base_model", lambda *_arguments: iter([Progress("stop", _("Memory"))]))
    news = itertools.takewhile(lambda event: event.step != "stop", up.bring_up(home, site))
    done = [event for event in news if (event.step, event.state) == ("preflight", "done")]
    assert "on CPU: Found 1 × Ascend 910B3" in done[0].detail.render("en")


def test_a_taken_port_stops_before_anything_is_made(home, site, monkeypatch):
    monkeypatch.setattr(up, "ensure_base_model", lambda *arguments: pytest.fail("must not build"))
    for port, setting in ((site.gateway.port, "gateway.port"), (site.cluster.port + 6, "cluster.port")):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            with pytest.raises(PortInUse, match=setting):
                list(up.bring_up(home, site))
    assert not home.instance_file.exists()
    assert not home.admin_key_file.exists()


def test_a_certificate_that_cannot_be_served_stops_before_anything_is_made(home, site, monkeypatch, tmp_path):
    monkeypatch.setattr(up, "ensure_base_model", lambda *arguments: pytest.fail("must not build"))
    certificate, key = Bank().write(tmp_path / "tls", "ai.bank.example")
    key.chmod(0o644)
    tls = TlsSettings(certificate=str(certificate), key=str(key))
    secure = site.model_copy(update={"gateway": site.gateway.model_copy(update={"tls": tls})})
    with pytest.raises(ConfigError, match="chmod 600"):
        list(up.bring_up(home, secure))
    assert not home.instance_file.exists()
    assert not home.admin_key_file.exists()


def test_ports_that_do_not_exist_are_a_fault_of_the_site_file(home, site):
    high = site.model_copy(update={"cluster": site.cluster.model_copy(update={"port": 65530})})
    with pytest.raises(ConfigError, match=r"cluster\.port"):
        list(up.bring_up(home, high))


def test_too_little_memory_stops_before_the_cluster_and_names_the_setting(home, site, monkeypatch):
    no_build(monkeypatch)
    settings = {"general": {"package": "base", "engine": {"kv_cache_gib": 4096}}}
    large = SiteConfig.model_validate({**site.model_dump(), "models": settings})
    with pytest.raises(NotEnoughMemory, match=r"KV cache 4\.0 TiB") as caught:
        list(up.bring_up(home, large))
    assert "kv_cache_gib" in caught.value.hint.render("en")
    assert not home.instance_file.exists()


def test_weights_that_were_built_larger_than_known_count(home, site, monkeypatch):
    no_build(monkeypatch, weights=10**15)
    with pytest.raises(NotEnoughMemory, match=r"weights 909\.5 TiB"):
        list(up.bring_up(home, site))
    assert not home.instance_file.exists()


def test_an_unknown_package_stops_before_the_cluster(home, site, monkeypatch):
    monkeypatch.setattr(up, "ensure_base_model", lambda home, recipe: iter(()))
    other = SiteConfig.model_validate({**site.model_dump(), "models": {"general": {"package": "nonsense"}}})
    with pytest.raises(PackageError, match="nonsense"):
        list(up.bring_up(home, other))
    assert not home.instance_file.exists()


def test_two_ups_at_once_are_refused(home, site):
    home.create()
    with (home.run / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning, match="Another"):
            list(up.bring_up(home, site))


def test_the_lock_is_let_go_after_a_failure(home, site, monkeypatch):
    for _attempt in range(2):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", site.gateway.port))
            taken.listen()
            with pytest.raises(PortInUse):
                list(up.bring_up(home, site))


def test_the_remains_of_an_instance_that_ended_are_cleared(home, site, instance):
    temporary = temp_folder(home.root)
    (temporary / "session").mkdir(parents=True)
    assert up._is_serving(home, site) is False
    assert not home.instance_file.exists()
    assert not temporary.exists()


def test_one_that_runs_and_does_not_answer_is_not_started_twice(home, site, instance, running):
    home.admin_key_file.write_text("lma-x.y")
    with pytest.raises(AlreadyRunning, match="does not answer"):
        list(up.bring_up(home, site))
    assert running.poll() is None
    assert read_instance(home.instance_file) == instance


def test_keys_and_database_are_prepared_once(home, site):
    home.create()
    first = list(up._prepare(home, site))
    key = home.admin_key_file.read_text().strip()
    second = list(up._prepare(home, site))
    assert [progress.state for progress in first] == ["running", "done"]
    assert [progress.state for progress in second] == ["running", "skipped"]
    assert home.admin_key_file.read_text().strip() == key
    for path in (home.admin_key_file, home.pepper_file, home.ray_token_file, home.database):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
    database = Database.open(sqlite_url(home.database))
    record = KeyRing(database, load_or_create_pepper(home.pepper_file)).verify(key)
    database.close()
    assert record.role == "admin"


def test_whatever_was_started_is_stopped_when_the_start_fails(home, site, monkeypatch):
    no_build(monkeypatch)
    started = []

    def start_a_process_and_fail(home, environment, patient):
        process = subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE)
        started.append(process)
        raise StartFailed(up._("Ray did not start: {reason}", reason="nothing"))

    monkeypatch.setattr(supervised, "start_supervisor", start_a_process_and_fail)
    with pytest.raises(StartFailed):
        list(up.bring_up(home, site))
    started[0].wait()
    started[0].stdin.close()
    assert not home.instance_file.exists()


def test_whatever_was_started_is_stopped_when_the_caller_goes_away(home, site, monkeypatch):
    no_build(monkeypatch)
    started = []

    def start_a_process(home, environment, patient):
        started.append(subprocess.Popen([sys.executable, "-c", "input()"], env=environment, stdin=subprocess.PIPE))
        return started[0]

    monkeypatch.setattr(supervised, "start_supervisor", start_a_process)
    steps = up.bring_up(home, site)
    for progress in steps:
        if progress.step == "ray" and progress.state == "done":
            break
    assert processes_of(read_instance(home.instance_file))
    steps.close()
    started[0].wait()
    started[0].stdin.close()
    assert not home.instance_file.exists()


def deploying(monkeypatch, tmp_path, program):
    """Let `_deploy` run `program` instead of the launcher; return its environment."""
    package = tmp_path / "fake" / "appliance"
    (package / "serving").mkdir(parents=True)
    for folder in (package, package / "serving"):
        (folder / "__init__.py").write_text("")
    (package / "serving" / "launch.py").write_text(program)
    return {"PYTHONPATH": str(tmp_path / "fake"), "PATH": os.environ["PATH"]}


def test_each_application_is_told_as_it_comes_up(home, monkeypatch, tmp_path):
    home.create()
    lines = '{"application": "model-general", "state": "starting"}\\n{"application": "gateway", "state": "running"}'
    environment = deploying(monkeypatch, tmp_path, f"print('{lines}')")
    news = list(up._deploy(home, environment))
    told = [(progress.step, progress.state) for progress in news if progress.step.startswith("application.")]
    assert told == [("application.model-general", "running"), ("application.gateway", "done")]


def test_an_error_of_the_launcher_keeps_its_kind(home, monkeypatch, tmp_path):
    home.create()
    error = PackageError(up._("Start {name}", name="x")).to_data()
    environment = deploying(monkeypatch, tmp_path, f"import json; print(json.dumps({{'error': {error!r}}}))")
    with pytest.raises(PackageError, match="Start x"):
        list(up._deploy(home, environment))


def test_a_launcher_that_dies_is_told_with_its_last_words(home, monkeypatch, tmp_path):
    home.create()
    environment = deploying(monkeypatch, tmp_path, "raise SystemExit('the library is missing')")
    with pytest.raises(StartFailed, match="the library is missing"):
        list(up._deploy(home, environment))


@pytest.mark.parametrize(
    ("application", "words"),
    [
        ("model-general", "Start the model general"),
        ("scenario-knowledge-qa", "Start the scenario knowledge-qa"),
        ("gateway", "Start the gateway"),
        ("knowledge", "Start the knowledge service"),
        ("embedding-embedder", "Start the embedder"),
        ("other", "Start other"),
    ],
)
def test_applications_have_titles(application, words):
    assert up.application_title(application).render("en") == words


def test_down_ends_the_instance_and_removes_its_traces(home, instance, running):
    temporary = temp_folder(home.root)
    temporary.mkdir()
    news = list(take_down(home))
    assert [progress.state for progress in news] == ["running", "done"]
    assert "1" in news[-1].detail.render("en")
    assert not home.instance_file.exists()
    assert not temporary.exists()


def test_down_where_nothing_runs_says_so(home):
    home.create()
    (news,) = take_down(home)
    assert isinstance(news, Progress)
    assert news.state == "skipped"


def test_settings_that_were_changed_since_the_start_are_told(home, site, instance):
    """A running appliance is left alone, but nobody should believe that the new site file holds."""
    write_instance(home.instance_file, replace(instance, site_digest=digest_of(site)))
    assert str(up._already(home, site)) == "the appliance runs already"
    changed = site.model_copy(update={"language": "zh_CN"})
    assert "appliance down" in str(up._already(home, changed))
