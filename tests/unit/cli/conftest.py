"""A home folder, the command line run in this process, and an HTTP server that answers as the gateway does."""

import json
import os
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from appliance.cli.main import main
from appliance.core.messages import set_language


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch, tmp_path):
    """Give each test an English locale, a wide terminal and a home of its own, and leave English behind."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("APPLIANCE_HOME", str(tmp_path / "home"))
    yield
    set_language("en")


@pytest.fixture
def home(tmp_path):
    """Give the home folder; it is empty."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@dataclass
class Outcome:
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The JSON on stdout, which must be all of it."""
        return json.loads(self.out)


@pytest.fixture
def run(capfd):
    """Give a function that runs one command line."""

    def run_command(*arguments):
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        told = capfd.readouterr()
        return Outcome(int(code), told.out, told.err)

    return run_command


@dataclass
class Gateway:
    """Answers by method and path; keeps what it was asked."""

    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def refuse(self, method, path, status, message, code="invalid_request", param=None):
        """Answer with an error in OpenAI's shape."""
        error = {"message": message, "type": "invalid_request_error", "code": code, "param": param}
        self.answers[method, path] = (status, {"error": error})


@pytest.fixture
def gateway(home):
    """Start an HTTP server at the address in the home's site file; give what it answers."""
    state = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.asked.append((self.command, self.path, dict(self.headers), body))
            status, value = state.answers.get((self.command, self.path.partition("?")[0]), (404, {"detail": "?"}))
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_arguments):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    (home / "site.yaml").write_text(f"gateway: {{port: {server.server_port}}}\n")
    descriptor = os.open(home / "admin.key", os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, b"lma-abc.secret\n")
    os.close(descriptor)
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
