"""Detectors and samplers of the vendors whose tools are commands, over recorded and over damaged outputs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.hardware.amd import METRIC, OLD_METRIC, OLD_STATIC, STATIC, AmdDetector, AmdSampler
from appliance.hardware.ascend import AscendDetector, AscendSampler
from appliance.hardware.discovery import discover
from appliance.hardware.facts import facts_from_json, facts_to_json
from appliance.hardware.hygon import DRIVER, HygonDetector, HygonSampler
from appliance.hardware.hygon import METRIC as HYGON_METRIC
from appliance.hardware.hygon import STATIC as HYGON_STATIC
from appliance.hardware.processor import CpuDetector
from appliance.hardware.tools import with_commas
from tests.unit.hardware.conftest import MACHINES, RecordedTools, printed

MIB = 2**20
DETECTORS = {"amd": AmdDetector, "ascend": AscendDetector, "hygon": HygonDetector}
SAMPLERS = {"amd": AmdSampler, "ascend": AscendSampler, "hygon": HygonSampler}
RECORDED = {"amd": "8xMI300X", "ascend": "8x910B", "hygon": "8xK100_AI"}


def line(command):
    return " ".join(command)


@pytest.mark.parametrize(
    ("name", "vendor", "card", "memory_mib", "version"),
    [
        ("8xMI300X", "amd", "AMD Instinct MI300X", 196592, "6.12.12"),
        ("8x910B", "ascend", "910B3", 65536, "24.1.0"),
        ("8xK100_AI", "hygon", "K100_AI", 65520, "6.3.13-V1.12.0a"),
    ],
)
def test_recorded_machine_is_read_whole(machine, name, vendor, card, memory_mib, version):
    facts = machine(name)
    assert [accelerator.index for accelerator in facts.accelerators] == list(range(8))
    assert {(a.vendor, a.name, a.memory_total_bytes) for a in facts.accelerators} == {(vendor, card, memory_mib * MIB)}
    assert [(driver.vendor, driver.version, driver.fault) for driver in facts.drivers] == [(vendor, version, None)]
    assert facts_from_json(facts_to_json(facts)) == facts


def test_amd_tells_architecture_limit_runtime_and_identity(machine):
    facts = machine("8xMI300X")
    card = facts.accelerators[3]
    assert (card.architecture, card.power_limit_w) == ("gfx942", 750)
    assert card.uuid == "03ff74a1-0000-1000-8000-000000000000"
    assert facts.driver("amd").runtime == "6.4.1"


def test_rocm_smi_reads_the_same_machine_where_amd_smi_fails(record, machine, tools, said):
    raw = record("8xMI300X")["amd"]
    for broken in (
        {"code": 1, "stdout": [], "stderr": ["Traceback (most recent call last):", "KeyError: 3"]},
        said("{"),
    ):
        recorded = tools(raw | {line(STATIC): broken})
        found = AmdDetector(recorded).read()
        assert [card.memory_total_bytes for card in found.accelerators] == [196592 * MIB] * 8
        assert {(card.name, card.architecture) for card in found.accelerators} == {("AMD Instinct MI300X", "gfx942")}
        assert (found.driver.version, found.driver.fault) == ("6.12.12", None)
        assert found.accelerators[0].power_limit_w == 750


def test_older_amd_smi_prints_a_bare_list_and_other_names(tools, said):
    static = [
        {"gpu": 0, "asic": {"market_name": "N/A"}, "board": {"product_name": "AMD Instinct MI210"},
         "vram": {"vram_size": "65520 MB"}, "driver": {"driver_version": "6.3.6"}, "limit": {"max_power": "300 W"}},
    ]  # fmt: skip
    found = AmdDetector(tools({line(STATIC): said("amd-smi: a warning", json.dumps(static), "bye")})).read()
    (card,) = found.accelerators
    assert (card.name, card.memory_total_bytes, card.power_limit_w) == ("AMD Instinct MI210", 65520 * MIB, 300)
    assert card.uuid is None
    assert (found.driver.version, found.driver.runtime) == ("6.3.6", None)


def test_hygons_rocm_smi_is_not_taken_for_an_amd_card(record, tools):
    raw = record("8xK100_AI")["hygon"]
    recorded = tools(raw | {line(OLD_STATIC): raw[line(HYGON_STATIC)]})
    assert not AmdDetector(recorded).present()
    assert AmdSampler(recorded).sample() == ()
    assert HygonDetector(recorded).present()


def test_cards_of_two_vendors_on_one_machine(machine):
    facts = machine("2xL20-4x310P3")
    assert [(card.vendor, card.index) for card in facts.accelerators] == [
        ("nvidia", 0), ("nvidia", 1), ("ascend", 0), ("ascend", 1), ("ascend", 2), ("ascend", 3),
    ]  # fmt: skip
    assert facts.accelerators[2].memory_total_bytes == 44280 * MIB, "no HBM column: the other memory is the card's"
    assert [driver.vendor for driver in facts.drivers] == ["nvidia", "ascend"]


def test_live_readings_of_each_vendor(record, tools):
    amd, ascend, hygon = (SAMPLERS[vendor](tools(record(RECORDED[vendor])[vendor])).sample() for vendor in SAMPLERS)
    readings = [
        (s[0].memory_used_bytes, s[0].utilisation, s[0].temperature_c, s[0].power_w) for s in (amd, ascend, hygon)
    ]
    assert readings == [
        (178211 * MIB, pytest.approx(0.91), 67, 612),
        (58912 * MIB, pytest.approx(0.74), 52, pytest.approx(176.4)),
        (60211 * MIB, pytest.approx(0.96), 62, 288),
    ]
    assert [s[5].utilisation for s in (amd, ascend, hygon)] == [0, 0, 0], "an idle card is 0"
    assert [amd[7].utilisation, ascend[7].power_w, hygon[7].utilisation] == [None] * 3, "a missing reading is unknown"
    assert [s[7].name for s in (amd, ascend, hygon)] == ["AMD Instinct MI300X", "910B3", "K100_AI"]


def test_rocm_smi_samples_where_amd_smi_does_not(record, tools):
    raw = record("8xMI300X")["amd"]
    expected = [card.model_copy(update={"memory_used_bytes": None}) for card in AmdSampler(tools(raw)).sample()]
    raw[line(METRIC)] = {"fault": "amd-smi: no answer after 10 s"}
    old = [card.model_copy(update={"memory_used_bytes": None}) for card in AmdSampler(tools(raw)).sample()]
    assert old == expected


def test_two_chips_on_one_card_have_two_numbers(tools, said):
    table = [
        "| npu-smi 25.2.1                   Version: 25.2.1                                               |",
        "| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|",
        "| Chip  Phy-ID              | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |",
        "| 0     Ascend910           | OK            | 166.5       38                0    / 0             |",
        "| 0     0                   | 0000:9D:00.0  | 0           0    / 0          3131 / 65536         |",
        "| 0     Ascend910           | OK            | -           37                0    / 0             |",
        "| 1     1                   | 0000:9F:00.0  | 0           0    / 0          2886 / 65536         |",
        "| 1     Ascend910           | OK            | 168.1       37                0    / 0             |",
        "| 0     2                   | 0000:99:00.0  | 0           0    / 0          3125 / 65536         |",
    ]
    cards = AscendSampler(tools({"npu-smi info": said(*table)})).sample()
    assert [card.index for card in cards] == [0, 1, 2]
    assert [card.power_w for card in cards] == [166.5, None, 168.1]


def test_number_of_a_card_stays_where_another_has_failed(record, tools):
    raw = record("8x910B")["ascend"]
    lines = raw["npu-smi info"]["stdout"]
    raw["npu-smi info"]["stdout"] = [
        text for text in lines if not text.startswith("| 3     910B3") and "82:00.0" not in text
    ]
    assert [card.index for card in AscendDetector(tools(raw)).read().accelerators] == [0, 1, 2, 4, 5, 6, 7]


def test_cann_is_told_where_it_is_installed(record, tools, tmp_path):
    recorded = tools(record("8x910B")["ascend"])
    assert AscendDetector(recorded, tmp_path / "none").read().driver.runtime is None
    folder = tmp_path / "latest/aarch64-linux"
    folder.mkdir(parents=True)
    info = folder / "ascend_toolkit_install.info"
    info.write_bytes(b"package_name=Ascend-cann-toolkit\nversion=8.1.RC1\ninnerversion=V100\xff\n")
    assert AscendDetector(recorded, tmp_path / "latest").read().driver.runtime == "8.1.RC1"
    info.write_bytes(b"\xff\xfe")
    assert AscendDetector(recorded, tmp_path / "latest").read().driver.runtime is None


FAULTS = [
    (printed(code=1, stderr=["DrvMngGetConsoleLogLevel failed.", "dcmi module initialize failed. ret is -8005"]),
     "dcmi module initialize failed. ret is -8005"),
    (printed("没有找到设备", code=255), "没有找到设备"),
    (printed("dcmi model initialized failed, because the device is used. ret is -8020"), "ret is -8020"),
    (printed(), "no output"),
    (printed(code=3), "exit code 3"),
    (printed("\x1b[31mred\x07\x00\ufffd", code=1), "[31mred"),
    ({"fault": "smi: no answer after 30 s"}, "no answer after 30 s"),
]  # fmt: skip


@pytest.mark.parametrize("vendor", DETECTORS)
@pytest.mark.parametrize(("broken", "words"), FAULTS)
def test_tool_that_fails_is_told_in_its_own_words_and_stops_nothing(record, tools, vendor, broken, words):
    raw = record(RECORDED[vendor])[vendor]
    recorded = tools(dict.fromkeys(raw, broken))
    assert DETECTORS[vendor](recorded).present()
    facts = discover([CpuDetector(), DETECTORS[vendor](recorded)])
    assert facts.accelerators == ()
    assert words in facts.driver(vendor).fault
    assert len(facts.driver(vendor).fault) <= 260
    assert facts.driver(vendor).fault.isprintable()
    assert SAMPLERS[vendor](recorded).sample() == ()


@pytest.mark.parametrize("vendor", DETECTORS)
def test_tool_that_is_missing_means_that_there_is_none(tools, vendor):
    recorded = tools({})
    assert not DETECTORS[vendor](recorded).present()
    assert SAMPLERS[vendor](recorded).sample() == ()
    assert recorded.asked == []


@pytest.mark.parametrize("vendor", DETECTORS)
@given(data=st.data())
def test_output_cut_off_anywhere_never_invents_a_reading(vendor, data):
    raw = json.loads((MACHINES / f"{RECORDED[vendor]}.json").read_text())[vendor]
    whole = {card.index: card for card in DETECTORS[vendor](RecordedTools(raw)).read().accelerators}
    live = {card.index: card for card in SAMPLERS[vendor](RecordedTools(raw)).sample()}
    cut = {}
    for command, entry in raw.items():
        text = "\n".join(entry["stdout"])
        cut[command] = printed(text[: data.draw(st.integers(0, len(text)))])
    found = DETECTORS[vendor](RecordedTools(cut)).read()
    assert found.accelerators or found.driver.fault
    for card in found.accelerators:
        assert card.memory_total_bytes in (None, whole[card.index].memory_total_bytes)
    for card in SAMPLERS[vendor](RecordedTools(cut)).sample():
        full = live[card.index]
        assert card.memory_used_bytes in (None, full.memory_used_bytes)
        assert card.utilisation in (None, full.utilisation)


def test_table_cut_off_at_any_character(record, tools):
    raw = record("8x910B")["ascend"]
    text = "\n".join(raw["npu-smi info"]["stdout"])
    whole = AscendSampler(tools(raw)).sample()
    for end in range(len(text)):
        for card in AscendSampler(tools({"npu-smi info": printed(text[:end])})).sample():
            full = whole[card.index]
            assert card.memory_total_bytes in (None, full.memory_total_bytes), end
            assert card.memory_used_bytes in (None, full.memory_used_bytes), end
            assert card.power_w in (None, full.power_w), end


@pytest.mark.parametrize(("vendor", "end"), [("amd", "}"), ("hygon", '"')])
def test_parts_of_a_damaged_document_are_no_cards(record, tools, vendor, end):
    raw = record(RECORDED[vendor])[vendor]
    for entry in raw.values():
        text = "\n".join(entry["stdout"])
        entry["stdout"] = text[: max(0, text.rfind(end))].splitlines()
    found = DETECTORS[vendor](tools(raw)).read()
    assert found.accelerators == ()
    assert "no JSON" in found.driver.fault


KEYS = ("card0", "gpu", "gpu_data", "vram", "size", "value", "unit", "usage", "gfx_activity", "system")


@pytest.mark.parametrize("vendor", DETECTORS)
@given(text=st.text(max_size=400) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
).map(json.dumps))  # fmt: skip
def test_whatever_a_tool_prints_is_answered(vendor, text):
    raw = json.loads((MACHINES / f"{RECORDED[vendor]}.json").read_text())[vendor]
    recorded = RecordedTools(dict.fromkeys(raw, printed(text)))
    found = DETECTORS[vendor](recorded).read()
    assert found.driver is not None
    for card in SAMPLERS[vendor](recorded).sample():
        assert card.utilisation is None or 0 <= card.utilisation <= 1


@pytest.mark.parametrize(
    "entry",
    [
        {"usage": {"gfx_activity": {"value": 65535, "unit": "%"}}},
        {"usage": {"gfx_activity": -1}, "power": {"socket_power": {"value": 4294967295, "unit": "W"}}},
        {"usage": "N/A", "power": "N/A", "temperature": [], "mem_usage": None},
        {"temperature": {"hotspot": {"value": 65535, "unit": "C"}}, "mem_usage": {"used_vram": {"value": True}}},
        {"mem_usage": {"used_vram": {"value": 5, "unit": "pages"}, "total_vram": {"value": 0, "unit": "MB"}}},
        {"power": {"socket_power": {"value": 1e400, "unit": "W"}}, "mem_usage": {"used_vram": {"value": 10**400}}},
    ],
)
def test_a_value_that_cannot_be_true_is_unknown(tools, said, entry):
    (card,) = AmdSampler(tools({line(METRIC): said(json.dumps([{"gpu": 0, **entry}]))})).sample()
    readings = (card.memory_total_bytes, card.memory_used_bytes, card.utilisation, card.temperature_c, card.power_w)
    assert readings == (None,) * 5


def test_older_hy_smi_with_other_words_units_and_no_driver_version(tools, said):
    cards = {"card1": {"Card Series": "Z100L", "DCU use (%)": "7%", "VRAM Total Memory (B)": "34342961152",
                       "VRAM Total Used Memory (B)": 4096, "Temperature (Sensor edge) (C)": "48.0c"}}  # fmt: skip
    recorded = tools({line(HYGON_STATIC): said(json.dumps(cards)), line(HYGON_METRIC): said("log", json.dumps(cards))})
    found = HygonDetector(recorded).read()
    assert (found.driver.version, found.driver.fault) == (None, None)
    (card,) = found.accelerators
    assert (card.index, card.name, card.memory_total_bytes, card.uuid) == (1, "Z100L", 34342961152, None)
    (live,) = HygonSampler(recorded).sample()
    assert (live.utilisation, live.memory_used_bytes, live.temperature_c) == (pytest.approx(0.07), 4096, 48)
    assert live.power_w is None
    assert line(DRIVER) in recorded.asked


def test_commas_are_put_where_they_are_missing_and_nowhere_else():
    assert json.loads(with_commas('{"a": "1""b": "2" "c": "", "": "", "d\\"": "}"}')) == {
        "a": "1", "b": "2", "c": "", "": "", 'd"': "}",
    }  # fmt: skip
    whole = json.dumps({"a": ["x", ""], "b": {"": "y"}})
    assert with_commas(whole) == whole


def test_rocm_smi_alone_is_enough(record, tools):
    raw = record("8xMI300X")["amd"]
    recorded = tools({command: raw[command] for command in (line(OLD_STATIC), line(OLD_METRIC))})
    assert AmdDetector(recorded).present()
    assert len(AmdDetector(recorded).read().accelerators) == 8
    assert AmdSampler(recorded).sample()[0].power_w == 612
