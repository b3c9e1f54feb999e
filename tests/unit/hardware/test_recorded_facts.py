"""The planner's machines are what the detectors read from the records of the same name."""

import pytest

from appliance.hardware.facts import facts_from_json
from tests.unit.hardware.conftest import MACHINES

FACTS = MACHINES / "facts"


@pytest.mark.parametrize(
    "name",
    ["1xL20", "2x4090", "8xA800", "8xH20", "8xH100", "cpu-only", "mixed", "8x910B", "8xK100_AI", "8xMI300X"],
)
def test_facts_are_those_of_the_record(machine, name):
    read, kept = machine(name), facts_from_json((FACTS / f"{name}.json").read_text())
    assert [(card.vendor, card.index, card.name, card.memory_total_bytes) for card in read.accelerators] == [
        (card.vendor, card.index, card.name, card.memory_total_bytes) for card in kept.accelerators
    ]
    assert read.memory.total_bytes == kept.memory.total_bytes
    assert read.processor.physical_cores == kept.processor.physical_cores
    assert set(kept.processor.features) <= set(read.processor.features)
