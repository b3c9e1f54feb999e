"""Packages from node to node, over real TLS: cut and gone on with, damaged and found elsewhere, signed, ordered."""

import socket
import threading
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest
from pydantic import ValidationError

from appliance.cluster.certificates import client_context, node_files
from appliance.cluster.fetching import fetch_at, fetch_packages
from appliance.cluster.membership import Peer, read_membership
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.core.errors import DiskFull, PackageError, PermissionDenied, Unavailable
from appliance.packages.checksums import verify_package
from appliance.packages.places import model_folder, open_store
from appliance.packages.sharing import SharedPackage, packages_for, packages_here
from tests.unit.operations.node_homes import called, running, running_cluster
from tests.unit.operations.small_models import write_model
from tests.unit.packages.signed_packages import Workshop

WEIGHTS = "model.safetensors"


@pytest.fixture
def cluster(tmp_path):
    with running_cluster(tmp_path) as found:
        yield found


@pytest.fixture
def node(cluster):
    """Give a worker that has no packages yet."""
    home = cluster.joined("node", "127.0.0.2")
    for path in (home.models / "base").iterdir():
        path.unlink()
    (home.models / "base").rmdir()
    return home


def context_of(home):
    return client_context(node_files(home.secrets))


def base_of(cluster):
    return packages_for(cluster.home, [("base", None)])


def fetch(home, packages, peers):
    return fetch_packages(home, packages, peers, context_of(home), pause_s=0.05)


def incoming(home):
    return sorted(path.suffix for path in (home.downloads / "nodes").iterdir())


@contextmanager
def cutting(to: int, after: int, times: int):
    """Pass connections on to a port, and cut the first `times` of them when `after` bytes have come back."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = [times]

    def pump(source, target, limit):
        passed = 0
        try:
            while piece := source.recv(65536):
                target.sendall(piece)
                passed += len(piece)
                if limit is not None and passed >= limit:
                    break
        except OSError:
            pass
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept():
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", to))
            limit = after if left[0] > 0 else None
            left[0] -= 1
            threading.Thread(target=pump, args=(near, far, None), daemon=True).start()
            threading.Thread(target=pump, args=(far, near, limit), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_fetch_whose_connection_is_cut_goes_on_where_it_was(cluster, node):
    head, cut = cluster.peer, 3 << 20
    with cutting(head.ports.peer, cut, times=99) as port:
        passed = Peer(id=head.id, address="127.0.0.1", port=port - 10)
        done = [moved.done for moved in fetch(node, base_of(cluster), [passed])]
    # Each connection brings less than half of the file: it is whole only because nothing of it came twice.
    assert done == sorted(done)
    verify_package(node.models / "base")
    assert incoming(node) == []


def test_a_fetch_that_was_killed_goes_on_where_it_was(cluster, node):
    moves = fetch(node, base_of(cluster), [cluster.peer])
    for moved in moves:
        if moved.done > 4 << 20:
            break
    moves.close()
    assert ".part" in incoming(node)
    assert not (node.models / "base").exists()
    before = sum(path.stat().st_size for path in (node.downloads / "nodes").iterdir())
    assert before > 3 << 20
    second = list(fetch(node, base_of(cluster), [cluster.peer]))
    assert max(b.done - a.done for a, b in pairwise(second)) >= before - (1 << 20)
    verify_package(node.models / "base")


def damage(home):
    weights = home.models / "base" / WEIGHTS
    with weights.open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"x")


def test_a_damaged_file_is_found_and_fetched_from_another_node(cluster):
    first = cluster.joined("first", "127.0.0.2")
    damage(cluster.home)
    with pytest.raises(PackageError):
        verify_package(cluster.home.models / "base")
    with running(first):
        second = cluster.joined("second", "127.0.0.3")
    verify_package(second.models / "base")
    assert read_membership(second).state == "joined"


def test_a_file_that_is_damaged_everywhere_makes_no_package(cluster, node):
    packages = base_of(cluster)
    damage(cluster.home)
    with pytest.raises(Unavailable, match="damaged") as told:
        list(fetch(node, packages, [cluster.peer]))
    assert told.value.code == "file_not_available"
    assert not (node.models / "base").exists()
    assert WEIGHTS not in {path.name for path in node.models.rglob("*")}


def test_a_node_that_is_away_is_passed_over(cluster, node):
    away = Peer(id="away", address="127.0.0.77", port=cluster.first_port)
    list(fetch(node, base_of(cluster), [away, cluster.peer]))
    verify_package(node.models / "base")


def test_what_is_here_is_not_fetched(cluster, node):
    write_model(node.models / "base", weights=b"{" + b" " * (6 << 20) + b"}")
    away = Peer(id="away", address="127.0.0.77", port=cluster.first_port)
    (moved,) = fetch(node, base_of(cluster), [away])
    assert moved.total == 0


def test_another_version_of_a_model_is_replaced(cluster, node):
    write_model(node.models / "base", weights=b"{}")
    list(fetch(node, base_of(cluster), [cluster.peer]))
    assert packages_here(node) == base_of(cluster)


def test_too_small_a_disk(cluster, node, small_disk):
    home = Home(small_disk)
    with pytest.raises(DiskFull):
        list(fetch_packages(home, base_of(cluster), [cluster.peer], context_of(node)))
    assert list(small_disk.rglob("*.part")) == []


def installed(cluster, tmp_path, counter):
    """Install a signed model on the head."""
    if not hasattr(cluster, "workshop"):
        cluster.workshop = Workshop(tmp_path / "maker")
        (cluster.home.trusted_keys).mkdir(exist_ok=True)
        cluster.home.trusted_keys.joinpath("maker.pub").write_text(cluster.workshop.key.public.to_text())
    source = write_model(tmp_path / f"qwen-{counter}" / "qwen", weights=b"{" + b" " * counter + b"}")
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    path = cluster.workshop.package(files, kind="model", name="qwen", version=f"{counter}.0", release_counter=counter)
    for _moved in open_store(cluster.home).install(path, lambda manifest, folder: None):
        pass
    return packages_for(cluster.home, [("qwen", None)])


def test_installed_releases_come_with_their_signature(cluster, tmp_path):
    installed(cluster, tmp_path, 1)
    home = cluster.joined("node", "127.0.0.2")
    for counter in (1, 2):
        packages = installed(cluster, tmp_path, 2) if counter == 2 else packages_for(cluster.home, [("qwen", None)])
        list(fetch(home, packages, [cluster.peer]))
        release = open_store(home).current("model", "qwen")
        assert release.manifest.release_counter == counter
        assert model_folder(home, "qwen") == release.files
        verify_package(release.files)
    assert packages_for(home, [("qwen", 1)]) == packages_for(cluster.home, [("qwen", 1)])


def test_the_release_in_use_is_the_one_of_the_head(cluster, tmp_path):
    installed(cluster, tmp_path, 1)
    home = cluster.joined("node", "127.0.0.2")
    list(fetch(home, installed(cluster, tmp_path, 2), [cluster.peer]))
    list(fetch(home, packages_for(cluster.home, [("qwen", 1)]), [cluster.peer]))
    open_store(cluster.home).use("model", "qwen", 1)
    list(fetch(home, packages_for(cluster.home, [("qwen", None)]), []))  # here already: nobody is asked
    assert open_store(home).current("model", "qwen").manifest.release_counter == 1


def test_a_signature_of_a_key_that_is_not_trusted_here(cluster, tmp_path, node):
    packages = installed(cluster, tmp_path, 1)  # its key came after this node had joined
    with pytest.raises(PackageError, match="not trusted"):
        list(fetch(node, packages, [cluster.peer]))
    assert open_store(node).current("model", "qwen") is None


def test_ports_in_a_row():
    assert Peer(id="a", address="127.0.0.1", port=6380).ports.peer == 6390


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../b", "", "a\\b", "c:/x"])
def test_a_list_cannot_lead_out_of_its_folder(path):
    files = [{"path": path, "size": 1, "sha256": "0" * 64}]
    with pytest.raises(ValidationError):
        SharedPackage.model_validate({"name": "base", "files": files})


@pytest.mark.parametrize("fields", [{"name": "../x"}, {"name": "base", "release": "../../0000000001-1"}])
def test_a_name_cannot_lead_out_of_the_home(fields):
    files = [{"path": "a", "size": 1, "sha256": "0" * 64}]
    with pytest.raises(ValidationError):
        SharedPackage.model_validate({**fields, "files": files})


def test_the_head_has_a_node_fetch_packages(cluster, node):
    member = read_membership(node)
    site = load_site(node.site_file)
    there = Peer(id=member.node_id, address=member.address, port=site.cluster.port)
    with running(node):
        list(fetch_at(there, base_of(cluster), [cluster.peer, there], context_of(cluster.home)))
        verify_package(node.models / "base")
        damage(cluster.home)
        second = cluster.joined("second", "127.0.0.3")
        with called(second, there) as client:
            assert client.get("/health") == {"status": "ok"}
            with pytest.raises(PermissionDenied) as told:
                list(client.lines("/packages/fetch", {"packages": [], "peers": []}))
        assert told.value.code == "not_the_head"
        cluster.nodes.set_state(read_membership(second).node_id, "removed")
