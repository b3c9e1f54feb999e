"""The file of answers: what it may say, and what is told of one that cannot be used."""

import stat
from pathlib import Path

import pytest

from appliance.core.errors import ConfigError
from appliance.operations.setup.answers import (
    Administrator,
    Answers,
    JoinAnswers,
    Level,
    is_written_here,
    read_answers,
    write_answers,
)


def given(tmp_path, text):
    file = tmp_path / "answers.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_empty_file_is_one_machine_with_the_defaults(tmp_path):
    answers = read_answers(given(tmp_path, ""))
    assert (answers.role, answers.packages, answers.site_config().gateway.port) == ("first", (), 8080)


def test_what_is_written_is_read_back(tmp_path):
    answers = Answers(
        language="zh_CN",
        site={"gateway": {"host": "0.0.0.0", "port": 9443}},
        administrator=Administrator(name="lin", title="林一"),
        packages=(tmp_path / "a.lmab",),
        users=40,
    )
    file = tmp_path / "answers.yaml"
    write_answers(file, answers)
    assert read_answers(file) == answers
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "首次启动" in file.read_text(encoding="utf-8")
    assert answers.site_config().language == "zh_CN"


def test_paths_are_below_the_files_own_folder(tmp_path):
    answers = read_answers(
        given(
            tmp_path, "trust: [keys/v.pub]\npackages: [/mnt/usb/a.lmab]\nadministrator: {name: lin, password_file: pw}"
        )
    )
    assert answers.trust == (tmp_path / "keys/v.pub",)
    assert str(answers.packages[0]) == "/mnt/usb/a.lmab"
    assert answers.administrator.password_file == tmp_path / "pw"


def test_a_node_that_joins_says_where_and_with_which_token(tmp_path):
    answers = read_answers(given(tmp_path, "role: join\njoin: {head: 10.0.0.1, token_file: t}"))
    assert answers.join == JoinAnswers(head="10.0.0.1", token_file=tmp_path / "t")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("role: join", "goes with"),
        ("join: {head: h, token: t}", "goes with"),
        ("role: join\njoin: {head: h}", "token, token_file"),
        ("role: join\njoin: {head: h, token: t}\nusers: 5", "from the first node"),
        ("packges: []", "did you mean packages"),
        ("administrator: {nam: lin}", "administrator.name"),
        ("users: 0", "users"),
        ("level: {ttft_ms: 5}", "`level` goes with `users`"),
        ("users: 5\nlevel: {ttft_ms: 0}", "level.ttft_ms"),
        ("users: 5\nlevel: {tokens_per_second: 5}", "level"),
        ("answers: 2", "answers"),
        ("site: {gateway: {prot: 1}}", "did you mean port"),
        ("site: {gateway: {port: 6379}, cluster: {port: 6379}}", "6379"),
        ("a: [", "not valid YAML"),
        ("- a", "names and values"),
    ],
)
def test_a_fault_is_named_before_anything_is_done(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        read_answers(given(tmp_path, text))
    assert said in str(caught.value)
    assert caught.value.hint is not None


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"#" * 1_100_000])
def test_what_is_no_such_file_is_said(tmp_path, content):
    file = tmp_path / "answers.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"answers\.yaml cannot be read"):
        read_answers(file)


def test_what_is_missing_for_another_machine_stands_at_the_top(tmp_path):
    file = tmp_path / "answers.yaml"
    write_answers(file, Answers(site={"gateway": {"port": 9443}}))
    assert "password" not in file.read_text()
    answers = Answers(
        administrator=Administrator(name="lin"), packages=(Path("a.lmab"),), users=5, level=Level(ttft_ms=6000)
    )
    write_answers(file, answers)
    head, _answers, rest = file.read_text().partition("answers: 1\n")
    assert [line[:2] for line in head.splitlines()] == ["# "] * 3
    assert "password_file" in head
    assert "administrator:\n  # password_file: password\n  name: lin\n" in rest
    assert f"- {Path.cwd() / 'a.lmab'}\n" in rest
    # What it asks for is all that it needs.
    file.write_text(file.read_text().replace("# password_file", "password_file"))
    again = read_answers(file)
    assert again.administrator.password_file == tmp_path / "password"
    assert again.level == Level(ttft_ms=6000)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_file_that_was_written_here_is_known_again(tmp_path, language):
    file = tmp_path / "answers.yaml"
    assert not is_written_here(file)
    write_answers(file, Answers(language=language))
    assert is_written_here(file)
    file.write_text("language: en\n")
    assert not is_written_here(file)


def test_a_damaged_file_is_kept_when_another_is_written(tmp_path):
    file = given(tmp_path, "packages: [")
    write_answers(file, Answers())
    assert (tmp_path / "answers.yaml.damaged").read_text() == "packages: ["
    write_answers(file, Answers(users=5))
    assert (tmp_path / "answers.yaml.damaged").read_text() == "packages: ["
    assert read_answers(file).users == 5
