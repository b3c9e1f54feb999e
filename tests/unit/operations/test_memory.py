"""What main memory the appliance needs, and what `up` says where there is less."""

import json
import re
from pathlib import Path

import pytest

from appliance.catalogue.calibration import Calibration, DeviceCalibration, write_calibration
from appliance.catalogue.sizing import CPU_ENGINE, CPU_ENGINE_INSIDE
from appliance.config.home import Home
from appliance.config.site import SiteConfig, parse_site
from appliance.core.errors import NotEnoughMemory
from appliance.core.units import GIB
from appliance.hardware.facts import MachineFacts, Memory
from appliance.operations.memory import check_caches, check_site_memory, memory_needed, memory_of_models
from appliance.operations.planning import PlanRequest, plan_site
from appliance.serving.room import memory_of_engines

FACTS = Path(__file__).parents[2] / "data" / "machines" / "facts" / "cpu-only.json"


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def machine(available, cores=2):
    facts = MachineFacts.model_validate_json(FACTS.read_text())
    processor = facts.processor.model_copy(update={"physical_cores": cores, "usable_cores": cores})
    memory = Memory(total_bytes=available, available_bytes=available)
    return facts.model_copy(update={"processor": processor, "memory": memory})


def site(models):
    return parse_site(json.dumps({"models": models}), "site.yaml")


def general():
    return site({"general": {"package": "base"}})


def needed(home, config, weights=None, kind="cpu"):
    return memory_needed(config, memory_of_models(home, config, machine(1), weights or {}, kind))


def test_each_replica_of_each_model_counts(home):
    none = needed(home, site({}))
    one = needed(home, general())
    two = needed(home, site({"general": {"package": "base", "replicas": 2}}))
    assert two - one == one - none
    more_cache = site({"general": {"package": "base", "engine": {"kv_cache_gib": 4}}})
    assert needed(home, more_cache) == one + 3 * GIB


def test_files_that_are_there_go_before_the_catalogue(home):
    assert needed(home, SiteConfig(), {"general": 3 * GIB}) - needed(home, SiteConfig()) == 3 * GIB - 269_030_016


def test_a_package_that_nobody_knows_counts_as_its_engine(home):
    config = site({"general": {"package": "nobodys"}})
    (model,) = memory_of_models(home, config, machine(1), {}, "cpu")
    assert (model.weights, model.cache, model.rest) == (0, GIB, CPU_ENGINE_INSIDE)


def test_on_gpu_weights_and_cache_are_not_in_main_memory(home):
    on_cpu, on_gpu = (needed(home, SiteConfig(), {"general": 9 * GIB}, kind) for kind in ("cpu", "gpu"))
    assert on_cpu - on_gpu >= 10 * GIB


def test_the_engine_has_its_worker_inside_on_few_cores_and_counts_as_measured_here(home):
    def rest(cores):
        (model,) = memory_of_models(home, general(), machine(1, cores), {}, "cpu")
        return model.rest

    assert rest(8) - rest(2) == CPU_ENGINE - CPU_ENGINE_INSIDE
    home.root.mkdir()
    found = DeviceCalibration(device="cpu", engine_bytes=GIB)
    write_calibration(home.calibration_file, Calibration(measured_at="2026-11-26T10:00:00Z", devices=(found,)))
    assert rest(2) == rest(8) < CPU_ENGINE_INSIDE


def test_the_defaults_fit_the_machine_that_the_documentation_asks_for(home):
    check_site_memory(home, SiteConfig(), machine(9 * GIB), {}, "cpu")
    check_site_memory(home, general(), machine(6 * GIB), {}, "cpu")
    check_site_memory(home, SiteConfig(), machine(None), {}, "cpu")


@pytest.mark.parametrize(
    ("model", "engine"),
    [("base", {}), ("qwen3-8b", {}), ("base", {"dtype": "float32"}), ("base", {"dtype": "float16"})],
)
def test_up_and_plan_size_a_model_alike(home, tmp_path, model, engine):
    config = site({"general": {"package": model, "engine": {"kv_cache_gib": 8, **engine}}})
    (here,) = memory_of_models(home, config, machine(1), {}, "cpu")
    (tmp_path / "machine.json").write_text(machine(64 * GIB).model_dump_json())
    planned = plan_site(home, config, PlanRequest(machines=(tmp_path / "machine.json",))).placement("general")
    assert here.total == planned.replicas[0][0].total


def test_in_32_bits_weights_and_cache_take_twice_the_memory(home):
    wide = site({"general": {"package": "base", "engine": {"dtype": "float32"}}})
    assert needed(home, wide) - needed(home, general()) == 269_030_016
    assert needed(home, wide, {"general": 269_030_016}) == needed(home, wide)
    settings = [config.models["general"] for config in (general(), wide)]
    narrow, broad = (memory_of_engines(100, one, "cpu", 0) - GIB for one in settings)
    assert (narrow, broad) == (100, 200)
    for dtype, size in (("bfloat16", 3), ("float32", 6)):
        engine = {"max_model_len": 20_000, "dtype": dtype, "kv_cache_gib": size}
        check_caches(home, site({"general": {"package": "qwen3-8b", "engine": engine}}))
        with pytest.raises(NotEnoughMemory):
            check_caches(
                home, site({"general": {"package": "qwen3-8b", "engine": {**engine, "kv_cache_gib": size - 1}}})
            )


def test_a_cache_that_holds_no_whole_context_is_refused(home):
    check_caches(home, SiteConfig())
    check_caches(home, site({"general": {"package": "nobodys"}}))
    with pytest.raises(NotEnoughMemory, match=r"has 1 GiB of KV cache; one conversation of 40960 tokens") as caught:
        check_caches(home, site({"general": {"package": "qwen3-8b"}}))
    hint = caught.value.hint.render("en")
    size, tokens = (int(number) for number in re.findall(r": (\d+)", hint))
    for engine in ({"kv_cache_gib": size}, {"max_model_len": tokens}):
        check_caches(home, site({"general": {"package": "qwen3-8b", "engine": engine}}))
    for engine in ({"kv_cache_gib": size - 1}, {"max_model_len": tokens + 64}):
        with pytest.raises(NotEnoughMemory):
            check_caches(home, site({"general": {"package": "qwen3-8b", "engine": engine}}))


def refused(home, config, available, kind="cpu"):
    with pytest.raises(NotEnoughMemory) as caught:
        check_site_memory(home, config, machine(available), {}, kind)
    return caught.value.message.render("en"), caught.value.hint.render("en")


def test_what_each_model_takes_is_told(home):
    told, hint = refused(home, SiteConfig(), 2 * GIB)
    assert "but 2.0 GiB are available" in told
    assert "general 2.8 GiB (1 × weights 256.6 MiB, KV cache 1.0 GiB, engine 1.5 GiB)" in told
    assert "fewer or smaller models" in hint
    on_gpu, _hint = refused(home, SiteConfig(), GIB, "gpu")
    assert "general 1.5 GiB;" in on_gpu


@pytest.mark.parametrize(
    ("settings", "available", "change"),
    [
        ({"package": "base", "engine": {"kv_cache_gib": 8}}, 8, "Lower its KV cache to 3 GiB"),
        ({"package": "base", "replicas": 4}, 10, "Run 2 replicas of it, not 4."),
        ({"package": "qwen3-8b", "engine": {"max_model_len": 4096}}, 10, "Take Qwen3 1.7B, which fits."),
    ],
)
def test_the_least_change_is_named(home, settings, available, change):
    _told, hint = refused(home, site({"general": settings}), available * GIB)
    assert f"for the model general: {change}" in hint


def test_the_change_that_is_named_is_enough(home):
    lowered = site({"general": {"package": "base", "engine": {"kv_cache_gib": 3}}})
    check_site_memory(home, lowered, machine(8 * GIB), {}, "cpu")
    fewer = site({"general": {"package": "base", "replicas": 2}})
    check_site_memory(home, fewer, machine(10 * GIB), {}, "cpu")
