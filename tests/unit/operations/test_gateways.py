"""The list of gateways: which are asked, in what order, and when the next one is."""

import json

import httpx
import pytest

from appliance.config.home import Home
from appliance.config.site import GatewaySettings, SiteConfig, parse_site
from appliance.core.errors import ApplianceError, ConfigError, NotRunning, Unavailable
from appliance.operations.client import ApplianceClient
from appliance.operations.gateways import base_url, caller_urls, first_healthy, gateway_urls, write_gateways

NODES = [("head", "10.0.0.1", {}), ("w1", "10.0.0.2", {"gateway_port": 8090}), ("w2", "fd00::3", {})]
AWAY = (503, {"error": {"message": "away", "code": "head_unavailable"}})
FINE = (200, {"data": [{"id": "general"}]})


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def site(**gateway):
    return SiteConfig(gateway=GatewaySettings(**gateway))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("10.0.0.1", "http://10.0.0.1:8080"), ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"), ("fd00::1", "http://[fd00::1]:8080"), ("[fd00::1]", "http://[fd00::1]:8080"),
    ],
)  # fmt: skip
def test_this_machines_own_gateway(host, url):
    assert base_url(site(host=host)) == url


def test_alone_there_is_one(home):
    assert gateway_urls(home, site()) == ("http://127.0.0.1:8080",)


def test_the_others_come_behind_this_machines_own_each_once(home):
    write_gateways(home, site(), NODES)
    assert gateway_urls(home, site(host="10.0.0.1")) == (
        "http://10.0.0.1:8080", "http://10.0.0.2:8090", "http://[fd00::3]:8080",
    )  # fmt: skip


def test_a_list_that_has_not_changed_is_not_written_again(home):
    write_gateways(home, site(), NODES)
    before = home.gateways_file.stat()
    write_gateways(home, site(), NODES)
    assert home.gateways_file.stat().st_ino == before.st_ino
    write_gateways(home, site(), NODES[:1])
    assert len(gateway_urls(home, site())) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2, "gateways": []}', '{"schema": 1, "gateways": [{}]}'])
def test_a_list_that_cannot_be_read_is_said_to_be_that(home, text):
    home.gateways_file.write_text(text)
    with pytest.raises(ConfigError, match=r"gateways\.json"):
        gateway_urls(home, site())


class Gateways:
    """Answers by host; a host without an answer is not reached."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    def __call__(self, request):
        self.asked.append(request.url.host)
        request.read()
        if request.url.host not in self.answers:
            raise httpx.ConnectError("refused")
        status, body = self.answers[request.url.host]
        return httpx.Response(status, json=body)

    def client(self):
        transport = httpx.MockTransport(self)
        return ApplianceClient("http://a:1", "lma-k", others=("http://b:2", "http://c:3"), transport=transport)


@pytest.mark.parametrize(("first", "elsewhere"), [({"a": FINE}, False), ({}, True), ({"a": AWAY}, True)])
def test_the_first_that_takes_a_request_answers_and_is_kept(first, elsewhere):
    gateways = Gateways(**first, c=FINE)
    with gateways.client() as client:
        assert client.models() == [{"id": "general"}]
        assert client.elsewhere is elsewhere
        client.models()
    assert gateways.asked == (["a", "b", "c", "c"] if elsewhere else ["a", "a"])


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_gateway_that_answers_otherwise_is_not_left(status):
    gateways = Gateways(a=(status, {"error": {"message": "no", "code": "other"}}), b=FINE)
    with gateways.client() as client, pytest.raises(ApplianceError, match="no"):
        client.models()
    assert gateways.asked == ["a"]


def test_where_none_answers_all_are_named_and_each_was_asked_once():
    gateways = Gateways()
    with gateways.client() as client, pytest.raises(NotRunning) as told:
        client.models()
    assert all(url in str(told.value) for url in ("http://a:1", "http://b:2", "http://c:3"))
    assert gateways.asked == ["a", "b", "c"]


def test_where_none_reaches_the_head_that_is_what_is_told():
    gateways = Gateways(a=AWAY, b=AWAY, c=AWAY)
    with gateways.client() as client, pytest.raises(Unavailable) as told:
        client.models()
    assert told.value.code == "head_unavailable"
    assert gateways.asked == ["a", "b", "c"]


def test_a_file_is_not_sent_to_a_second_gateway(tmp_path):
    (tmp_path / "a").write_bytes(b"text")
    gateways = Gateways(a=AWAY, b=FINE)
    with gateways.client() as client, (tmp_path / "a").open("rb") as file, pytest.raises(Unavailable):
        client.call("POST", "/v1/files", files={"file": ("a", file)})
    assert gateways.asked == ["a"]


def test_the_first_healthy_one_is_found(monkeypatch):
    answers = {"b": {"status": "ok", "head": "away"}, "c": {"status": "ok", "head": "up"}, "d": {"status": "ok"}}

    def answer(request):
        if request.url.host not in answers:
            raise httpx.ConnectTimeout("no")
        return httpx.Response(200, content=json.dumps(answers[request.url.host]))

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: real(transport=httpx.MockTransport(answer), **options))
    urls = [f"http://{name}:1" for name in "abcd"]
    assert first_healthy(urls) == "http://c:1"
    assert first_healthy(urls[:2]) == "http://a:1"
    assert first_healthy(["http://x:1"]) == "http://x:1"


@pytest.mark.parametrize(
    ("gateway", "urls"),
    [
        ("", ["http://127.0.0.1:8080"]),
        ("host: 10.0.0.1, port: 9000", ["http://10.0.0.1:9000"]),
        ("host: 0.0.0.0", ["http://10.0.0.1:8080", "http://10.1.0.1:8080"]),
        ('host: "::"', ["http://10.0.0.1:8080", "http://10.1.0.1:8080", "http://[fd00::1]:8080"]),
        ("host: 10.0.0.1, tls: {names: [ai.bank.example]}", ["https://ai.bank.example:8080", "https://10.0.0.1:8080"]),
    ],
)
def test_callers_are_told_every_address_at_which_it_listens(gateway, urls):
    site = parse_site(f"gateway: {{{gateway}}}", "site.yaml")
    assert list(caller_urls(site, ["10.0.0.1", "10.1.0.1", "fd00::1"])) == urls


def test_a_machine_without_a_network_is_told_its_own_address():
    assert caller_urls(parse_site("gateway: {host: 0.0.0.0}", "site.yaml"), []) == ("http://127.0.0.1:8080",)
