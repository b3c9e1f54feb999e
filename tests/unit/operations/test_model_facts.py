"""What is told of models before they are changed: cards, figures, and what could be staged."""

import shutil

import pytest

from appliance.config.home import Home
from appliance.config.site import ModelSettings, SiteConfig
from appliance.operations.model_facts import read_facts, stageable
from tests.unit.operations.small_models import write_model
from tests.unit.operations.test_model_versions import GOOD, OPEN, Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "home")


def label(bench, slot):
    return bench.directory().get("general", slot).label


def test_each_version_has_its_card_and_its_figures(bench):
    bench.stage()
    with bench.served() as served:
        served.note_figures(bench.directory().get("general", "candidate"), GOOD.to_dict())
    facts = read_facts(bench.home, bench.site)
    stable, candidate = (facts.of("general", label(bench, slot)) for slot in ("stable", "candidate"))
    assert (stable.card.name, stable.folder, stable.figures) == ("base", bench.home.models / "base", None)
    assert candidate.card.weaknesses["zh_CN"] == "全部。"
    assert (candidate.figures.passed, candidate.figures.questions, candidate.figures.tokens_per_s) == (12, 20, 40.0)
    assert facts.declared == {"general": "base"}


def test_a_version_whose_files_are_gone_or_are_another_one_cannot_be_gone_back_to(bench):
    bench.stage()
    list(bench.lifecycle.promote("general", OPEN))
    before = label(bench, "previous")
    write_model(bench.home.models / "base", b'{"new": 1}')
    assert read_facts(bench.home, bench.site).of("general", before).folder is None
    shutil.rmtree(bench.home.models / "base")
    assert read_facts(bench.home, bench.site).of("general", before).card is None


def test_packages_that_no_directory_names_are_told_of_too(bench):
    write_model(bench.home.models / "embedder", kind="embedder", chat_template=None)
    facts = read_facts(bench.home, bench.site, ["embedder", "absent"])
    assert facts.of("embedder", "embedder").card.kind == "embedder"
    assert facts.of("absent", "absent").card is None
    assert facts.of("nobody", "nothing:1").card is None


def test_a_home_without_a_database_has_no_versions_and_none_is_made(tmp_path):
    home = Home(tmp_path)
    assert read_facts(home, SiteConfig(models={"general": ModelSettings(package="base")})).versions == {}
    assert not home.database.exists()


def test_chat_models_on_this_machine_can_be_staged(bench):
    write_model(bench.home.models / "embedder", kind="embedder", chat_template=None)
    write_model(bench.home.models / "next-adapter", origin={"format": "lora-adapter", "base": "next"})
    (bench.home.models / "broken").mkdir()
    (bench.home.models / "broken" / "card.yaml").write_text("no: card")
    assert [one.name for one in stageable(bench.home)] == ["base", "next"]
