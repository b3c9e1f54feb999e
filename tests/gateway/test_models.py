"""Versions of a model on the running appliance: switched under load without a failed request."""

import contextlib
import json
import os
import shutil
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.gateway.stack import wait_until
from tests.terminal.screen import opened

# The fault tests are a program of their own beside the package, and so are its modules.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from faults.updates import ask_for_missing_weights, damage_weights

CALLERS = 4
_PAUSE_S = 0.5
"""Between two requests of a caller: an engine that is never idle leaves no processor to start another one."""
PACKAGE = "base-again"
_SLOW_S = 900
TOO_SLOW = ("tokens a second", "first token")
"""What the gate says of a version that a busy machine made slower than the other one."""


class Load:
    """Callers that ask again and again, every second one for a stream; what failed, and which version answered."""

    def __init__(self, stack):
        self.callers = CALLERS
        self._stack = stack
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.failed = []
        self.versions = Counter()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(CALLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, number):
        caller = number
        with self._stack.client() as http:
            http.timeout = httpx.Timeout(600)
            while not self._stop.is_set():
                if caller >= self.callers:
                    self._stop.wait(0.05)
                    continue
                number += CALLERS + 1
                self._one(http, number)
                self._stop.wait(_PAUSE_S)

    def _one(self, http, number):
        streaming = number % 2 == 0
        body = {
            "model": "general", "messages": [{"role": "user", "content": f"Tell me about {number}."}],
            "max_tokens": 24, "stream": streaming,
        }  # fmt: skip
        try:
            answer = http.post("/v1/chat/completions", json=body)
        except httpx.HTTPError as error:
            with self._lock:
                self.failed.append(repr(error))
            return
        whole = answer.text.endswith("data: [DONE]\n\n") if streaming else "choices" in answer.json()
        with self._lock:
            self.versions[answer.headers.get("x-model-version")] += 1
            if answer.status_code != 200 or not whole or '"error"' in answer.text:
                self.failed.append(f"{answer.status_code} {answer.text[-200:]}")


def model(stack, *arguments):
    done = stack.cli("model", *arguments, "--json", timeout=_SLOW_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def slots(stack):
    return {one["slot"]: one["package"] for one in model(stack, "show", "general")["variants"]}


@contextlib.contextmanager
def under_another_name(stack):
    """Give the same model once more under another name; afterwards the first one serves again."""
    folder = stack.home / "models" / PACKAGE
    shutil.copytree(stack.home / "models" / "base", folder, copy_function=os.link)
    yield PACKAGE
    found = slots(stack)
    if "candidate" in found:
        model(stack, "drop", "general")
    if found["stable"] == PACKAGE:
        model(stack, "rollback", "general")
    shutil.rmtree(folder)


@pytest.fixture
def again(stack):
    """Give the other name for one test."""
    with under_another_name(stack) as name:
        yield name


class TestTwoVersions:
    """The second test goes on where the first one ends."""

    @pytest.fixture(scope="class")
    def again(self, stack):
        """Give the other name for both."""
        with under_another_name(stack) as name:
            yield name

    def test_promote_and_go_back_under_load_without_a_failed_request(self, stack, http, again):
        with Load(stack) as load:
            wait_until(lambda: sum(load.versions.values()) >= CALLERS, 120)
            (first,) = load.versions
            candidate = model(stack, "stage", "general", again)
            assert set(load.versions) == {first}  # nobody is sent to it
            asked = {"model": "general@candidate", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
            label = f"{candidate['package']}:{candidate['version']}"
            assert http.post("/v1/chat/completions", json=asked).headers["x-model-version"] == label
            model(stack, "split", "general", "30")
            wait_until(lambda: label in load.versions, 120)
            promote(stack, http, load)
            assert slots(stack) == {"stable": again, "previous": "base"}
            before = load.versions[label]
            wait_until(lambda: load.versions[label] > before + CALLERS, 120)
            model(stack, "rollback", "general")
            before = load.versions[first]
            wait_until(lambda: load.versions[first] > before + CALLERS, 120)
        assert load.failed == []
        assert set(load.versions) == {first, label}
        assert slots(stack) == {"stable": "base", "previous": again}

    @pytest.mark.skipif(shutil.which("tmux") is None, reason="the program tmux is not installed")
    def test_the_way_back_typed_into_the_terminal(self, stack, http, again, tmp_path):
        first = serving(http)
        other = f"{again}:{first.partition(':')[2]}"
        with opened(tmp_path, stack.home) as terminal:
            terminal.type("3")
            terminal.wait_for("general")
            terminal.type("Down")  # below the model that was never anything else
            terminal.wait_for("$ appliance model show general")
            terminal.type("Enter")
            for version in (other, first):
                terminal.wait_for("b Roll back")
                asked = f"Let {version} serve general again?"
                terminal.confirm("b", asked, f"{version} serves general.", seconds=_SLOW_S)
                assert serving(http) == version
                terminal.type("Escape")
                terminal.wait_for(f"{version} ● serves")
        assert slots(stack) == {"stable": "base", "previous": again}


def serving(http, text="Hi"):
    """Return which version answers."""
    asked = {"model": "general", "messages": [{"role": "user", "content": text}], "max_tokens": 2}
    answer = http.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-model-version"]


def promote(stack, http, load):
    """Promote through the gate; the callers rest while it asks its questions, which tells two versions apart best."""
    load.callers = 0
    wait_until(lambda: total(http, "appliance_requests_in_flight") == 0, 120)
    streams = total(http, "appliance_time_to_first_token_seconds_count")
    with ThreadPoolExecutor(1) as pool:
        promoting = pool.submit(through_the_gate, stack)
        # What it streams is for speed, and comes after the questions.
        wait_until(
            lambda: promoting.done() or total(http, "appliance_time_to_first_token_seconds_count") > streams, _SLOW_S
        )
        load.callers = CALLERS
        promoting.result()


def total(http, name):
    """Return the sum of a metric's samples."""
    lines = http.get("/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{"))


def through_the_gate(stack):
    """Promote the candidate, which is the same model, and check what the gate measured of both versions."""
    promoted = stack.cli("model", "promote", "general", "--json", timeout=_SLOW_S)
    shown = {one["slot"]: one["figures"] for one in model(stack, "show", "general")["variants"]}
    assert len(shown) == 2
    assert all(figures["questions"] >= 20 and figures["tokens_per_s"] > 0 for figures in shown.values())
    # The same weights answer the same; on a busy machine their speed may differ by more than the gate allows.
    (passed,) = {figures["passed"] for figures in shown.values()}
    assert passed > 0
    if promoted.returncode != 0:
        assert any(words in promoted.stderr for words in TOO_SLOW)
        model(stack, "promote", "general", "--no-gate")


def test_damaged_weights_never_serve(stack, again):
    damage_weights(stack.home / "models" / again)
    refused = stack.cli("model", "stage", "general", again, timeout=_SLOW_S)
    assert refused.returncode == 10, refused.stderr
    assert "model.safetensors" in refused.stderr
    assert "candidate" not in slots(stack)


def test_a_version_that_does_not_start_is_removed_and_the_old_one_serves(stack, http, again):
    ask_for_missing_weights(stack.home / "models" / again)
    failed = stack.cli("model", "stage", "general", again, timeout=_SLOW_S)
    assert failed.returncode == 6, failed.stderr
    assert "candidate" not in slots(stack)
    asked = {"model": "general", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4}
    assert http.post("/v1/chat/completions", json=asked).status_code == 200
    applications = http.get("/v1/appliance/status").json()["applications"]
    assert [one["state"] for one in applications if one["name"].startswith("general")] in (
        ["running"],
        ["running", "stopped"],
    )
