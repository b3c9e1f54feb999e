"""Sample documents and the tour, against a stand-in of the gateway's HTTP API."""

import base64
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest

from appliance.config.home import Home
from appliance.config.scaling import ScalingSettings
from appliance.config.site import ModelSettings, SiteConfig
from appliance.knowledge.evaluation.manifest import load_series
from appliance.operations import up
from appliance.operations.client import ApplianceClient
from appliance.operations.samples import load_samples
from appliance.operations.tour import source_of, take_tour
from appliance.scenario.places import find_pack

PACK = "knowledge-qa"


class Gateway:
    """Keeps documents as the gateway does and answers each endpoint with one fixed thing."""

    def __init__(self):
        self.documents = {}
        self.answers = {
            "/v1/models": {"data": [{"id": "general"}, {"id": "embedder"}]},
            "/v1/chat/completions": {"choices": [{"message": {"content": "It is an account."}}]},
            "/v1/completions": {"choices": [{"text": " safe."}]},
            "/v1/embeddings": {"data": [{"embedding": [0.1, -0.25, 0.5]}]},
            "/readyz": {"status": "ready"},
            "/v1/scenarios/agent-assist/replay": {"answer": "00:01 seat: hello"},
            "/v1/scenarios/advisor/chat": {"answer": "It is refused."},
            "/v1/scenarios/reports/sample-report": {"answer": "A report of 90 pages."},
            f"/v1/scenarios/{PACK}/ask": {
                "answer": "Six months.",
                "citations": [
                    {"document": "a.pdf", "page": 2, "section": ""},
                    {"document": "b.md", "page": None, "section": "Fees"},
                ],
            },
        }
        self.failing = {}
        self.models = []

    def __call__(self, request):
        path = request.url.path
        if path == "/v1/chat/completions":
            self.models.append(json.loads(request.content)["model"])
        if path in self.failing:
            status = self.failing[path]
            return httpx.Response(status, json={"error": {"message": "out of order", "code": "x", "param": None}})
        if path == "/v1/knowledge-bases":
            return httpx.Response(201, json={"name": json.loads(request.content)["name"]})
        if path.endswith("/documents") and request.method == "GET":
            return httpx.Response(200, json={"data": list(self.documents.values())})
        if path.endswith(("/documents", "/versions")):
            return httpx.Response(
                201, json=self.keep(request, path.split("/")[-2] if path.endswith("/versions") else None)
            )
        return httpx.Response(200, json=self.answers[path])

    def keep(self, request, document_id):
        """Keep an upload: a new document, or a new version of one, whose row then tells of the newest."""
        boundary = request.headers["content-type"].partition("boundary=")[2].encode()
        fields, row = {}, {}
        for part in request.read().split(b"--" + boundary)[1:-1]:
            head, content = part.removesuffix(b"\r\n").split(b"\r\n\r\n", 1)
            name = re.search(rb'; name="([^"]*)"', head).group(1).decode()
            if name == "file":
                row["name"] = re.search(rb'filename="([^"]*)"', head).group(1).decode()
                row |= {"sha256": hashlib.sha256(content).hexdigest(), "status": "indexed"}
            else:
                fields[name] = content.decode()
        row |= fields
        older = {name: known for name, known in self.documents.items() if known["id"] == document_id}
        for name in older:
            del self.documents[name]
        row["id"] = document_id or f"doc_{len(self.documents) + 1}"
        row["version"] = 1 + sum(known["version"] for known in older.values())
        self.documents[row["name"]] = row
        return row


@pytest.fixture
def gateway():
    return Gateway()


@pytest.fixture
def client(gateway):
    with ApplianceClient("http://gateway", "lma-key", transport=httpx.MockTransport(gateway)) as made:
        yield made


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def smoke_of(home, pack):
    return find_pack(home, pack).smoke


def samples():
    (base,) = find_pack(Home(Path("/nowhere")), PACK).sample_bases
    return load_series(base.folder)


def test_every_sample_is_loaded_once(client, gateway, home):
    news = list(load_samples(client, home, [PACK]))
    assert {name: row["version"] for name, row in gateway.documents.items()} == {
        versions[-1].file: len(versions) for versions in samples()
    }
    assert len(gateway.documents) >= 12
    assert news[-1].state == "done"
    fractions = [progress.fraction for progress in news[:-1]]
    assert fractions == sorted(fractions)
    assert all(0 <= fraction < 1 for fraction in fractions)
    (again,) = load_samples(client, home, [PACK])
    assert again.state == "skipped"


def test_only_what_is_missing_or_not_indexed_is_loaded_again(client, gateway, home):
    list(load_samples(client, home, [PACK]))
    names = sorted(gateway.documents)
    del gateway.documents[names[0]]
    gateway.documents[names[1]]["sha256"] = "another release's"
    news = list(load_samples(client, home, [PACK]))
    assert [progress.detail.render("en") for progress in news[:-1]] == names[:2]
    assert news[-1].state == "done"


def test_a_sample_that_cannot_be_indexed_is_told_and_not_uploaded_again(client, gateway, home):
    list(load_samples(client, home, [PACK]))
    name = sorted(gateway.documents)[0]
    gateway.documents[name] |= {"status": "failed", "reason": "it is a scan"}
    uploads = {key: row["version"] for key, row in gateway.documents.items()}
    news = list(load_samples(client, home, [PACK]))
    assert news[-1].state == "failed"
    assert "it is a scan" in news[-1].detail.render("en")
    assert {key: row["version"] for key, row in gateway.documents.items()} == uploads


def test_without_scenarios_nothing_is_loaded(client, home):
    assert list(load_samples(client, home, [])) == []


def test_the_tour_visits_every_endpoint(client, home):
    rows = list(take_tour(client, home, ["general"], [PACK]))
    smoke = find_pack(home, PACK).smoke
    assert [row.endpoint for row in rows] == [
        "GET /v1/models", "POST /v1/chat/completions", "POST /v1/completions", "POST /v1/embeddings",
        *[f"POST /v1/scenarios/{PACK}/ask"] * len(smoke), "GET /readyz",
    ]  # fmt: skip
    assert all(row.ok and row.answer and row.seconds >= 0 for row in rows)
    assert rows[0].answer == "general, embedder"
    assert rows[3].answer.startswith("3 ")
    assert rows[4].sources == ("a.pdf, page 2", "b.md, Fees")
    assert rows[4].asked == smoke[0][1]["question"]


def test_an_answer_of_many_lines_is_long_and_a_sample_is_named(client, gateway, home):
    text = "\n".join(f"line {number}" for number in range(20))
    gateway.answers["/v1/scenarios/agent-assist/replay"] = {"answer": text, "call": {}}
    rows = list(take_tour(client, home, ["general"], [PACK, "agent-assist"]))
    replays = [row for row in rows if row.endpoint.endswith("/replay")]
    assert [row.asked for row in replays] == [payload["sample"] for _name, payload in smoke_of(home, "agent-assist")]
    assert all(row.is_long and row.answer == text for row in replays)
    assert not any(row.is_long for row in rows if row not in replays)
    gateway.failing["/v1/scenarios/agent-assist/replay"] = 503
    failed = [row for row in take_tour(client, home, [], ["agent-assist"]) if not row.ok]
    assert failed
    assert not any(row.is_long for row in failed)


def test_files_that_an_answer_tells_of_are_saved_and_named(client, gateway, home):
    path = "/v1/scenarios/reports/jobs/job_1/files/pdf?draft=true"
    told = {"answer": "90 pages", "downloads": [{"name": "../a company.pdf", "path": path}]}
    gateway.answers["/v1/scenarios/reports/sample-report"] = told
    gateway.answers[path.partition("?")[0]] = {"bytes": "of the file"}
    rows = [row for row in take_tour(client, home, [], ["reports"]) if row.endpoint.endswith("/sample-report")]
    file = home.tour_files / "reports-a company.pdf"
    assert json.loads(file.read_bytes()) == {"bytes": "of the file"}
    assert [(row.ok, row.asked) for row in rows] == [(True, "company-3")]
    assert str(file) in rows[0].answer


def test_charts_of_an_answer_are_saved_and_named(client, gateway, home):
    chart = {"name": "allocation", "png_base64": base64.b64encode(b"\x89PNG").decode()}
    gateway.answers["/v1/scenarios/advisor/chat"] = {"answer": "Total: 5", "charts": [chart]}
    rows = [row for row in take_tour(client, home, [], ["advisor"]) if row.endpoint.endswith("/chat")]
    file = home.tour_charts / "advisor-allocation.png"
    assert file.read_bytes() == b"\x89PNG"
    assert all(row.answer.startswith("Total: 5\n") and str(file) in row.answer for row in rows)
    assert [row.asked for row in rows] == [payload["message"] for _name, payload in smoke_of(home, "advisor")]


def test_the_tour_asks_every_chat_model(client, gateway, home):
    rows = list(take_tour(client, home, ["general", "finance"], []))
    chats = [row for row in rows if row.endpoint == "POST /v1/chat/completions"]
    assert gateway.models == ["general", "finance"]
    assert [row.asked.split(":")[0] for row in chats] == ["general", "finance"]
    assert all(row.ok for row in chats)


@pytest.mark.parametrize("loaded", [True, False])
def test_where_no_samples_are_loaded_nobody_is_asked_about_them(client, home, loaded):
    *_progress, tour = up._tour(client, home, SiteConfig(load_samples=loaded))
    assert any(row.endpoint.startswith("POST /v1/scenarios") for row in tour.rows) is loaded
    assert all(row.ok for row in tour.rows)


def test_a_model_that_may_sleep_is_not_woken_by_every_start(client, gateway, home):
    rare = ModelSettings(package="finance", scaling=ScalingSettings(min_replicas=0))
    site = SiteConfig(models={"general": ModelSettings(package="base"), "finance": rare}, load_samples=False)
    list(up._tour(client, home, site))
    assert set(gateway.models) == {"general"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/chat/completions", 502), ("/readyz", 503), (f"/v1/scenarios/{PACK}/ask", 400), ("/v1/models", 401)],
)
def test_a_failure_is_a_row_and_the_tour_goes_on(client, gateway, home, path, status):
    gateway.failing[path] = status
    rows = list(take_tour(client, home, ["general"], [PACK]))
    for row in rows:
        assert row.ok is (not row.endpoint.endswith(path))
        if not row.ok:
            assert "out of order" in row.answer
    assert rows[-1].endpoint == "GET /readyz"


@pytest.mark.parametrize(
    ("citation", "source"),
    [
        ({"document": "a.pdf", "page": 3, "section": "X"}, "a.pdf, page 3"),
        ({"document": "a.md", "page": None, "section": "X > Y"}, "a.md, X > Y"),
        ({"document": "a.md", "section": ""}, "a.md"),
    ],
)
def test_a_source_is_a_document_and_a_place(citation, source):
    assert source_of(citation) == source
