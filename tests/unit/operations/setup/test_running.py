"""The steps of a first start up to Ray, which the tests of the stack start."""

from pathlib import Path

import pytest

from appliance.cluster.membership import write_membership
from appliance.config.site import load_site
from appliance.core.errors import AlreadyRunning, ApplianceError, ConfigError, Conflict, PreflightError, StartFailed
from appliance.core.messages import _
from appliance.operations import packages
from appliance.operations.accounts import add_user, list_users
from appliance.operations.doctor import Check
from appliance.operations.setup import running
from appliance.operations.setup.answers import Administrator, Answers, read_answers, write_answers
from appliance.operations.setup.journal import unfinished
from appliance.operations.starting_lock import only_setup
from tests.unit.bank_authority import Bank
from tests.unit.operations.setup.starts import PASSWORD, member, steps, write_secret


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


def test_a_certificate_that_cannot_be_served_stops_before_anything_is_written(home, site, started, tmp_path):
    certificate, key = Bank().write(tmp_path / "tls", "ai.bank.example")
    tls = {"certificate": str(certificate), "key": str(key), "names": ["other.example"]}
    with pytest.raises(PreflightError, match=r"does not hold for other\.example"):
        list(running.set_up(home, Answers(site=site | {"gateway": site["gateway"] | {"tls": tls}})))
    assert not home.site_file.exists()
    assert started[0] == []


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
    write_secret(tmp_path / "pw", "\n")
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
    write_secret(tmp_path / "pw", f"{PASSWORD}\nrest\n")
    list(
        running.set_up(home, Answers(site=site, administrator=Administrator(name="lin", password_file=tmp_path / "pw")))
    )
    assert [user.name for user in list_users(home, load_site(home.site_file))] == ["lin"]


@pytest.mark.parametrize(
    ("name", "title", "secret", "mode", "said"),
    [
        ("lin", "", "short", 0o600, "has 5 characters"),
        ("lin", "", "lin-lin-lin-lin", 0o600, "cannot be used"),
        ("L in", "", PASSWORD, 0o600, "user name"),
        ("lin", "a\x07b", PASSWORD, 0o600, "display name"),
        ("lin", "", PASSWORD, 0o640, "Others may read the password"),
        ("lin", "", PASSWORD, 0o604, "Others may read the password"),
    ],
)
def test_an_administrator_that_cannot_be_is_found_before_anything_is_done(
    home, site, started, tmp_path, name, title, secret, mode, said
):
    write_secret(tmp_path / "pw", secret, mode)
    who = Administrator(name=name, title=title, password_file=tmp_path / "pw")
    with pytest.raises(ApplianceError, match=said) as caught:
        list(running.set_up(home, Answers(site=site, administrator=who)))
    assert caught.value.hint is not None or title
    assert not home.root.exists()


def test_an_administrator_who_is_somebody_else_already_is_not_made_one(home, site, started):
    home.create()
    config = Answers(site=site).site_config()
    add_user(home, config, "lin", PASSWORD)
    answers = Answers(site=site, administrator=Administrator(name="Lin"))
    with pytest.raises(Conflict, match="no administrator"):
        list(running.set_up(home, answers, PASSWORD))
    assert [user.role for user in list_users(home, config)] == ["caller"]
    assert started[0] == []


def test_relative_paths_hold_from_another_folder_too(home, site, started, lexicon, monkeypatch, tmp_path):
    package, key = lexicon
    monkeypatch.chdir(package.parent)
    answers = Answers(site=site, trust=(Path(key.name),), packages=(Path(package.name),))
    started[1].append(StartFailed(_("It broke off; the scenario's log says why.")))
    with pytest.raises(StartFailed):
        list(running.set_up(home, answers))
    write_answers(tmp_path / "answers.yaml", answers)
    monkeypatch.chdir(tmp_path)
    told = steps(running.set_up(home, read_answers(tmp_path / "answers.yaml")))
    assert [state for step, state in told if step != "setup.checks"] == ["skipped"] * 3


def test_one_at_a_time(home, site, started):
    home.create()
    with only_setup(home), pytest.raises(AlreadyRunning, match="first start is at work") as caught:
        list(running.set_up(home, Answers(site=site)))
    assert caught.value.hint is not None
    assert not home.site_file.exists()
    assert started[0] == []
    list(running.set_up(home, Answers(site=site)))
    assert len(started[0]) == 1


def test_the_home_of_a_node_is_no_appliance_of_its_own(home, site, started):
    home.create()
    write_membership(home, member("joined"))
    with pytest.raises(ConfigError, match=r"node box-2 of 10\.0\.0\.1"):
        list(running.set_up(home, Answers(site=site)))
    write_membership(home, member("joining"))  # of a join that was broken off
    list(running.set_up(home, Answers(site=site)))
    assert not home.node_file.exists()
