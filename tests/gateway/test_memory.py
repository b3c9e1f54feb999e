"""What the planner says that engines on processors take, and what running ones hold."""

import pytest

from appliance.cluster.instance import read_instance
from appliance.config.home import Home
from appliance.config.site import load_site
from appliance.hardware.discovery import discover
from appliance.operations.engine_speed import resident_of
from appliance.operations.memory import memory_of_models
from appliance.packages.card import read_card
from appliance.packages.places import model_folder


def test_each_engine_holds_what_is_planned_for_it(stack, http):
    home = Home(stack.home)
    site = load_site(home.site_file)
    for alias in site.models:  # a cache that no request has touched is not held yet
        body = {"model": alias, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8}
        assert http.post("/v1/chat/completions", json=body).status_code == 200
    cards = {alias: read_card(model_folder(home, model.package)) for alias, model in site.models.items()}
    weights = {alias: card.weights_bytes for alias, card in cards.items()}
    instance = read_instance(home.instance_file)
    for planned in memory_of_models(home, site, discover(), weights, "cpu"):
        held = resident_of(instance, planned.alias)
        assert held is not None
        assert held == pytest.approx(planned.total / planned.replicas, rel=0.15), planned
