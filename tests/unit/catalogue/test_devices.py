import pytest

from appliance.catalogue.calibration import Calibration, DeviceCalibration, read_calibration, write_calibration
from appliance.catalogue.devices import Node, take_inventory
from appliance.core.errors import ConfigError, PreflightError
from appliance.core.units import GIB
from appliance.hardware.facts import Accelerator, Driver, MachineFacts, Memory, Processor


def machine(*cards, memory=64 * GIB, driver=None, **processor):
    return Node(
        "node-1",
        MachineFacts(
            processor=Processor(architecture="x86_64", **({"physical_cores": 16, "usable_cores": 32} | processor)),
            memory=Memory(total_bytes=memory),
            drivers=(driver,) if driver else (),
            accelerators=tuple(cards),
        ),
    )


def card(index=0, name="NVIDIA L20", vendor="nvidia", memory=45 * GIB, **more):
    return Accelerator(index=index, vendor=vendor, name=name, memory_total_bytes=memory, **more)


def notes_of(found):
    return [str(note) for note in found.notes]


def test_memory_that_was_not_read_comes_from_the_data_sheet_and_is_said():
    found = take_inventory([machine(card(memory=None))])
    assert found.cards[0].type.memory == int(48 * 0.95 * GIB)
    assert "the memory of NVIDIA L20 was not read; 45.6 GiB is assumed from its data sheet" in notes_of(found)[0]


def test_a_card_of_unknown_kind_and_memory_is_left_out_and_said():
    found = take_inventory([machine(card(name="NVIDIA X999", memory=None))])
    assert found.cards == ()
    assert "is left out: its memory is unknown" in notes_of(found)[0]


def test_a_card_of_unknown_kind_is_planned_by_memory_alone(plan):
    node = machine(card(name="NVIDIA X999", memory=80 * GIB))
    placed = plan([node], {"general": "qwen3-8b"}).placement("general")
    assert placed.users is None
    assert placed.service is None
    assert placed.shortfall is None
    assert any("speed of NVIDIA X999 is unknown" in note for note in notes_of(take_inventory([node])))


def test_unknown_main_memory_is_not_zero_and_not_planned_on(plan):
    node = machine(memory=None)
    found = take_inventory([node])
    assert found.processors == ()
    assert "its memory is unknown" in notes_of(found)[0]
    refused = plan([node], {"general": "base"}).refusal("general")
    assert "known well enough" in str(refused.reason)


def test_unknown_cores_count_as_one():
    found = take_inventory([machine(physical_cores=None, usable_cores=None)])
    assert "its cores are unknown; one is assumed." in notes_of(found)[0]
    assert found.processors[0].type.flops["bf16"] < take_inventory([machine()]).processors[0].type.flops["bf16"]


def test_cut_cards_and_old_drivers_are_not_used():
    assert take_inventory([machine(card(mig=True))]).cards == ()
    old = take_inventory([machine(card(), driver=Driver(vendor="nvidia", version="470.1"))])
    assert old.cards == ()
    assert "its cards are not used: The NVIDIA driver is 470.1" in notes_of(old)[0]


def test_the_site_s_wish_for_a_kind_of_device_holds():
    assert take_inventory([machine(card())], accelerator="cpu").cards == ()
    with pytest.raises(PreflightError):
        take_inventory([machine()], accelerator="gpu")


def test_other_vendors_are_planned_with_a_word_of_warning():
    found = take_inventory([machine(card(vendor="ascend", name="910B3", memory=64 * GIB))])
    assert "this release serves on NVIDIA cards" in notes_of(found)[0]


def test_measurements_go_before_data_sheets(plan):
    measured = Calibration(
        measured_at="2026-11-26T10:00:00Z",
        devices=(
            DeviceCalibration(device="NVIDIA L20", memory_bytes_per_s=3e11, flops=3e13, layer_s=2e-4, engine_bytes=GIB),
        ),
    )
    node = machine(card())
    found = take_inventory([node], measured).cards[0].type
    assert (found.read, found.flops["bf16"], found.flops["fp8"]) == (3e11, 3e13, pytest.approx(4.2e13))
    assert (found.layer_s[False], found.engine_bytes) == (2e-4, GIB)
    slow = plan([node], {"general": "qwen3-8b"}, calibration=measured)
    assert slow.placement("general").users < plan([node], {"general": "qwen3-8b"}).placement("general").users
    assert str(slow.notes[-1]) == "Speeds use what was measured here on 2026-11-26."
    assert slow.placement("general").replicas[0][0].overhead == GIB


def test_a_calibration_may_know_a_card_that_the_table_does_not():
    measured = Calibration(
        measured_at="2026-11-26", devices=(DeviceCalibration(device="X9", memory_bytes_per_s=1e12, flops=1e14),)
    )
    found = take_inventory([machine(card(name="X9", memory=GIB))], measured)
    assert found.cards[0].type.read == 1e12
    assert not any("unknown" in note for note in notes_of(found))


def test_processors_can_be_calibrated():
    measured = Calibration(measured_at="2026-11-26", devices=(DeviceCalibration(device="cpu", flops=5e10),))
    found = take_inventory([machine()], measured).processors[0].type
    assert found.flops["bf16"] == 5e10
    assert found.read == take_inventory([machine()]).processors[0].type.read


def test_the_file_comes_back_as_it_was_written(tmp_path):
    file = tmp_path / "calibration.json"
    assert read_calibration(file) is None
    written = Calibration(measured_at="2026-11-26T10:00:00Z", devices=(DeviceCalibration(device="cpu", flops=1e11),))
    write_calibration(file, written)
    assert read_calibration(file) == written
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format": 2, "measured_at": "x"}', '{"format": 1, "measured_at": "x", "devices": [{"device": "cpu", '
     '"flops": 0}]}', '{"format": 1, "measured_at": "x", "speed": 1}'],
)  # fmt: skip
def test_a_wrong_file_is_refused(tmp_path, text):
    file = tmp_path / "calibration.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match="cannot be used"):
        read_calibration(file)
