"""What `appliance plan` says of a tuned model beside its base, on recorded machines."""

from pathlib import Path

import pytest

from appliance.config.home import Home
from appliance.config.site import parse_site
from appliance.operations.planning import PlanRequest, plan_site
from appliance.operations.tuned_models import tuned_aliases

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts"
BOTH = "models:\n  general: {package: base}\n  finance: {package: finance}\n"
CARD = """
name: finance
version: "1"
kind: chat
title: Tuned
languages: [en]
context_length: 8192
parameters: 134515008
dtype: bfloat16
licence: Apache-2.0
weaknesses: {en: none, zh_CN: 无}
chat_template: chat_template.jinja
origin: {format: lora-merged, base: base}
files: {}
"""


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home")
    (made.models / "finance").mkdir(parents=True)
    (made.models / "finance" / "card.yaml").write_text(CARD)
    return made


def plan(home, machine, text=BOTH, **more):
    return plan_site(home, parse_site(text, "site.yaml"), PlanRequest(machines=(FACTS / f"{machine}.json",), **more))


def aliases(found):
    return {placed.alias for placed in found.placements}


def test_without_cards_each_has_its_own_weights(home):
    found = plan(home, "cpu-only")
    assert aliases(found) == {"general", "finance", "embedder"}
    assert "finance: served merged, with weights and an engine of its own" in str(found.notes[-1])


def test_on_a_card_the_tuned_model_is_an_adapter_and_takes_none(home):
    found = plan(home, "1xL20")
    assert aliases(found) == {"general", "embedder"}
    assert "finance: served as an adapter on the engine of general" in str(found.notes[-1])


def test_other_engine_settings_mean_an_engine_of_its_own(home):
    text = f"{BOTH.rstrip()[:-1]}, engine: {{max_num_seqs: 8}}}}\n"
    found = plan(home, "1xL20", text)
    assert aliases(found) == {"general", "finance", "embedder"}
    assert not any("adapter" in str(note) for note in found.notes)


def test_a_model_asked_for_by_name_is_no_adapter(home):
    found = plan(home, "1xL20", models=("general=smollm2-135m", "finance=qwen3-8b"))
    assert aliases(found) == {"general", "finance", "embedder"}


def test_a_package_of_the_sites_own_is_no_adapter(home):
    card = CARD.replace("format: lora-merged, base: base", "format: folder")
    (home.models / "finance" / "card.yaml").write_text(card)
    assert tuned_aliases(home, parse_site(BOTH, "site.yaml")) == {}
