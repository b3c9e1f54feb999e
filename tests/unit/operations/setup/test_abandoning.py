"""Starting anew: what a first start has written goes, what somebody else has written stays."""

import pytest

from appliance.cluster.membership import read_membership, write_membership
from appliance.core.errors import AlreadyRunning, StartFailed
from appliance.core.messages import _
from appliance.operations import packages
from appliance.operations.setup import running
from appliance.operations.setup.abandoning import abandon
from appliance.operations.setup.answers import Administrator, Answers, Level, write_answers
from appliance.operations.setup.journal import answers_file, journal_file, unfinished
from appliance.operations.starting_lock import only_setup
from tests.unit.operations.setup.starts import PASSWORD, member


@pytest.fixture(autouse=True)
def fit(monkeypatch):
    monkeypatch.setattr(running, "check_machine", lambda _home, _site: iter(()))


@pytest.fixture
def broken_off(home, site, started, lexicon):
    """Leave a first start in the middle, with everything but the start done; return its answers."""
    package, key = lexicon
    answers = Answers(
        site=site, trust=(key,), packages=(package,), administrator=Administrator(name="lin"), users=40,
        level=Level(ttft_ms=1e9, tokens_per_s=1e-6),
    )  # fmt: skip
    home.create()
    write_answers(answers_file(home), answers)
    started[1].append(StartFailed(_("It broke off; the scenario's log says why.")))
    with pytest.raises(StartFailed):
        list(running.set_up(home, answers, PASSWORD))
    assert "models" in home.site_file.read_text()  # the plan has changed it
    return answers


@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_written_goes_and_other_answers_begin(home, site, started, broken_off, damaged):
    if damaged:
        journal_file(home).write_text("{")
    assert set(abandon(home)) == {home.site_file, answers_file(home)}
    assert not home.site_file.exists()
    assert not answers_file(home).exists()
    assert not unfinished(home)
    assert [one.manifest.name for one in packages.installed(home)] == ["own"]
    list(running.set_up(home, Answers(language="zh_CN", site=site)))
    assert started[0][-1].language == "zh_CN"
    assert abandon(home) == ()
    assert home.site_file.exists()


def test_files_of_somebody_else_stay(home, broken_off):
    home.site_file.write_text("language: zh_CN\n")
    answers_file(home).write_text("language: zh_CN\n")
    assert abandon(home) == ()
    assert home.site_file.read_text() == answers_file(home).read_text() == "language: zh_CN\n"
    assert not unfinished(home)


def test_with_a_damaged_journal_a_site_file_that_says_something_else_stays(home, broken_off):
    journal_file(home).write_text("{")
    home.site_file.write_text("language: zh_CN\n")
    assert abandon(home) == (answers_file(home),)
    assert home.site_file.exists()


def test_damaged_answers_that_were_written_here_go_too(home, broken_off):
    answers_file(home).write_text(answers_file(home).read_text() + "nonsense: [")
    assert set(abandon(home)) == {home.site_file, answers_file(home)}


def test_nothing_is_taken_away_from_under_one_that_is_at_work(home, broken_off, monkeypatch):
    with only_setup(home), pytest.raises(AlreadyRunning):
        abandon(home)
    monkeypatch.setattr("appliance.operations.setup.abandoning.runs", lambda _home: True)
    with pytest.raises(AlreadyRunning, match="runs"):
        abandon(home)
    assert home.site_file.exists()
    assert unfinished(home)


def test_half_a_node_goes_a_whole_one_stays(home, broken_off):
    write_membership(home, member("joined"))
    abandon(home)
    assert read_membership(home) is not None
    journal_file(home).write_text("{")
    write_membership(home, member("joining").model_copy(update={"had_site": True}))
    abandon(home)
    assert read_membership(home) is None
