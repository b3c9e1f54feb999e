import os
import socket
import subprocess

import pytest

from appliance.core.errors import DiskFull, PortInUse, PreflightError
from appliance.operations.preflight import check_disk, check_ports
from tests.unit.serving.ports import free_port


@pytest.fixture
def listener():
    """A socket that listens on a port of this machine."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def test_free_ports_pass():
    check_ports([("127.0.0.1", free_port(), "gateway.port")])


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_port_in_use_names_port_setting_and_process(listener, host):
    port = listener.getsockname()[1]
    with pytest.raises(PortInUse) as caught:
        check_ports([("127.0.0.1", free_port(), "cluster.port"), (host, port, "gateway.port")])
    text = caught.value.render("en")
    assert str(port) in text
    assert "gateway.port" in text
    assert f"process {os.getpid()}" in text


def test_connection_that_lingers_does_not_count():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the gateway sets it
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _address = server.accept()
        accepted.close()  # the server closes first, so its side waits in TIME_WAIT
        client.close()
    check_ports([("127.0.0.1", port, "gateway.port")])


def test_address_of_another_machine():
    with pytest.raises(PreflightError, match="no such address"):
        check_ports([("192.0.2.1", 8080, "gateway.host")])


def test_disk_with_room_passes(tmp_path):
    check_disk(tmp_path / "not" / "made" / "yet", 1)


def test_full_disk_is_named(tmp_path):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        check_disk(tmp_path, 32 * 1024)
        (tmp_path / "filling").write_bytes(b"x" * 48 * 1024)
        with pytest.raises(DiskFull) as caught:
            check_disk(tmp_path / "models", 32 * 1024)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    text = caught.value.render("en")
    assert str(tmp_path / "models") in text
    assert "32.0 KiB are needed" in text
    assert "16.0 KiB free" in text
