"""From a bare home to an answered, cited question, with nothing but the terminal's pages, on a real appliance."""

import json
import shutil
import ssl

import httpx
import pytest

from tests.gateway.stack import APPLIANCE, free_ports, run_cli, share_model
from tests.terminal.screen import Terminal

PASSWORD = "Quiet-Harbour-27"
INSTALLED_S = 1200.0

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="the program tmux is not installed")


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    share_model(home)  # the wheel of the base model is fetched only where there is a network
    yield home
    run_cli(home, "down")


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.end()


def test_from_a_bare_home_to_an_answered_question(home, terminal):
    terminal.start(str(APPLIANCE), "tui", APPLIANCE_HOME=str(home))
    terminal.wait_for("Welcome", 60)
    terminal.type("Enter")
    terminal.wait_for("Is this the first machine")
    terminal.type("Enter")
    terminal.wait_for("This machine only")
    port = str(free_ports(1))
    terminal.type("Tab", "C-a", "C-k", port, "Tab", "Tab", "Up", "Up", "C-s")  # with a certificate of its own
    terminal.wait_for("What the appliance stands on")
    terminal.wait_for("Memory", 60)
    terminal.type("C-s")
    terminal.wait_for("Name to sign in with")
    terminal.type("lin", "Enter", "Lin Yi", "Enter", PASSWORD, "Enter", PASSWORD, "Enter")
    terminal.wait_for("There is no package", 60)
    terminal.type("C-s")
    terminal.wait_for("Asked:", 90)
    terminal.type("C-s")
    confirmed = terminal.wait_for("Answers are written to")
    assert f"127.0.0.1:{port}" in confirmed
    assert PASSWORD not in confirmed
    assert not (home / "site.yaml").exists()
    terminal.type("C-s")
    terminal.wait_for("Installing")
    shown = terminal.wait_for("The appliance runs.", INSTALLED_S)
    assert f"https://127.0.0.1:{port}/v1" in shown
    assert "Did not answer" not in shown
    assert PASSWORD not in (home / "answers.yaml").read_text(encoding="utf-8")

    terminal.type("Enter")
    answered = terminal.wait_for("mortgage-guide.pdf", 60)
    assert "6 months" in answered

    terminal.type("C-s")
    overview = terminal.wait_for("connected", 60)
    assert "knowledge-qa" in overview
    certificate = json.loads(run_cli(home, "gateway", "certificate", "--json").stdout)
    assert certificate["running"]
    trusted = ssl.create_default_context(cadata=certificate["authority"]["pem"])
    assert httpx.get(f"https://localhost:{port}/healthz", verify=trusted, trust_env=False).json() == {"status": "ok"}
    users = run_cli(home, "user", "list", "--json").stdout
    assert '"lin"' in users
