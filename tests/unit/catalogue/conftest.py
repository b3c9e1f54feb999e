"""The catalogue as it ships, recorded machines, and a plan in one call."""

import json
from pathlib import Path

import pytest

from appliance.catalogue.devices import Node
from appliance.catalogue.loading import load_catalogue
from appliance.catalogue.planner import make_plan
from appliance.catalogue.wish import ModelWish, ServiceLevel, Wish
from appliance.hardware.facts import MachineFacts

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"


@pytest.fixture(scope="session")
def catalogue():
    return load_catalogue()


@pytest.fixture(scope="session")
def nodes():
    """Return a function from a recorded machine's name to its nodes."""

    def read(name):
        raw = json.loads((FACTS / f"{name}.json").read_text())
        records = raw if isinstance(raw, list) else [raw]
        return [Node(f"node-{number}", MachineFacts.model_validate(record)) for number, record in enumerate(records, 1)]

    return read


@pytest.fixture(scope="session")
def plan(catalogue, nodes):
    """Return a function: machine (name or nodes), models by alias (a name or fields of a wish), the level's fields."""

    def make(machine, models, calibration=None, **level):
        wishes = tuple(
            ModelWish(alias=alias, **(asked if isinstance(asked, dict) else {"model": asked}))
            for alias, asked in models.items()
        )
        where = nodes(machine) if isinstance(machine, str) else machine
        return make_plan(Wish(models=wishes, level=ServiceLevel(**level)), where, catalogue, calibration)

    return make
