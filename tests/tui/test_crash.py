"""A defect of either app: a sentence, exit code 1 and a log, and no password or key in any of them."""

import os
import pty
import sys
from pathlib import Path

import pytest
from textual.widgets import Input

from appliance.cli.exit_codes import ExitCode
from appliance.config.home import Home
from appliance.operations.setup.answers import Administrator, Answers
from appliance.tui.crash import CRASH_LOG
from appliance.tui.local import Local
from appliance.tui.wizard.app import SetupApp
from appliance.tui.wizard.source import Left
from tests.tui.recorded import recorded_app
from tests.tui.setup_double import RecordedSetup

PASSWORD = "Quiet-Harbour-27"
KEY = "lma-abcdefghijkl.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"


class Broken(RecordedSetup):
    """A machine on which installing meets what nobody foresaw."""

    def __init__(self, folder, error, asks_password=True):
        super().__init__(left=Left(Answers(administrator=Administrator(name="lin")), asks_password=asks_password))
        self.log_folder, self.error = folder, error

    def run(self, answers, password):
        raise self.error
        yield


class BrokenStatus:
    address = "http://127.0.0.1:8080"

    async def read(self):
        raise RuntimeError(f"no header of {KEY}")

    async def close(self):
        pass


async def type_the_password(pilot):
    for _try in range(200):
        await pilot.pause(0.05)
        if pilot.app.screen.query("#field-again"):
            break
    for name in ("password", "again"):
        pilot.app.screen.query_one(f"#field-{name} Input", Input).value = PASSWORD
    await pilot.press("ctrl+s")


async def wait(pilot):
    for _try in range(200):
        await pilot.pause(0.05)


def told(captured, folder):
    log = (folder / CRASH_LOG).read_text()
    assert "Traceback (most recent call last)" in log
    shown = captured.out + captured.err
    for text in (shown, log):
        assert PASSWORD not in text
        assert KEY not in text
    assert "Traceback" not in shown
    assert (folder / CRASH_LOG).stat().st_mode & 0o777 == 0o600
    return " ".join(shown.split())


@pytest.mark.parametrize(
    ("language", "said"), [("en", "ended because of a defect: RuntimeError"), ("zh_CN", "因程序缺陷而退出")]
)
async def test_the_first_start_ends_with_a_sentence(tmp_path, capsys, language, said):
    app = SetupApp(Broken(tmp_path / "logs", RuntimeError(f"bad word {PASSWORD}")), language)
    app.draft = app.with_answer(language=language)
    app.source.given_left = Left(app.source.given_left.answers.model_copy(update={"language": language}), True)
    await app.run_async(headless=True, size=(80, 24), auto_pilot=type_the_password)
    shown = told(capsys.readouterr(), tmp_path / "logs")
    assert said in shown
    assert CRASH_LOG in shown.replace(" ", "")
    assert app.return_code == ExitCode.UNEXPECTED


async def test_the_terminal_ends_with_a_sentence(tmp_path, capsys):
    app = recorded_app(None, local=Local(Home(tmp_path)))
    app.sources = type(app.sources)(**{**vars(app.sources), "status": BrokenStatus()})
    await app.run_async(headless=True, size=(80, 24), auto_pilot=wait)
    shown = told(capsys.readouterr(), tmp_path / "logs")
    assert "ended because of a defect: RuntimeError: no header of" in shown
    assert app.return_code == ExitCode.UNEXPECTED


async def test_without_a_place_for_the_log_there_is_a_sentence_still(tmp_path, capsys):
    (tmp_path / "logs").write_text("a file, where a folder should be")
    app = SetupApp(Broken(tmp_path / "logs", OSError(30, "Read-only file system"), asks_password=False))
    await app.run_async(headless=True, size=(80, 24), auto_pilot=wait)
    captured = capsys.readouterr()
    shown = " ".join((captured.out + captured.err).split())
    assert "ended because of a defect" in shown
    assert "could not be kept: FileExistsError" in shown
    assert "Traceback" not in shown


def test_a_real_process_on_a_real_terminal_ends_with_the_code_of_a_defect(tmp_path):
    program = f"""
from pathlib import Path
from appliance.tui.crash import run_app
from appliance.tui.wizard.app import SetupApp
from tests.tui.test_crash import Broken
run_app(SetupApp(Broken(Path({str(tmp_path)!r}), OSError(5, "Input/output error"), asks_password=False)))
"""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(Path(__file__).parents[2])
        os.execve(sys.executable, [sys.executable, "-c", program], {**os.environ, "TERM": "xterm", "PYTHONPATH": "."})
    output = b""
    try:
        while piece := os.read(terminal, 65536):
            output += piece
    except OSError:  # the other side has ended
        pass
    _child, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == ExitCode.UNEXPECTED
    shown = " ".join(output.decode(errors="replace").split())
    assert "ended because of a defect: OSError: [Errno 5] Input/output error" in shown
    assert "Traceback" not in shown
    assert "OSError: [Errno 5]" in (tmp_path / CRASH_LOG).read_text()
