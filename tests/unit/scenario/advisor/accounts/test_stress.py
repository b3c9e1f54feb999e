"""Stress scenarios: what is shocked by what, and files that cannot be used."""

from dataclasses import replace

import pytest
import yaml

from appliance.core.errors import ConfigError, InvalidRequest
from appliance.scenario.words import Words
from scenarios.advisor.accounts import StressBook, diagnose
from scenarios.advisor.accounts.stress import SHIPPED, Scenario, shipped_stress, styles_of
from scenarios.advisor.models import Product

WORDS = {"en": "Text", "zh": "文字"}


def scenario(**fields):
    return Scenario.model_validate({"name": "one", "title": WORDS, "description": WORDS, "source": WORDS, **fields})


def book(*scenarios, **fields):
    return StressBook.model_validate({"scenarios": [one.model_dump() for one in scenarios], **fields})


def product(asset="equity", group="index", **fields):
    return Product(
        id="P1", name=Words(en="One", zh="甲"), kind="fund", asset_class=asset, issuer_level="R3", seller_level="R3",
        peer_group=group, **fields,
    )  # fmt: skip


CLASSES = {"equity": -0.4, "bond": 0.02}


@pytest.mark.parametrize(
    ("fields", "about", "styles", "shock"),
    [
        ({}, product(), {}, -0.4),
        ({"groups": {"index": -0.3}}, product(), {}, -0.3),
        ({"groups": {"index": -0.3}, "products": {"P1": -0.1}}, product(), {}, -0.1),
        ({"industries": {"energy": -0.8}}, product(industries={"energy": 0.25, "other": 0.5}), {}, -0.2 - 0.3),
        ({"styles": {"a": -0.6, "b": 0.1}}, product(), {"a": 0.5, "b": 0.5}, -0.25),
        ({"styles": {"a": -0.6}}, product(), {"a": 0.5, "b": 0.5}, -0.4),
        ({"styles": {"a": -0.6}}, product(), {"a": 1.0, "b": 0.0}, -0.6),
        ({}, product(group="mixed"), {}, 0.5 * -0.4 + 0.5 * 0.02),
        ({"rate_shift": 0.02}, product("bond", "bond"), {}, 0.02 - 3.0 * 0.02),
        ({"rate_shift": 0.02}, product("bond", "other"), {}, 0.02 - 5.0 * 0.02),
        ({"rate_shift": -0.01}, product("bond", "bond"), {}, 0.02 + 3.0 * 0.01),
        ({}, product("commodity", "gold"), {}, None),
    ],
)  # fmt: skip
def test_what_shocks_a_product(fields, about, styles, shock):
    stress = book(
        scenario(**({"classes": CLASSES} | fields)),
        blends={"mixed": {"equity": 0.5, "bond": 0.5}},
        durations={"groups": {"bond": 3.0}, "classes": {"bond": 5.0}},
    )
    found = stress.shock(stress.scenarios[0], about, styles)
    assert found == (None if shock is None else pytest.approx(shock))


def test_nothing_loses_more_than_all():
    stress = book(scenario(classes={"bond": -0.9}, rate_shift=0.2), durations={"classes": {"bond": 30.0}})
    assert stress.shock(stress.scenarios[0], product("bond", ""), {}) == -1.0


def test_the_loss_of_an_account_is_the_sum_over_its_holdings(sample):
    stress = shipped_stress()
    found = diagnose(sample, "C0012", charts=False)
    for line, told in zip(found.stress, stress.scenarios, strict=True):
        loss = 0.0
        for position in found.positions:
            about = sample.product(position.product)
            styles = styles_of(sample, about) if told.styles else {}
            loss += found.figure("position_value", position.product).value * stress.shock(told, about, styles)
        assert found.figures[line.figures["stress_loss"]].value == pytest.approx(loss)
        assert sum(found.figures[id_].value for id_ in line.by_class.values()) == pytest.approx(loss)


def test_the_shipped_scenarios_reach_every_product_of_the_sample_bank(sample):
    stress = shipped_stress()
    assert [one.name for one in stress.scenarios] == ["crisis_2008", "china_2015", "pandemic_2020", "rates_up"]
    for told in stress.scenarios:
        for about in sample.products.values():
            assert stress.shock(told, about, styles_of(sample, about) if told.styles else {}) is not None
    rates = stress.scenarios[3]
    bond = next(one for one in sample.products.values() if one.peer_group == "bond")
    assert stress.shock(rates, bond, {}) == pytest.approx(-0.06)
    shares = next(one for one in sample.products.values() if one.peer_group == "index")
    assert styles_of(sample, shares)


def test_holdings_without_a_shock_are_named_and_taken_as_unchanged(sample):
    stress = book(scenario(classes={"insurance": -0.1}))
    found = diagnose(replace(sample, memo={}), "C0012", charts=False, stress=stress)
    (line,) = found.stress
    held = [one.product for one in found.positions if one.asset_class != "insurance"]
    assert list(line.missing) == held
    assert found.figures[line.figures["stress_uncovered"]].value == pytest.approx(
        sum(found.figure("position_share", name).value for name in held)
    )
    assert any("Without a shock in Text" in note for note in found.notes)


def test_some_scenarios_alone(sample):
    found = diagnose(sample, "C0012", charts=False, stress=shipped_stress().only(["rates_up"]))
    assert [line.scenario for line in found.stress] == ["rates_up"]
    with pytest.raises(InvalidRequest) as raised:
        shipped_stress().only(["unheard"])
    assert raised.value.code == "scenario_not_found"


def test_the_banks_own_file_takes_the_place_of_the_shipped_one(tmp_path):
    own = tmp_path / "stress.yaml"
    assert StressBook.load(own=own) == shipped_stress()
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    data["scenarios"] = data["scenarios"][:1]
    own.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    assert len(StressBook.load(own=own).scenarios) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["scenarios"][0]["classes"].update(equity=-1.5), "scenarios.0.classes.equity"),
        (lambda data: data["scenarios"][0]["classes"].update(shares=-0.5), "scenarios.0.classes.shares"),
        (lambda data: data["scenarios"][0].pop("source"), "scenarios.0.source"),
        (lambda data: data["scenarios"].append(data["scenarios"][0]), "same name: crisis_2008"),
        (lambda data: data["blends"].update(mixed={"equity": 0.9, "bond": 0.9}), "sum to 1, not to 1.8"),
        (lambda data: data.update(mood=1), "mood"),
        (lambda data: data.update(scenarios=[]), "scenarios"),
    ],
)
def test_a_file_that_cannot_be_used_names_the_entry(tmp_path, change, said):
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(data)
    own = tmp_path / "stress.yaml"
    own.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        StressBook.load(own=own)
    assert "stress.yaml" in str(raised.value)
    assert said in str(raised.value)
