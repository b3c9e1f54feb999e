"""Live readings of several vendors, the slow ones aside."""

import json
import threading

import pytest

from appliance.core.status import AcceleratorStatus
from appliance.hardware.hygon import HygonSampler
from appliance.hardware.recording import RecordingTools, record_machine
from appliance.hardware.samplers import STALE_S, BackgroundSampler, SamplerGroup, default_sampler
from appliance.hardware.sampling import NodeSampler


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Slow:
    """A sampler that waits until it is let go."""

    def __init__(self):
        self.free = threading.Event()
        self.calls = 0
        self.found = True

    def sample(self):
        self.calls += 1
        assert self.free.wait(60)
        card = AcceleratorStatus(
            index=0, vendor="ascend", name="910B3", memory_total_bytes=64, memory_used_bytes=self.calls, utilisation=0.5
        )
        return (card,) if self.found else ()


@pytest.fixture
def slow():
    sampler = Slow()
    yield sampler
    sampler.free.set()


def settle(background):
    background._worker.join(60)


def test_status_does_not_wait_for_a_tool_that_hangs(slow):
    clock = Clock()
    background = BackgroundSampler(slow, first_wait_s=0.05, clock=clock)
    assert background.sample() == ()
    clock.now += 60
    assert background.sample() == ()
    assert slow.calls == 1, "a tool that hangs is not started again and again"
    slow.free.set()
    settle(background)
    assert background.sample()[0].memory_used_bytes == 1


def test_readings_are_renewed_and_then_told_as_unknown(slow):
    slow.free.set()
    clock = Clock()
    background = BackgroundSampler(slow, first_wait_s=60, clock=clock)
    assert background.sample()[0].memory_used_bytes == 1, "the first call waits"
    background.sample()
    settle(background)
    assert slow.calls == 1, "readings of this moment are not asked for again"
    clock.now += 3
    assert background.sample()[0].utilisation == 0.5
    settle(background)
    assert background.sample()[0].memory_used_bytes == 2
    slow.found = False
    clock.now += STALE_S + 1
    (card,) = background.sample()
    settle(background)
    assert (card.name, card.memory_total_bytes) == ("910B3", 64), "the card does not vanish"
    assert (card.memory_used_bytes, card.utilisation, card.power_w) == (None, None, None)


def test_cards_of_all_vendors_are_on_the_status(record, tools, tmp_path):
    raw = record("8x910B") | {"hygon": record("8xK100_AI")["hygon"]}
    group = default_sampler(tools.of(raw))
    cards = [card for card in NodeSampler(tmp_path, group).sample().accelerators if card.vendor != "nvidia"]
    assert [card.vendor for card in cards] == ["ascend"] * 8 + ["hygon"] * 8
    assert cards[0].memory_used_bytes > 0


def test_machine_without_tools_starts_nothing(tools):
    recorded = tools({})
    group = default_sampler(recorded)
    assert [type(sampler).__name__ for sampler in group._samplers] == ["NvidiaSampler"]
    assert recorded.asked == []


def test_record_of_a_machine_replays(record, tools):
    raw = record("8xK100_AI")["hygon"] | record("8x910B")["ascend"]
    made = json.loads(record_machine(tools(raw)))
    assert [card["vendor"] for card in made["facts"]["accelerators"]] == ["ascend"] * 8 + ["hygon"] * 8
    assert len(made["readings"]) == 16
    replayed = HygonSampler(tools.of(made)).sample()
    assert [card.model_dump() for card in replayed] == made["readings"][8:]
    assert "VLLM::Worker" not in json.dumps(made), "processes are left out"


def test_record_keeps_what_a_tool_failed_with(tools, said):
    faults = {"npu-smi info": {"fault": "npu-smi: no answer after 30 s"}}
    made = json.loads(record_machine(tools(faults)))
    assert made["ascend"] == faults
    assert made["facts"]["drivers"][0]["fault"] == "npu-smi: no answer after 30 s"
    recorder = RecordingTools(tools({"other info": said("x")}))
    recorder.run(["other", "info"], 1)
    assert recorder.said == {"other": {"other info": said("x")}}


def test_group_keeps_the_order_of_its_samplers(slow):
    slow.free.set()
    assert SamplerGroup([]).sample() == ()
    assert len(SamplerGroup([slow, slow]).sample()) == 2
