"""`appliance calibrate`: the measuring program's answers, an engine behind HTTP, and the file that comes of them."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from appliance.catalogue.calibration import read_calibration
from appliance.cluster.instance import Instance, write_instance
from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.errors import StartFailed, Unavailable
from appliance.core.ids import new_id
from appliance.core.progress import Progress
from appliance.operations import calibration
from appliance.operations.client import ApplianceClient
from appliance.operations.engine_speed import STREAMS, measure_engine, resident_of

LOOP = {"device": "cpu", "read": 1.3e10, "multiply": None, "prefill_s": 0.36, "step_s": 0.05, "fault": None}


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    made.create()
    return made


@pytest.fixture
def engine():
    """Give a model behind HTTP: 1 ms a character, then as many tokens as asked for, up to `most`."""
    state = {"asked": [], "most": 1000, "status": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state["asked"].append(body)
            tokens = min(body["max_tokens"], state["most"])
            time.sleep(1e-4 * len(body["prompt"]) + 5e-3 * tokens)
            usage = {"prompt_tokens": len(body["prompt"]) // 3, "completion_tokens": tokens}
            answer = {"usage": usage} if state["status"] == 200 else {"error": {"message": "no"}}
            content = json.dumps(answer).encode()
            self.send_response(state["status"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state["port"] = server.server_port
    state["client"] = ApplianceClient(f"http://127.0.0.1:{server.server_port}", "lma-a.b")
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def run(home, site):
    events = list(calibration.calibrate(home, site))
    return [event for event in events if isinstance(event, Progress)], events[-1]


@pytest.fixture
def measured(monkeypatch):
    """Leave the measuring program out; give what it says."""
    devices = [dict(LOOP)]
    monkeypatch.setattr(calibration, "_measured", lambda facts, home: devices)
    return devices


def test_the_machine_is_measured_and_written(home, monkeypatch):
    monkeypatch.setattr(calibration, "_MEASURE_S", 1.0)
    news, found = run(home, SiteConfig())
    written = read_calibration(home.calibration_file)
    assert written == found.calibration
    assert written.of("cpu").memory_bytes_per_s > 1e8
    assert [event.state for event in news] == ["running", "done", "running", "skipped"]
    assert "does not run" in found.notes[-1].render("en")


def test_a_program_that_takes_too_long_is_ended(home, monkeypatch):
    monkeypatch.setattr(calibration, "_LONGEST_S", 0.01)
    with pytest.raises(StartFailed, match="more than 0 s"):
        run(home, SiteConfig())
    assert not home.calibration_file.exists()


def test_a_program_that_fails_is_told(home, monkeypatch):
    monkeypatch.setattr(calibration, "_MEASURE_S", "nonsense")
    with pytest.raises(StartFailed, match="ended with code 1"):
        run(home, SiteConfig())
    assert "Traceback" in (home.logs / "calibrate.log").read_text()


def test_a_card_whose_memory_is_taken_is_told(home, measured):
    measured += [
        {"device": "NVIDIA L20", "read": None, "multiply": None, "prefill_s": None, "step_s": None, "fault": "memory"},
        {"device": "NVIDIA A10", "read": 5e11, "multiply": 1e14, "prefill_s": None, "step_s": None, "fault": None},
    ]
    _news, found = run(home, SiteConfig())
    assert any("NVIDIA L20 was not measured" in note.render("en") for note in found.notes)
    assert found.calibration.of("NVIDIA L20").memory_bytes_per_s is None
    assert found.calibration.of("NVIDIA A10").flops == 6e13


def test_the_engine_is_measured_where_the_appliance_runs(home, measured, engine):
    site = SiteConfig.model_validate({"gateway": {"port": engine["port"]}, "accelerator": "cpu"})
    instance = Instance(
        instance_id=new_id("run"), ray_address="-", gateway_url="-", temp_folder=str(home.run / "ray"),
        started_at="-", version="0",
    )  # fmt: skip
    write_instance(home.instance_file, instance)
    home.admin_key_file.write_text("lma-a.b")
    # A process of the instance that calls itself as Serve calls the model's replica.
    program = "import sys; print('ready', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "ray::ServeReplica:model-general:Model"],
        env={"APPLIANCE_INSTANCE": instance.instance_id}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == b"ready\n"
        news, found = run(home, site)
        assert resident_of(instance, "other") is None
    finally:
        process.kill()
        process.communicate()
    assert news[-1].state == "done"
    assert found.engine.alias == "general"
    assert found.engine.resident_bytes > 0
    assert found.engine.step_s > 0
    assert found.calibration.of("cpu").engine_bytes is None  # less than weights and cache: not an engine
    assert found.to_dict("en")["engine"]["streams"] == STREAMS


def test_an_engine_that_refuses_leaves_the_machine_measured(home, measured, engine, monkeypatch):
    monkeypatch.setattr(calibration, "processes_of", lambda instance: [1])
    write_instance(home.instance_file, Instance("run", "-", "-", "/nowhere", "-", "0"))
    home.admin_key_file.write_text("lma-a.b")
    engine["status"] = 503
    _news, found = run(home, SiteConfig.model_validate({"gateway": {"port": engine["port"]}}))
    assert found.engine is None
    assert "The engine was not measured" in found.notes[-1].render("en")
    assert home.calibration_file.exists()


def test_prompts_differ_and_fit_the_context(engine):
    found = measure_engine(engine["client"], "general", 100, 30)
    prompts = [body["prompt"] for body in engine["asked"]]
    assert len({prompt[:20] for prompt in prompts}) == len(prompts)
    assert max(map(len, prompts)) == 50
    assert found.prompt_tokens == 16
    assert len(prompts) == 1 + 2 + 2 + 1 + 1 + STREAMS


@pytest.mark.parametrize(("most", "seconds", "told"), [(3, 30, "too soon"), (1000, -1, "too slowly")])
def test_an_engine_that_cannot_be_measured_is_told(engine, most, seconds, told):
    engine["most"] = most
    with pytest.raises(Unavailable, match=told):
        measure_engine(engine["client"], "general", 8192, seconds)
