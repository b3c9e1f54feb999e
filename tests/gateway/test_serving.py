"""Health, metrics, documentation, disconnects and the network."""

import asyncio
import json
import os
import pickle
import re
import socket
import subprocess
import sys

import grpc
import httpx
import psutil
import pytest
from ray.serve.generated.serve_pb2 import ASGIRequest

from appliance.catalogue.sizing import CPU_BATCHED_TOKENS
from appliance.cluster.certificates import node_files
from appliance.cluster.environment import cluster_environment
from appliance.cluster.instance import processes_of, read_instance
from appliance.config.home import Home
from appliance.config.site import ClusterSettings, EngineSettings
from tests.gateway.stack import QUEUE, wait_until

CHAT = "/v1/chat/completions"
SEQUENCES = EngineSettings().max_num_seqs
STORY = {
    "model": "general",
    "messages": [{"role": "user", "content": "Write a very long story about a bank."}],
    "max_tokens": 4000,
    "stream": True,
    "temperature": 1,
}


def sample(metrics: str, name: str, **labels: str) -> float:
    """Return one sample of the exposition format, 0 where it is absent."""
    for line in metrics.splitlines():
        if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def test_health_and_readiness(stack):
    with stack.client(Authorization="") as anyone:
        assert anyone.get("/healthz").json() == {"status": "ok"}
        ready = anyone.get("/readyz")
        assert ready.status_code == 200
        well = {"ready": True, "asleep": False, "reason": None}
        assert ready.json()["models"] == dict.fromkeys(("general", "finance"), well)


def test_metrics_count_requests_tokens_and_first_tokens(http):
    before = http.get("/metrics").text
    with http.stream("POST", CHAT, json={**STORY, "max_tokens": 5}) as response:
        response.read()
    after = http.get("/metrics").text
    labels = {"target": "general", "tenant": "default"}

    def grown(name, **more):
        return sample(after, name, **labels, **more) - sample(before, name, **labels, **more)

    assert grown("appliance_requests_total", route=CHAT, status="200") == 1
    assert grown("appliance_tokens_total", kind="completion") == 5
    assert grown("appliance_tokens_total", kind="prompt") > 10
    assert grown("appliance_time_to_first_token_seconds_count") == 1
    assert sample(after, "appliance_queue_depth", **labels) == 0


def test_every_answer_carries_its_request_id_and_the_log_has_it(stack, http):
    response = http.get("/v1/models")
    assert re.fullmatch(r"[\w.:-]{8,64}", response.headers["x-request-id"])
    own = http.post(CHAT, json={**STORY, "stream": False, "max_tokens": 1}, headers={"X-Request-ID": "branch-7.42"})
    assert own.headers["x-request-id"] == "branch-7.42"
    lines = "".join(path.read_text() for path in (stack.home / "logs").glob("gateway-*.log"))
    entry = next(json.loads(line) for line in lines.splitlines() if '"branch-7.42"' in line)
    assert entry["route"] == CHAT
    assert entry["completion_tokens"] == 1
    assert "story about a bank" not in lines
    assert stack.admin_key.split(".")[1] not in lines


def test_headers_meant_for_serve_do_not_pass(http):
    headers = {"serve_multiplexed_model_id": "x", "X-Request-ID": "a b\tc" * 40}
    response = http.get("/v1/models", headers=headers)
    assert response.status_code == 200
    assert "a b" not in response.headers["x-request-id"]


def test_the_documentation_loads_nothing_from_elsewhere(http):
    page = http.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"(src|href)=[\"'](https?:)?//", page.text)
    for address in re.findall(r"(?:src|href)=\"(/[^\"]+)\"", page.text):
        assert http.get(address).status_code == 200
    document = http.get("/openapi.json").json()
    assert {CHAT, "/v1/embeddings", "/v1/scenarios/knowledge-qa/ask", "/v1/knowledge-bases"} <= set(document["paths"])
    references = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))
    assert references <= set(document["components"]["schemas"])


def carried(http, alias):
    """Return what runs, what waits and the cache in use at a model: as the status tells it, and as the metrics do."""
    told = next(one for one in http.get("/v1/appliance/status").json()["applications"] if one["name"] == alias)
    metrics = http.get("/metrics").text
    names = ("requests_running", "requests_waiting", "kv_cache_usage_ratio")
    scraped = tuple(sample(metrics, f"appliance_model_{name}", target=alias) for name in names)
    return (told["running"], told["waiting"], told["kv_use"]), scraped


@pytest.mark.parametrize(("alias", "count", "wait"), [("general", SEQUENCES + QUEUE, 8), ("finance", 2, 0)])
def test_every_model_tells_what_runs_what_waits_and_its_cache_also_when_it_is_full(stack, http, alias, count, wait):
    """The number of replicas of `general` is fixed, that of `finance` follows the load."""

    async def crowd():
        limits = httpx.Limits(max_connections=count)
        headers = {"Authorization": f"Bearer {stack.admin_key}"}
        async with httpx.AsyncClient(base_url=stack.url, headers=headers, limits=limits, timeout=300) as client:
            bodies = ({**STORY, "model": alias, "seed": number} for number in range(count))
            asked = [asyncio.create_task(client.post(CHAT, json=body)) for body in bodies]
            try:
                await asyncio.to_thread(wait_until, busy, 240)
            finally:
                for task in asked:
                    task.cancel()
                await asyncio.gather(*asked, return_exceptions=True)

    def busy():
        return all(
            None not in told and told[0] >= min(count, SEQUENCES) // 2 and told[1] >= wait and 0 < told[2] <= 1
            for told in carried(http, alias)
        )

    idle = ((0, 0, 0.0),) * 2
    wait_until(lambda: carried(http, alias) == idle, 60)
    asyncio.run(crowd())
    wait_until(lambda: carried(http, alias) == idle, 60)


def test_a_seed_counts_also_with_a_prompt_that_takes_several_batches(http):
    """On processors vLLM's own worker ends the engine over it."""
    long = "Branch 7 opens at nine and closes at five. " * 60
    body = {"model": "general", "messages": [{"role": "user", "content": long}], "max_tokens": 12, "temperature": 1}
    answers = []
    for seed in (7, 7, 8):
        answer = http.post(CHAT, json={**body, "seed": seed})
        assert answer.status_code == 200, answer.text
        assert answer.json()["usage"]["prompt_tokens"] > 2 * CPU_BATCHED_TOKENS
        answers.append(answer.json()["choices"][0]["message"]["content"])
    assert answers[0] == answers[1] != answers[2]


def test_a_client_that_goes_away_frees_its_slot(stack, http):
    engines = [process for process in psutil.process_iter(["name"]) if "EngineCore" in (process.info["name"] or "")]
    assert engines
    with http.stream("POST", CHAT, json=STORY) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        for _line in range(6):
            next(lines)

    def in_flight() -> bool:
        return sample(http.get("/metrics").text, "appliance_requests_in_flight", target="general") > 0

    wait_until(lambda: not in_flight(), 2)
    # The gateway's count alone proves nothing of the engine: it must be idle too, not write 4,000 tokens for nobody.
    wait_until(lambda: all(engine.cpu_percent(interval=0.5) < 20 for engine in engines), 2.5)


def test_a_client_that_goes_away_before_the_answer_frees_its_slot(stack, http):
    host, port = stack.url.removeprefix("http://").split(":")
    body = json.dumps({**STORY, "stream": False}).encode()
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(
            f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.admin_key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        wait_until(lambda: sample(http.get("/metrics").text, "appliance_requests_in_flight", target="general") == 1, 5)
    wait_until(lambda: sample(http.get("/metrics").text, "appliance_requests_in_flight", target="general") == 0, 2)


def test_status_is_for_administrators(stack, http, caller_key):
    status = http.get("/v1/appliance/status").json()
    assert {application["name"] for application in status["applications"]} == {
        "general", "finance", "embedder", "knowledge", "gateway", "ledger", "batch",
        "knowledge-qa", "agent-assist", "advisor", "reports",
    }  # fmt: skip
    assert all(application["state"] == "running" for application in status["applications"])
    assert status["nodes"][0]["memory_total_bytes"] > 0
    with stack.client(key=caller_key) as caller:
        refused = caller.get("/v1/appliance/status")
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "permission_denied"


def test_it_works_without_a_network(http):
    names = {name for _index, name in socket.if_nameindex()}
    if names != {"lo"}:
        pytest.skip(f"this run has a network ({', '.join(sorted(names))}); `make stack` as root has none")
    assert http.post(CHAT, json={**STORY, "stream": False, "max_tokens": 2}).status_code == 200
    answer = http.post("/v1/scenarios/knowledge-qa/ask", json={"question": "个人账户转账收费吗？"})
    assert answer.status_code == 200


def listening(stack) -> set[tuple[str, str, int]]:
    """Return process name, address and port of each listening socket of the appliance."""
    instance = read_instance(stack.home / "run" / "instance.json")
    return {
        (process.name(), connection.laddr.ip, connection.laddr.port)
        for process in processes_of(instance)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


class Touch:
    """Unpickled, it makes a file: proof that somebody's code has run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def channels(files, port):
    """Yield channels to a port with what it must say: without TLS, as a stranger, with a node's certificate."""
    place, authority = f"127.0.0.1:{port}", files.authority.read_bytes()
    node = grpc.ssl_channel_credentials(authority, files.key.read_bytes(), files.certificate.read_bytes())
    yield grpc.insecure_channel(place), grpc.StatusCode.UNAVAILABLE
    yield grpc.secure_channel(place, grpc.ssl_channel_credentials(authority)), grpc.StatusCode.UNAVAILABLE
    yield grpc.secure_channel(place, node), grpc.StatusCode.UNAUTHENTICATED


def test_only_ports_that_ask_for_certificate_and_token_listen_beyond_this_machine(stack, tmp_path):
    loopback = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
    open_to_all = {entry for entry in listening(stack) if entry[1] not in loopback}
    # Serve's replicas take calls by gRPC on every address (docs/security.md).
    assert open_to_all
    assert all(name.startswith("ray::ServeReplica") for name, _address, _port in open_to_all), open_to_all
    ran = tmp_path / "ran"
    payload = pickle.dumps(Touch(ran))
    request = ASGIRequest(pickled_request_metadata=payload, request_args=payload, request_kwargs=payload)
    for _name, _address, port in open_to_all:
        for opened, code in channels(node_files(stack.home / "secrets"), port):
            with opened as channel:
                call = channel.unary_unary("/ray.serve.ASGIService/HandleRequest")
                for metadata in ((), (("authorization", f"Bearer {'0' * 64}"),)):
                    with pytest.raises(grpc.RpcError) as refused:
                        call(request.SerializeToString(), timeout=5, metadata=metadata)
                    assert refused.value.code() == code
    assert not ran.exists()


def test_ray_refuses_a_driver_without_the_token(stack):
    instance = read_instance(stack.home / "run" / "instance.json")
    program = f"import ray; ray.init('{instance.ray_address}', log_to_driver=False); print(ray.nodes())"
    good = cluster_environment(instance.instance_id, Home(stack.home), ClusterSettings(), os.environ)
    bad = {**good, "RAY_AUTH_TOKEN": "0" * 64}
    del bad["RAY_AUTH_TOKEN_PATH"]
    assert "NodeID" in said_by(program, good)
    assert "NodeID" not in said_by(program, bad)


def said_by(program, environment):
    """Return what a driver prints; one that is not let in tries on for as long as it may."""
    command = [sys.executable, "-c", program]
    try:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout
    except subprocess.TimeoutExpired as ended:
        return (ended.stdout or b"").decode()


def test_more_requests_than_the_model_may_queue_are_refused_with_a_time_to_try_again(stack):
    async def flood(count):
        limits = httpx.Limits(max_connections=count)
        headers = {"Authorization": f"Bearer {stack.admin_key}"}
        async with httpx.AsyncClient(base_url=stack.url, headers=headers, limits=limits, timeout=300) as client:
            # Long enough that hardly one is answered before all have been asked.
            bodies = ({**STORY, "stream": False, "max_tokens": 16, "seed": number} for number in range(count))
            return await asyncio.gather(*(client.post(CHAT, json=body) for body in bodies))

    answers = asyncio.run(flood(SEQUENCES + QUEUE + 40))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    for answer in refused:
        assert answer.status_code == 429, answer.text
        assert answer.json()["error"]["code"] == "queue_full"
        assert int(answer.headers["retry-after"]) >= 1
    assert len(answers) - len(refused) >= SEQUENCES + QUEUE
