import os
from pathlib import Path

import pynvml
import pytest

from appliance.core.errors import PreflightError
from appliance.hardware.choice import choose_accelerator
from appliance.hardware.discovery import discover, read_disk
from appliance.hardware.facts import facts_from_json, facts_to_json
from appliance.hardware.nvidia import NvidiaDetector, NvidiaSampler
from appliance.hardware.processor import CpuDetector
from appliance.hardware.sampling import NodeSampler, sample_node

MIB = 2**20


def test_machine_without_accelerator(machine):
    facts = machine("cpu-only")
    assert facts.accelerators == ()
    assert facts.drivers == ()
    assert facts.processor.model == "Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz"
    assert (facts.processor.physical_cores, facts.processor.logical_cores) == (16, 32)
    assert facts.processor.numa_nodes == 1
    assert "avx512_vnni" in facts.processor.features
    assert "amx_bf16" not in facts.processor.features
    assert facts.memory.available_bytes == 57 * 2**30
    assert not facts.memory.limited


def test_one_gpu_is_read_whole(machine):
    facts = machine("1xL20")
    (card,) = facts.accelerators
    assert (card.vendor, card.name, card.index) == ("nvidia", "NVIDIA L20", 0)
    assert card.memory_total_bytes == 46068 * MIB
    assert card.compute_capability == "8.9"
    assert card.ecc is True
    assert card.mig is None, "a mode that the card does not have is unknown, not off"
    driver = facts.driver("nvidia")
    assert (driver.version, driver.runtime, driver.fault) == ("580.95.05", "13.0", None)
    assert "amx_bf16" in facts.processor.features
    assert facts.processor.numa_nodes == 2


def test_links_and_power_limit_of_a_card(record, nvml):
    raw = record("8xH20")["nvml"]
    raw["cards"] = raw["cards"][:4]
    raw["cards"][0] |= {"power_limit_mw": 500_000, "nvlink_states": [1] * 18}
    raw["cards"][1] |= {"nvlink_states": [1] * 16 + [0, 0]}
    raw["cards"][2] |= {"nvlink_states": [0] * 18}
    cards = NvidiaDetector(nvml(raw)).read().accelerators
    assert [card.links for card in cards] == [18, 16, 0, None], "links that are down are 0, a card without any None"
    assert [card.power_limit_w for card in cards] == [500, None, None, None]


def test_eight_gpus_keep_their_order(machine):
    facts = machine("8xH20")
    assert [card.index for card in facts.accelerators] == list(range(8))
    assert len({card.uuid for card in facts.accelerators}) == 8
    assert {card.mig for card in facts.accelerators} == {False}
    assert facts.processor.physical_cores == 112


@pytest.mark.parametrize("name", ["cpu-only", "1xL20", "8xH20"])
def test_facts_survive_json(machine, name):
    facts = machine(name)
    assert facts_from_json(facts_to_json(facts)) == facts


def test_facts_name_no_host_and_no_user():
    text = facts_to_json(discover())
    assert os.uname().nodename not in text


def test_driver_that_does_not_answer_is_told_and_stops_nothing(record, nvml):
    module = nvml(record("1xL20")["nvml"], init_error=pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH)
    detector = NvidiaDetector(module)
    assert detector.present()
    facts = discover([CpuDetector(), detector])
    assert facts.accelerators == ()
    assert "mismatch" in facts.driver("nvidia").fault


def test_every_session_is_closed(record, nvml):
    module = nvml(record("1xL20")["nvml"])
    NvidiaDetector(module).present()
    NvidiaDetector(module).read()
    assert module.open == 0


def test_this_machine_really():
    facts = discover(folders=[Path("/")])
    assert facts.processor.logical_cores == os.cpu_count()
    assert facts.memory.total_bytes > 0
    assert facts.disks[0].free_bytes > 0
    if not Path("/proc/driver/nvidia").exists():
        assert not NvidiaDetector().present()
        assert facts.driver("nvidia") is None


def test_machine_whose_kernel_shows_nothing_reads_as_unknown(tmp_path):
    processor = CpuDetector(tmp_path, tmp_path, "riscv64").read().processor
    assert (processor.architecture, processor.model) == ("riscv64", None)
    assert processor.logical_cores is None
    assert processor.numa_nodes is None


def test_disk_of_a_folder_that_is_not_made_yet(tmp_path):
    disk = read_disk(tmp_path / "a" / "b")
    assert disk.folder == tmp_path / "a" / "b"
    assert disk.total_bytes == read_disk(tmp_path).total_bytes


def test_live_readings_of_cards(record, nvml):
    sampler = NvidiaSampler(nvml(record("8xH20")["nvml"]))
    cards = sampler.sample()
    assert cards[0].utilisation == pytest.approx(0.82)
    assert cards[6].utilisation == 0
    assert cards[7].utilisation is None, "a reading that failed is unknown, an idle card is 0"
    assert cards[1].power_w == pytest.approx(291.9)
    assert cards[2].temperature_c == 50
    sampler.sample()
    sampler.close()
    assert sampler.sample() == cards


def test_sampler_returns_when_the_driver_does(record, nvml):
    module = nvml(record("1xL20")["nvml"], init_error=pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    sampler = NvidiaSampler(module)
    assert sampler.sample() == ()
    module.init_error = None
    assert [card.name for card in sampler.sample()] == ["NVIDIA L20"]


def test_node_sample_of_this_machine(tmp_path):
    sampler = NodeSampler(tmp_path)
    first = sampler.sample()
    assert first.cpu_utilisation is None, "one reading of a counter is no utilisation"
    assert 0 < first.memory_used_bytes < first.memory_total_bytes
    status = sample_node(tmp_path).as_status("n1", "127.0.0.1", head=True)
    assert 0 <= status.cpu_utilisation <= 1
    assert status.state == "alive"


def test_choice_follows_the_setting(machine):
    assert choose_accelerator("cpu", machine("1xL20")).kind == "cpu"
    choice = choose_accelerator("auto", machine("8xH20"))
    assert (choice.kind, len(choice.accelerators)) == ("gpu", 8)
    assert "8 × NVIDIA H20" in choice.reason.render("en")
    assert choose_accelerator("auto", machine("cpu-only")).kind == "cpu"


def test_gpu_asked_for_but_none_there(machine):
    with pytest.raises(PreflightError) as caught:
        choose_accelerator("gpu", machine("cpu-only"))
    assert "No accelerator was found" in caught.value.render("en")
    assert "accelerator: auto" in caught.value.hint.render("en")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"driver_version": "550.54.14"}, "needs 580"),
        ({"compute_capability": [6, 1]}, "The one accelerator cannot serve models"),
        ({"mig_mode": [1, 1]}, "The one accelerator cannot serve models"),
    ],
)
def test_gpu_that_cannot_serve(record, nvml, change, words):
    raw = record("1xL20")["nvml"]
    for name, value in change.items():
        (raw if name in raw else raw["cards"][0])[name] = value
    facts = discover([CpuDetector(), NvidiaDetector(nvml(raw))])
    assert choose_accelerator("auto", facts).kind == "cpu"
    with pytest.raises(PreflightError, match=words):
        choose_accelerator("gpu", facts)
