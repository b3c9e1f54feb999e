"""`role: join` of the answers against a real head on loopback: to the end, again, and cut in the middle."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from appliance.cluster.membership import read_membership, write_membership
from appliance.core.errors import (
    ApplianceError,
    AuthenticationFailed,
    ConfigError,
    PermissionDenied,
    StartFailed,
    Unavailable,
)
from appliance.core.messages import _
from appliance.core.progress import Progress
from appliance.operations.nodes.joining import Joined
from appliance.operations.setup import joining_in
from appliance.operations.setup.answers import Answers, JoinAnswers, read_answers, write_answers
from appliance.operations.setup.journal import Steps, answers_file, journal_file, unfinished
from appliance.operations.setup.running import set_up
from tests.unit.operations.node_homes import HEAD, is_worker, running_cluster
from tests.unit.operations.setup.starts import steps, write_secret
from tests.unit.serving.ports import free_ports

ROOT = Path(__file__).parents[4]


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as found:
        yield found


@pytest.fixture
def starts(monkeypatch):
    """Start no Ray; collect the homes that would be, and raise what is in `failures` in its place."""
    homes, failures = [], []

    def start_node(home):
        homes.append(home)
        yield Progress("ray", _("Start Ray"))
        if failures:
            raise failures.pop()

    monkeypatch.setattr(joining_in, "start_node", start_node)
    return homes, failures


def wish(cluster, **more):
    given = {"token": cluster.token(), "name": "box-2", "address": "127.0.0.2"} | more
    return JoinAnswers(head=f"{HEAD}:{cluster.first_port + 9}", labels={"rack": "7"}, **given)


def joining(cluster, home, **more):
    """Return answers as the wizard writes them, and their file."""
    home.create()
    write_answers(answers_file(home), Answers(role="join", join=wish(cluster, **more)))
    return read_answers(answers_file(home)), answers_file(home)


def test_a_machine_joins_and_its_token_is_gone(cluster, starts):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    token = answers.join.token
    assert token in file.read_text()
    *news, joined = set_up(home, answers, file=file)
    (node,) = cluster.workers()
    assert joined == Joined(node.id, "box-2", "127.0.0.2", HEAD)
    assert node.labels == {"rack": "7"}
    assert is_worker(home)
    assert [name for name, state in steps(news) if state == "done"][-1] == "setup.token"
    assert starts[0] == [home]
    assert not unfinished(home)
    assert token not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    again = read_answers(file).join
    assert (again.token, again.token_file, again.name) == ("", home.root / "token", "box-2")


def test_done_again_it_only_starts(cluster, starts):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    *_news, first = set_up(home, answers, file=file)
    *news, second = set_up(home, read_answers(file), file=file)
    assert second == first
    assert ("node.join", "skipped") in steps(news)
    assert starts[0] == [home, home]
    assert len(cluster.workers()) == 1


def cut_off(_file):
    raise KeyboardInterrupt


def test_cut_after_joining_it_goes_on_without_the_token(cluster, starts, monkeypatch):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    with monkeypatch.context() as cut:
        cut.setattr(joining_in, "forget_token", cut_off)
        with pytest.raises(KeyboardInterrupt):
            list(set_up(home, answers, file=file))
    assert is_worker(home)
    assert unfinished(home)
    assert answers.join.token in file.read_text()
    *_news, joined = set_up(home, answers, file=file)
    assert joined.name == "box-2"
    assert not unfinished(home)
    assert answers.join.token not in file.read_text()


def test_what_fails_can_be_done_again_with_another_token(cluster, starts):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    starts[1].append(StartFailed(_("It broke off; the scenario's log says why.")))
    with pytest.raises(StartFailed):
        list(set_up(home, answers, file=file))
    assert unfinished(home)
    assert read_membership(home) is None
    with pytest.raises(AuthenticationFailed) as caught:
        list(set_up(home, answers, file=file))
    assert "appliance node token create" in str(caught.value.hint)
    answers, file = joining(cluster, home)
    list(set_up(home, answers, file=file))
    assert is_worker(home)
    assert not unfinished(home)


CHILD = """
    import os, signal, sys
    from pathlib import Path
    from appliance.config.home import Home
    from appliance.operations.setup import joining_in
    from appliance.operations.setup.answers import read_answers
    from appliance.operations.setup.running import set_up

    def start_node(_home):
        os.kill(os.getpid(), signal.SIGKILL)
        yield

    joining_in.start_node = start_node
    for _news in set_up(Home(Path(sys.argv[1])), read_answers(Path(sys.argv[2]))):
        pass
"""


@pytest.fixture
def killed(cluster):
    """Let a machine join by a process that is killed before Ray starts; return home, answers and their file."""
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    command = [sys.executable, "-c", textwrap.dedent(CHILD), home.root, file]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=300).returncode == -signal.SIGKILL
    assert read_membership(home).state == "joining"
    assert unfinished(home)
    return home, answers, file


def test_a_process_that_was_killed_goes_on_without_another_token(cluster, starts, killed):
    home, answers, file = killed
    (before,) = cluster.workers()
    assert before.state == "joining"
    *news, joined = set_up(home, answers, file=file)
    (node,) = cluster.workers()
    assert (node.id, node.state, joined.node_id) == (before.id, "ready", before.id)
    assert ("node.join", "skipped") in steps(news)
    assert is_worker(home)
    assert not (home.state / "joining.json").exists()
    assert answers.join.token not in file.read_text()


def test_one_that_was_away_for_too_long_needs_another_token(cluster, starts, killed):
    home, answers, file = killed
    cluster.nodes.set_state(read_membership(home).node_id, "removed")
    with pytest.raises(PermissionDenied) as caught:
        list(set_up(home, answers, file=file))
    assert "appliance node token create" in str(caught.value.hint)
    assert read_membership(home) is None
    answers, file = joining(cluster, home)
    list(set_up(home, answers, file=file))
    assert is_worker(home)


def test_one_whose_head_is_away_too_is_tried_again(cluster, starts, killed):
    home, answers, file = killed
    member = read_membership(home)
    away = member.head.model_copy(update={"port": free_ports(12)})
    write_membership(home, member.model_copy(update={"head": away}))
    with pytest.raises(Unavailable):
        list(set_up(home, answers, file=file))
    write_membership(home, member)
    list(set_up(home, answers, file=file))
    assert is_worker(home)


def test_another_head_is_not_mixed_up_with_the_one_before(cluster, starts, killed):
    home, answers, _file = killed
    other = answers.join.model_copy(update={"head": "127.0.0.9:1"})
    with pytest.raises(Unavailable):
        list(set_up(home, answers.model_copy(update={"join": other})))
    assert starts[0] == []


def test_what_a_killed_attempt_left_does_not_stand_in_the_way(cluster, starts):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)
    list(set_up(home, answers, file=file))
    write_membership(home, read_membership(home).model_copy(update={"state": "joining"}))
    cluster.nodes.set_state(read_membership(home).node_id, "joining")
    answers, file = joining(cluster, home)
    list(set_up(home, answers, file=file))
    assert is_worker(home)


def test_a_token_in_a_file_of_its_own(cluster, starts, tmp_path):
    home = cluster.machine("node")
    write_secret(tmp_path / "token", cluster.token() + "\n")
    list(set_up(home, Answers(role="join", join=wish(cluster, token="", token_file=tmp_path / "token"))))
    assert is_worker(home)


@pytest.mark.parametrize("content", [None, "", "njt_nonsense\n"])
def test_a_token_that_is_none_is_found_before_anything_is_done(cluster, starts, tmp_path, content):
    home = cluster.machine("node")
    if content is not None:
        write_secret(tmp_path / "token", content)
    answers = Answers(role="join", join=wish(cluster, token="", token_file=tmp_path / "token"))
    with pytest.raises(ApplianceError) as caught:
        list(set_up(home, answers))
    assert caught.value.hint is not None
    assert not journal_file(home).exists()


@pytest.mark.parametrize("ours", [True, False])
def test_settings_of_an_appliance_of_its_own_that_was_begun_do_not_go_over_those_of_the_head(home, starts, ours):
    home.create()
    text = Answers().site_text()
    if ours:
        Steps.of(home, Answers()).will_write_site(text)
    home.site_file.write_text(text)
    token = f"njt_{'a' * 26}.{'b' * 43}.{'c' * 32}"
    with pytest.raises(Unavailable):
        list(set_up(home, Answers(role="join", join=JoinAnswers(head="127.0.0.9:1", token=token))))
    assert home.site_file.exists() == (not ours)


@pytest.mark.parametrize(
    "text",
    [
        "role: join\njoin: {head: h, token: TOKEN}  # mine\n",
        "role: join\njoin:\n  head: h\n  token: 'TOKEN'\n",
        'role: join\njoin: {"token": "TOKEN", "head": "h"}\n',
        "# TOKEN\nrole: join\njoin:\n  token:\n    TOKEN\n  head: h\n",
    ],
)
def test_a_token_is_taken_out_of_any_writing(tmp_path, text):
    file = tmp_path / "answers.yaml"
    file.write_text(text.replace("TOKEN", "njt_abc.def-ghi"))
    joining_in.forget_token(file)
    assert "njt_abc" not in file.read_text()
    assert read_answers(file).join == JoinAnswers(head="h", token_file=tmp_path / "token")
    assert ("# mine" in file.read_text()) == ("# mine" in text)


def test_a_file_that_cannot_be_written_is_told_of(cluster, starts, monkeypatch):
    home = cluster.machine("node")
    answers, file = joining(cluster, home)

    def locked(_file):
        raise ConfigError(_("Give one with --key or --key-file."))

    monkeypatch.setattr(joining_in, "forget_token", locked)
    *news, joined = set_up(home, answers, file=file)
    assert steps(news)[-1] == ("setup.token", "failed")
    assert joined.name == "box-2"
