import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from appliance import __version__
from appliance.cli import main as main_module
from appliance.cli.app import Language, build_app
from appliance.cli.main import choose_language
from appliance.core.messages import LANGUAGES

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def commands(language="en"):
    """Yield each command's path and object."""

    def walk(command, path):
        children = getattr(command, "commands", {})
        if not children:
            yield path, command
        for name, child in children.items():
            yield from walk(child, f"{path} {name}")

    yield from walk(get_command(build_app(language)), "appliance")


def test_the_commands_are_those_of_the_page():
    page = PAGE.read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(appliance(?: [a-z][a-z-]*)+)", page, re.MULTILINE)
    assert sorted(documented) == sorted(path for path, _command in commands())


def test_every_option_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    for path, command in commands():
        for parameter in command.params:
            for option in parameter.opts + parameter.secondary_opts:
                if option.startswith("--") and option != "--wait":
                    assert option in page, f"{path} {option}"


def test_every_command_that_prints_a_table_has_json():
    without = {path for path, command in commands() if not any("--json" in p.opts for p in command.params)}
    doing = {f"appliance kb {name}" for name in ("change", "delete", "drop", "share", "rebuild", "glossary", "get")}
    names = ("keygen", "build", "build-platform", "trust", "distrust", "remove", "export")
    doing |= {"appliance batch result", *(f"appliance package {name}" for name in names)}
    doing |= {f"appliance service {name}" for name in ("install", "show", "remove")}
    assert without == {"appliance down", "appliance run", "appliance tui", "appliance audit export"} | doing


@pytest.mark.parametrize(
    "arguments", [path.split()[1:] for path, _command in commands()] + [[], ["key"], ["kb"]], ids=str
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_help_page_is_whole_in_both_languages(run, language, arguments):
    shown = run("--language", language, *arguments, "--help")
    assert shown.code == 0
    assert shown.err == ""
    chinese = len(re.findall(r"[\u4e00-\u9fff]", shown.out))
    if language == "en":
        assert chinese == 0
    else:
        assert chinese > 10
        assert not re.search(r"Options|Arguments|Commands|Usage|Show |required|default:", shown.out)


def test_the_languages_of_the_option_are_those_that_are_spoken():
    assert tuple(language.value for language in Language) == LANGUAGES


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW"}, "zh_CN"),
        ([], {"LC_ALL": "", "LANG": "zh"}, "zh_CN"),
        ([], {"LANG": "fr_FR"}, "en"),
        (["--language", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["--language=zh_CN", "status"], {}, "zh_CN"),
        (["--language"], {"LANG": "zh_CN"}, "zh_CN"),
        (["--language", "klingon"], {}, "en"),
        (["ask", "--", "--language", "zh_CN"], {}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_locale(arguments, environment, language):
    assert choose_language(arguments, environment) == language


def test_the_version(run):
    shown = run("--version")
    assert (shown.code, shown.out) == (0, f"appliance {__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "There is no command appliance nonsense."),
        (["stauts"], "Did you mean `appliance status`?"),
        (["key", "lsit"], "Did you mean `appliance key list`?"),
        (["key", "list", "--jsn"], "There is no option --jsn."),
        (["key", "create"], "NAME is missing."),
        (["key", "create", "a", "--role", "root"], "--role cannot be used:"),
        (["kb", "search", "x", "--count", "0"], "--count cannot be used:"),
        (["status", "extra"], "The command line cannot be read:"),
        (["--language", "fr", "status"], "--language cannot be used:"),
        (["ask"], "QUESTION is missing."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_told_in_two_lines(run, arguments, told):
    shown = run(*arguments)
    assert shown.code == 2
    assert shown.out == ""
    assert told in shown.err
    assert len(shown.err.strip().splitlines()) == 2


@pytest.mark.parametrize("arguments", [[], ["key"], ["model"]], ids=["none", "key", "model"])
def test_a_bare_group_shows_its_help_and_is_a_usage_error(run, arguments):
    shown = run(*arguments)
    assert shown.code == 2
    assert "Usage:" in shown.out + shown.err


def test_a_wrong_site_file_is_a_usage_error_that_names_it(run, home):
    (home / "site.yaml").write_text("gatway: {}\n")
    shown = run("key", "list")
    assert shown.code == 2
    assert "did you mean gateway?" in shown.err


def test_a_defect_is_told_as_one(run, monkeypatch):
    monkeypatch.setattr(main_module, "build_app", lambda _language: lambda **_options: 1 / 0)
    shown = run("status")
    assert shown.code == 1
    assert "ZeroDivisionError" in shown.err
    assert "report it" in shown.err
    assert "Traceback" in shown.err


def test_errors_speak_chinese(run):
    shown = run("--language", "zh_CN", "status")
    assert shown.code == 4
    assert shown.err.startswith("错误：")
    assert "请用 `appliance up` 启动" in shown.err


def test_a_terminal_without_chinese_shows_question_marks_and_no_traceback():
    shown = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "--language", "zh_CN", "--help"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert b"?" in shown.stdout
