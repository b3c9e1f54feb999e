"""Joining over real TLS on loopback: a head, machines with homes of their own, and every reason for a refusal."""

import shutil
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from appliance.cluster.certificates import enrolling_context, read_certificate
from appliance.cluster.enrolment import JOIN_PATH, Versions, join_place
from appliance.cluster.membership import home_id_of, read_membership, write_membership
from appliance.cluster.peers import NodeClient
from appliance.config.home import Home
from appliance.config.site import ClusterSettings, load_site
from appliance.core.clock import utc_now
from appliance.core.cryptography.choice import DEFAULT_SUITE
from appliance.core.errors import (
    AlreadyRunning,
    ApplianceError,
    AuthenticationFailed,
    ConfigError,
    Conflict,
    DiskFull,
    InvalidRequest,
    PermissionDenied,
    PortInUse,
    PreflightError,
    StartFailed,
    Unavailable,
)
from appliance.core.messages import _, speaking
from appliance.core.progress import Progress
from appliance.hardware.discovery import discover
from appliance.operations.nodes.joining import Joined, head_place
from appliance.packages.checksums import verify_package
from appliance.packages.platform.releases import Installation
from appliance.serving.nodes.examining import check_not_upgrading
from appliance.state.audit.keys import AuditKeys
from appliance.state.audit.log import AuditLog
from appliance.state.audit.search import Filters, search
from appliance.state.nodes import NodeRecord, new_node_id
from tests.unit.operations.node_homes import HEAD, PORTS, called, is_worker, left_in, running_cluster, write_site
from tests.unit.serving.ports import free_ports


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as found:
        yield found


def refused(cluster, kind, code, *arguments, home=None, before=(), **more):
    """Join, which must fail; nothing may be left on either side."""
    home = home or cluster.machine("node")
    site = home.site_file.read_text()
    workers = cluster.workers()
    with pytest.raises(kind) as told:
        cluster.join(home, *arguments, **more)
    assert told.value.code == code
    assert told.value.message
    assert told.value.hint
    assert left_in(home) == set(before)
    assert home.site_file.read_text() == site
    assert cluster.workers() == workers
    return told.value


def test_a_machine_joins_and_gets_everything_that_it_needs(cluster):
    home = cluster.machine("node", accelerator="cpu")
    started = []

    def start(of):
        started.append((of, read_membership(of).state))
        yield Progress("ray", _("Start Ray"), "done")

    told = cluster.join(home, cluster.token(), "127.0.0.2", start, labels={"rack": "7"})
    joined = told[-1]
    assert isinstance(joined, Joined)
    assert started == [(home, "joining")]
    assert [one.step for one in told[:-1] if one.state == "done"] == ["node.check", "node.join", "node.packages", "ray"]
    (node,) = cluster.workers()
    assert (node.id, node.name, node.address, node.state) == (joined.node_id, "node", "127.0.0.2", "ready")
    assert node.labels == {"rack": "7"}
    assert node.facts["home_id"] == home_id_of(home)
    shown = read_certificate(home.node_certificate_file.read_bytes())
    assert (shown.node_id, shown.serial) == (node.id, node.certificate_serial)
    assert shown.addresses == {"127.0.0.1", "127.0.0.2"}
    for secret in (home.node_key_file, home.node_certificate_file, home.ca_file, home.ray_token_file):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert home.ray_token_file.read_bytes() == cluster.home.ray_token_file.read_bytes()
    assert not home.ca_key_file.exists()
    assert not home.pepper_file.exists()
    verify_package(home.models / "base")
    member = read_membership(home)
    assert member.state == "joined"
    assert member.head == cluster.peer


def test_a_workers_site_file_is_the_heads_where_it_does_not_say_otherwise(cluster):
    home = cluster.machine("node", accelerator="cpu")
    own = yaml.safe_load(home.site_file.read_text())
    cluster.join(home, cluster.token(), "127.0.0.2")
    site = load_site(home.site_file)
    assert site.cluster.address == "127.0.0.2"
    assert site.cluster.port == own["cluster"]["port"]
    assert site.accelerator == "cpu"
    assert site.language == "zh_CN"
    assert site.state.url is None

    other = Home(cluster.folder / "other")
    write_site(other, cluster={"port": free_ports(PORTS)})
    cluster.join(other, cluster.token(), "127.0.0.3")
    assert load_site(other.site_file).gateway == load_site(cluster.home.site_file).gateway


def test_joining_and_being_taken_back_are_in_the_audit(cluster):
    home = cluster.home
    log = AuditLog(cluster.database, AuditKeys(home.audit_keys, home.audit_public_keys_file, DEFAULT_SUITE))
    log.begin()
    node = cluster.machine("node")
    with pytest.raises(StartFailed):
        cluster.join(node, cluster.token(), "127.0.0.2", failing)
    records = [record for record in search(cluster.database, Filters()).records if record.kind == "system.node"]
    assert {record.action for record in records} == {"node.join", "node.leave"}
    assert {record.target for record in records} == {cluster.nodes.list(removed=True)[-1].id}


@pytest.mark.parametrize("what", ["unknown", "revoked", "used", "expired"])
def test_a_token_that_is_not_good_lets_nobody_in(cluster, what):
    token = cluster.token()
    if what == "unknown":
        token = f"{token[:40]}{'A' * 20}{token[60:]}"
    elif what == "revoked":
        cluster.tokens.revoke(token.partition(".")[0])
    elif what == "used":
        cluster.tokens.spend(token, new_node_id())
    else:
        _record, token = type(cluster.tokens)(
            cluster.database, cluster.tokens._pepper, lambda: utc_now() - timedelta(hours=2)
        ).create("test", 60, cluster.fingerprint)
    refused(cluster, AuthenticationFailed, f"join_token_{what}", token, "127.0.0.2")


def test_who_guesses_tokens_must_wait(cluster):
    home = cluster.machine("node")
    good = cluster.token()
    wrong = good[:-50] + ("B" if good[-50] == "A" else "A") + good[-49:]
    for _attempt in range(5):
        refused(cluster, AuthenticationFailed, "join_token_unknown", wrong, "127.0.0.2", home=home)
    error = refused(cluster, ApplianceError, "rate_limited", good, "127.0.0.2", home=home)
    assert "Too many attempts" in str(error)


@pytest.mark.parametrize("path", ["/offer", "/join"])
@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": "njt_x", "versions": {"appliance": "0"}}], ids=str)
def test_nothing_is_told_without_a_token(cluster, path, body):
    authority = cluster.home.ca_file.read_bytes()
    with (
        NodeClient(HEAD, cluster.first_port + 9, enrolling_context(authority)) as client,
        pytest.raises(AuthenticationFailed) as told,
    ):
        client.post(path, body)
    assert told.value.code == "join_token_unknown"


def test_another_authority_is_not_asked(cluster):
    refused(cluster, ConfigError, "authority_not_pinned", cluster.token(fingerprint="0" * 64), "127.0.0.2")


def test_another_version_is_refused(cluster, monkeypatch):
    token = cluster.token()
    monkeypatch.setattr("appliance.__version__", "9.9.9")
    error = refused(cluster, Conflict, "node_version_differs", token, "127.0.0.2")
    assert "9.9.9" in str(error)
    monkeypatch.undo()
    cluster.join(cluster.machine("again"), token, "127.0.0.2")  # the token is good still


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_skewed_clock_is_refused(cluster, seconds):
    error = refused(
        cluster, Conflict, "node_clock_skewed", cluster.token(), "127.0.0.2",
        clock=lambda: utc_now() + timedelta(seconds=seconds),
    )  # fmt: skip
    assert ("ahead of" if seconds > 0 else "behind") in str(error)


def test_a_clock_that_is_a_little_off_is_not(cluster):
    home = cluster.machine("node")
    cluster.join(home, cluster.token(), "127.0.0.2", clock=lambda: utc_now() + timedelta(seconds=4))
    assert is_worker(home)


def other_node(**changes):
    return replace(
        NodeRecord(new_node_id(), "other", "127.0.0.9", "worker", "0.1.0", "1", "a" * 64, "ready", {},
                   {"first_port": 7000}),
        **changes,
    )  # fmt: skip


def test_a_taken_address_is_refused(cluster):
    cluster.nodes.record(other_node(address="127.0.0.2"))
    error = refused(cluster, Conflict, "node_address_taken", cluster.token(), "127.0.0.2")
    assert "other" in str(error)


def test_a_taken_name_is_refused(cluster):
    cluster.nodes.record(other_node(name="node"))
    refused(cluster, Conflict, "node_name_taken", cluster.token(), "127.0.0.2")


def test_the_same_machine_joins_once(cluster):
    home = cluster.joined("node", "127.0.0.2")
    with pytest.raises(AlreadyRunning, match="already the node node") as told:
        cluster.join(home, cluster.token(), "127.0.0.3")
    assert told.value.code == "node_known"
    assert is_worker(home)
    # Also where its own files were lost.
    shutil.rmtree(home.root)
    write_site(home, cluster={"port": free_ports(PORTS)})
    error = refused(cluster, Conflict, "node_known", cluster.token(), "127.0.0.3", home=home)
    assert "appliance node remove node" in str(error)


def test_an_appliance_of_its_own_is_not_made_a_worker(cluster):
    home = cluster.machine("node")
    home.create()
    home.database.write_bytes(b"")
    with pytest.raises(ConfigError) as told:
        cluster.join(home, cluster.token(), "127.0.0.2")
    assert told.value.code == "home_in_use"


def test_a_full_disk_is_found_before_the_head_is_asked(cluster, small_disk):
    home = Home(small_disk)
    write_site(home, cluster={"port": free_ports(PORTS)})
    token = cluster.token()
    refused(cluster, DiskFull, "disk_full", token, "127.0.0.2", home=home)
    cluster.tokens.check(token)


def test_taken_ports_are_found_before_the_head_is_asked(cluster):
    home = cluster.machine("node")
    write_site(home, cluster={"port": cluster.first_port})
    refused(cluster, PortInUse, "port_in_use", cluster.token(), "127.0.0.1", home=home)


def test_an_address_of_another_machine_is_refused(cluster):
    refused(cluster, PreflightError, "preflight_failed", cluster.token(), "192.0.2.1")


def test_the_middle_of_an_upgrade_is_no_time_to_join(cluster):
    token = cluster.token()
    cluster.home.returning_file.write_text("release")
    refused(cluster, Conflict, "upgrade_in_progress", token, "127.0.0.2")
    cluster.home.returning_file.unlink()
    cluster.tokens.check(token)


def test_an_installation_at_work_is_an_upgrade(tmp_path):
    home, installation = Home(tmp_path / "home"), Installation(tmp_path)
    check_not_upgrading(home, installation)
    with installation.alone(), pytest.raises(Conflict) as told:
        check_not_upgrading(home, installation)
    assert told.value.code == "upgrade_in_progress"
    check_not_upgrading(home, installation)


class Asking:
    """`POST /join` by hand, for what the joining side would have found itself."""

    def __init__(self, cluster):
        self.cluster = cluster

    def __call__(self, **changes):
        token = self.cluster.token()
        body = {
            "token": token, "versions": Versions.here().model_dump(), "request": "no request", "nonce": "0" * 32,
            "node": {
                "id": new_node_id(), "name": "node", "address": "127.0.0.2", "home_id": "1" * 64,
                "architecture": "x86_64", "accelerator": "auto", "facts": discover().model_dump(mode="json"),
                "free_bytes": 1 << 40, "missing_bytes": 0, "first_port": free_ports(PORTS), "gateway_port": 8080,
                "labels": {}, **changes,
            },
        }  # fmt: skip
        authority = self.cluster.home.ca_file.read_bytes()
        with (
            NodeClient(HEAD, self.cluster.first_port + 9, enrolling_context(authority)) as client,
            pytest.raises(ApplianceError) as told,
        ):
            client.post(JOIN_PATH, body)
        assert self.cluster.workers() == []
        self.cluster.tokens.check(token)
        return told.value


def test_the_head_looks_for_itself(cluster):
    ask = Asking(cluster)
    assert ask(missing_bytes=1 << 20, free_bytes=1 << 20).code == "node_disk_full"
    assert ask(address="10.1.2.3").code == "head_on_loopback"
    error = ask()
    assert error.code == "node_address_not_reached"
    assert isinstance(error, Conflict)
    assert ask(address="127.0.0.2x").code == "invalid_value"
    assert ask(surplus=1).code == "unsupported_field"


def test_a_driver_that_cannot_carry_the_engine_is_refused(cluster):
    facts = discover().model_dump(mode="json") | {"drivers": [{"vendor": "nvidia", "version": "535.104"}]}
    error = Asking(cluster)(facts=facts)
    assert error.code == "node_driver_unfit"
    assert "535.104" in str(error)
    assert Asking(cluster)(facts=facts, accelerator="cpu").code == "node_address_not_reached"


@contextmanager
def another_machine():
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"nonce": "11111111111111111111111111111111", "clock": "2026-01-01T00:00:00Z"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    server = HTTPServer(("127.0.0.2", 0), Other)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_another_machine_at_the_address_is_found(cluster):
    """What answers there is not the one that asks: a proxy, or a router that translates addresses."""
    with another_machine() as port:
        error = Asking(cluster)(first_port=port - 10)
    assert error.code == "node_address_not_reached"


def test_the_reason_comes_in_the_language_of_the_asker(cluster):
    authority = cluster.home.ca_file.read_bytes()
    asked = {"token": cluster.token(), "versions": Versions.here().model_dump()}
    with (
        speaking("zh_CN"),
        NodeClient(HEAD, cluster.first_port + 9, enrolling_context(authority)) as client,
        pytest.raises(InvalidRequest) as told,
    ):
        client.post(JOIN_PATH, asked)
    assert str(told.value.message) == _("The field {param} is missing.", param="request").render("zh_CN")
    assert str(told.value.message) != _("The field {param} is missing.", param="request").render("en")


def test_two_at_once_with_one_token_are_one_node(cluster):
    token, outcomes = cluster.token(), []

    def work(name, address):
        try:
            cluster.join(homes[name], token, address)
            outcomes.append("joined")
        except ApplianceError as error:
            outcomes.append(error.code)

    homes = {name: cluster.machine(name) for name in ("one", "two")}
    threads = [threading.Thread(target=work, args=(f, a)) for f, a in (("one", "127.0.0.2"), ("two", "127.0.0.3"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["join_token_used", "joined"]
    (node,) = cluster.workers()
    assert is_worker(homes[node.name])
    (loser,) = {"one", "two"} - {node.name}
    assert left_in(homes[loser]) == set()


def failing(_home):
    yield Progress("ray", _("Start Ray"))
    raise StartFailed(_("Ray did not start: {reason}", reason="no"), _("Read the log."))


def test_what_fails_after_joining_is_taken_back(cluster):
    home, token = cluster.machine("node"), cluster.token()
    site = home.site_file.read_text()
    with pytest.raises(StartFailed, match="Ray did not start") as told:
        cluster.join(home, token, "127.0.0.2", failing)
    assert "appliance node token create" in str(told.value.hint)
    assert cluster.workers() == []
    assert home.site_file.read_text() == site
    assert left_in(home) == {"base"}  # what came whole need not come again
    with pytest.raises(AuthenticationFailed):
        cluster.tokens.check(token)
    cluster.join(home, cluster.token(), "127.0.0.2")
    assert is_worker(home)


def test_one_that_goes_away_in_the_middle_leaves_nothing(cluster):
    home = cluster.machine("node")

    def interrupted(_home):
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        cluster.join(home, cluster.token(), "127.0.0.2", interrupted)
    assert cluster.workers() == []
    assert left_in(home) == {"base"}


def test_what_a_killed_attempt_left_is_cleared_by_the_next(cluster):
    home = cluster.joined("node", "127.0.0.2")
    member = read_membership(home)
    write_membership(home, member.model_copy(update={"state": "joining"}))
    cluster.nodes.set_state(member.node_id, "joining")
    cluster.join(home, cluster.token(), "127.0.0.2")
    (node,) = cluster.workers()
    assert node.id != member.node_id
    assert is_worker(home)


def test_the_peer_port_lets_in_nodes_only(cluster):
    home = cluster.joined("node", "127.0.0.2")
    with called(home, cluster.peer) as client:
        assert client.get("/health") == {"status": "ok"}
        assert client.get("/facts")["processor"]["architecture"]
        (package,) = client.get("/packages")["packages"]
        assert package["name"] == "base"
        assert {file["path"] for file in package["files"]} >= {"card.yaml", "model.safetensors"}
        with pytest.raises(ApplianceError) as told:
            client.text(f"/files/sha256/{'0' * 64}")
        assert told.value.code == "file_not_here"
        with pytest.raises(PermissionDenied):
            client.post("/packages/fetch", {"packages": [], "peers": []})
    authority = cluster.home.ca_file.read_bytes()
    port = cluster.peer.ports.peer
    with NodeClient(HEAD, port, enrolling_context(authority)) as stranger, pytest.raises(Unavailable):
        stranger.get("/health")


def test_a_removed_node_is_outside_at_once(cluster):
    home = cluster.joined("node", "127.0.0.2")
    cluster.nodes.set_state(read_membership(home).node_id, "removed")
    for path in ("/health", "/packages", f"/files/sha256/{'0' * 64}"):
        with called(home, cluster.peer) as client, pytest.raises(PermissionDenied) as told:
            client.get(path)
        assert told.value.code == "node_not_admitted"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1", ("127.0.0.1", 6389)),
        ("127.0.0.1:7009", ("127.0.0.1", 7009)),
        ("[::1]:7009", ("::1", 7009)),
        ("::1", ("::1", 6389)),
    ],
)
def test_where_the_head_is(text, place):
    assert head_place(text) == place


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1"])
@pytest.mark.parametrize("port", [6380, 7000])
def test_what_a_token_is_shown_with_leads_to_the_head(address, port):
    shown = join_place(ClusterSettings(address=address, port=port))
    assert head_place(shown) == (address, port + 9)
    assert (str(port + 9) in shown) == (port != 6380)


@pytest.mark.parametrize("text", ["", "a b", "http://head", "head:x", "[::1", "head:1:2"])
def test_what_is_no_address(text):
    with pytest.raises(InvalidRequest):
        head_place(text)


def test_a_name_that_nobody_knows():
    with pytest.raises(ConfigError, match="has no address"):
        head_place("nobody.invalid")
