"""The steps of a first start up to Ray, which the tests of the stack start."""

import pytest

from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import ConfigError, Conflict, PreflightError, StartFailed
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations import packages
from appliance.operations.accounts import list_users
from appliance.operations.doctor import Check
from appliance.operations.setup import running
from appliance.operations.setup.answers import Administrator, Answers
from appliance.operations.setup.journal import unfinished
from tests.unit.serving.ports import free_ports

PASSWORD = "Quiet-Harbour-27"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def site():
    first = free_ports(13)
    return {"gateway": {"port": first + 12}, "cluster": {"port": first}}


@pytest.fixture
def started(monkeypatch):
    """Collect the sites that would be started; the first entry of `fail` is raised in place of a start."""
    sites, failures = [], []

    def bring_up(_home, site):
        sites.append(site)
        yield Progress("start", _("Start"))
        if failures:
            raise failures.pop()

    monkeypatch.setattr(running, "bring_up", bring_up)
    return sites, failures


def steps(news):
    return [(one.step, one.state) for one in news if isinstance(one, Progress) and one.state != "running"]


def test_everything_that_the_answers_say_is_done(home, site, started, lexicon):
    package, key = lexicon
    answers = Answers(
        site=site, trust=(key,), packages=(package,), administrator=Administrator(name="lin", title="Lin Yi")
    )
    told = steps(running.set_up(home, answers, PASSWORD))
    assert next(step for step, state in told if state == "done") == "setup.checks"
    assert load_site(home.site_file).gateway.port == site["gateway"]["port"]
    assert [(one.manifest.name, one.current) for one in packages.installed(home) if one.manifest.kind == "lexicon"] == [
        ("own", True)
    ]
    (user,) = list_users(home, load_site(home.site_file))
    assert (user.name, user.role) == ("lin", "admin")
    assert started[0] == [load_site(home.site_file)]
    assert not unfinished(home)


def test_what_was_done_is_not_done_again_after_a_failure(home, site, started, lexicon, monkeypatch):
    package, key = lexicon
    answers = Answers(site=site, trust=(key,), packages=(package,), administrator=Administrator(name="lin"))
    started[1].append(StartFailed(_("It broke off; the scenario's log says why.")))
    with pytest.raises(StartFailed):
        list(running.set_up(home, answers, PASSWORD))
    assert unfinished(home)
    package.unlink()  # the stick is gone
    told = steps(running.set_up(home, answers))
    assert [state for step, state in told if step != "setup.checks"] == ["skipped"] * 4
    assert len(started[0]) == 2
    assert not unfinished(home)


def test_a_site_file_that_somebody_wrote_is_not_overwritten(home, site, started):
    home.create()
    home.site_file.write_text("language: zh_CN\n")
    with pytest.raises(Conflict, match="says something else"):
        list(running.set_up(home, Answers(site=site)))
    assert home.site_file.read_text() == "language: zh_CN\n"
    assert started[0] == []
    home.site_file.write_text("# mine\n" + Answers(site=site).site_text())
    list(running.set_up(home, Answers(site=site)))
    assert home.site_file.read_text().startswith("# mine")


def test_nothing_is_begun_where_a_file_or_the_password_is_missing(home, site, started, tmp_path):
    for answers, said in (
        (Answers(site=site, packages=(tmp_path / "none.lmab",)), "none.lmab"),
        (Answers(site=site, trust=(tmp_path / "none.pub",)), "none.pub"),
        (Answers(site=site, administrator=Administrator(name="lin")), "no password"),
        (Answers(site=site, administrator=Administrator(name="lin", password_file=tmp_path / "pw")), "pw"),
    ):
        with pytest.raises(ConfigError, match=said):
            list(running.set_up(home, answers))
    assert not home.root.exists()
    (tmp_path / "pw").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        list(running.set_up(home, answers))


def test_a_machine_that_cannot_run_it_is_told_why_and_what_to_do(home, site, started, monkeypatch):
    poor = Check("memory", _("Memory"), "failed", _("1 GiB free"), _("Add memory."))
    monkeypatch.setattr(running, "check_machine", lambda _home, _site: iter([poor]))
    with pytest.raises(PreflightError, match="1 GiB free") as caught:
        list(running.set_up(home, Answers(site=site)))
    assert str(caught.value.hint) == "Add memory."
    assert not home.site_file.exists()


def test_a_package_that_nobody_here_trusts_stops_it_before_the_start(home, site, started, lexicon):
    package, _key = lexicon
    with pytest.raises(Exception, match="trusted"):
        list(running.set_up(home, Answers(site=site, packages=(package,))))
    assert started[0] == []


def test_the_password_of_a_file_is_its_first_line(home, site, started, tmp_path):
    (tmp_path / "pw").write_text(f"{PASSWORD}\nrest\n")
    list(
        running.set_up(home, Answers(site=site, administrator=Administrator(name="lin", password_file=tmp_path / "pw")))
    )
    assert [user.name for user in list_users(home, load_site(home.site_file))] == ["lin"]
