"""Cards on the bus, from folders laid out as a kernel lays them out."""

from appliance.hardware.bus import BusCard, cards_on_bus, secure_boot
from appliance.hardware.control_groups import threads_limit

VARIABLE = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def device(sys, address, vendor, kind, driver=None):
    folder = sys / "bus/pci/devices" / address
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "class").write_text(f"{kind}\n")
    if driver is not None:
        target = sys / "bus/pci/drivers" / driver
        target.mkdir(parents=True, exist_ok=True)
        (folder / "driver").symlink_to(target)


def test_accelerators_are_told_from_screens_networks_and_audio(tmp_path):
    device(tmp_path, "0000:02:00.0", "0x1a03", "0x030000", "ast")  # the management controller's screen
    device(tmp_path, "0000:18:00.0", "0x8086", "0x020000", "ice")
    device(tmp_path, "0000:3b:00.0", "0x10de", "0x030200", "nvidia")
    device(tmp_path, "0000:3b:00.1", "0x10de", "0x040300", "snd_hda_intel")
    device(tmp_path, "0000:5e:00.0", "0x10de", "0x030000", "nouveau")
    device(tmp_path, "0000:86:00.0", "0x1002", "0x120000")
    device(tmp_path, "0000:87:00.0", "0x1002", "0x030000", "amdgpu")  # graphics of the processor
    device(tmp_path, "0000:c1:00.0", "0x19e5", "0x120000", "devdrv_device_driver")
    device(tmp_path, "0000:c2:00.0", "0x19e5", "0x020000", "hinic")
    (tmp_path / "bus/pci/devices/0000:ff:00.0").mkdir()
    assert cards_on_bus(tmp_path) == (
        BusCard("nvidia", "nvidia"),
        BusCard("nvidia", "nouveau"),
        BusCard("amd", None),
        BusCard("ascend", "devdrv_device_driver"),
    )


def test_a_machine_without_a_bus_has_no_cards(tmp_path):
    assert cards_on_bus(tmp_path) == ()
    assert not secure_boot(tmp_path)


def test_secure_boot_is_the_byte_after_the_attributes(tmp_path):
    file = tmp_path / VARIABLE
    file.parent.mkdir(parents=True)
    for value, on in ((b"\x06\0\0\0\x01", True), (b"\x06\0\0\0\0", False), (b"", False)):
        file.write_bytes(value)
        assert secure_boot(tmp_path) is on


def limited(root, groups, limits):
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for folder, limit in limits.items():
        path = root / "cgroup" / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / "pids.max").write_text(f"{limit}\n")
    return root / "proc", root / "cgroup"


def test_the_tightest_limit_of_threads_on_the_way_counts(tmp_path):
    unified = {"system.slice": 100_000, "system.slice/appliance.service": "max"}
    assert threads_limit(*limited(tmp_path / "v2", "0::/system.slice/appliance.service\n", unified)) == 100_000
    old = {"pids/machine.slice": "max", "pids/machine.slice/pod": 2048}
    groups = "11:memory:/machine.slice/pod\n8:pids:/machine.slice/pod\n0::/\n"
    assert threads_limit(*limited(tmp_path / "v1", groups, old)) == 2048
    assert threads_limit(*limited(tmp_path / "free", "0::/\n", {})) is None
    assert threads_limit(tmp_path / "none", tmp_path / "none") is None
