"""Which engine answers for a tuned model, and what that engine is told."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from numpy import float32, full
from safetensors.numpy import save_file

from appliance.config.home import Home
from appliance.config.scaling import PlacementSettings, ScalingSettings
from appliance.config.site import EngineSettings, ModelSettings
from appliance.core.errors import PackageError
from appliance.packages.merging import ADAPTER, MERGED
from appliance.packages.recipe import Description
from appliance.packages.sealing import seal
from appliance.serving.adapters import share_engines
from appliance.serving.engine import ADAPTERS, Adapter, ChatModel, engine_kwargs, llm_config

CONFIG = {"peft_type": "LORA", "r": 12, "lora_alpha": 12, "target_modules": ["q_proj"]}


def package(home, name, value, weights="model.safetensors", origin=None, config=None):
    folder = home.models / name
    folder.mkdir(parents=True)
    save_file({"weight": full((2, 2), value, float32)}, folder / weights)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    said = Description(
        name=name, version="1", kind="chat", title=name, languages=["en"], context_length=64, parameters=4,
        dtype="bfloat16", licence="MIT", weaknesses={"en": "Weak.", "zh_CN": "弱。"},
    )  # fmt: skip
    return seal(folder, said, "chat_template.jinja", origin=origin)


def served(home, alias, name=None, **engine):
    name = name or alias
    settings = ModelSettings(package=name, engine=EngineSettings(**engine))
    folder = home.models / name
    return ChatModel(alias, name, folder, 64, ("en",), 4, folder / "chat_template.jinja", "bfloat16", settings)


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    base = package(made, "base", 1)
    origin = {"base_weights_sha256": base.files["model.safetensors"].sha256, "recipe_sha256": "a" * 64}
    package(made, "finance", 2, origin={"format": MERGED, **origin})
    package(
        made, "finance-adapter", 3, "adapter_model.safetensors", origin={"format": ADAPTER, **origin}, config=CONFIG
    )
    return made


def test_on_gpu_a_tuned_model_rides_on_the_engine_of_its_base(home):
    models = [served(home, "finance"), served(home, "general", "base")]
    engines = share_engines(home, models, "gpu")
    assert [model.alias for model in engines.models] == ["general"]
    assert engines.models[0].adapters == (Adapter("finance", home.models / "finance-adapter", 16),)
    assert (engines.host("finance"), engines.host("general")) == ("general", "general")


def test_on_cpu_each_model_has_its_engine(home):
    models = [served(home, "finance"), served(home, "general", "base")]
    engines = share_engines(home, models, "cpu")
    assert engines.models == tuple(models)
    assert engines.host("finance") == "finance"


def test_two_aliases_of_one_tuned_model_ride_on_one_engine(home):
    models = [served(home, "finance"), served(home, "tellers", "finance"), served(home, "general", "base")]
    engines = share_engines(home, models, "gpu")
    assert [model.alias for model in engines.models] == ["general"]
    assert [adapter.alias for adapter in engines.models[0].adapters] == ["finance", "tellers"]


def test_without_its_base_a_tuned_model_has_an_engine_of_its_own(home):
    package(home, "other", 7)
    engines = share_engines(home, [served(home, "finance"), served(home, "general", "other")], "gpu")
    assert [model.alias for model in engines.models] == ["finance", "general"]


def test_other_engine_settings_keep_an_engine_of_its_own(home):
    models = [served(home, "finance", max_num_seqs=3), served(home, "general", "base")]
    assert len(share_engines(home, models, "gpu").models) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"scaling": ScalingSettings(min_replicas=0)}, {"routing": "prefix"},
        {"placement": PlacementSettings(labels={"vendor": "ascend"})},
    ],
    ids=["sleeps", "finds its replica otherwise", "wants other machines"],
)  # fmt: skip
def test_what_one_engine_cannot_do_for_both_keeps_an_engine_of_its_own(home, other):
    finance = served(home, "finance")
    finance = replace(finance, settings=finance.settings.model_copy(update=other))
    assert len(share_engines(home, [finance, served(home, "general", "base")], "gpu").models) == 2


def test_weights_that_came_otherwise_do_not_ride_on_the_adapter_beside_them(home):
    """A signed release of `finance` lies elsewhere and may be newer than the adapter that was built here."""
    other = served(home, "finance")
    package(home, "release", 5, origin={"format": MERGED, "recipe_sha256": "b" * 64})
    other = replace(other, folder=home.models / "release")
    assert len(share_engines(home, [other, served(home, "general", "base")], "gpu").models) == 2


def test_a_broken_adapter_stops_the_start(home):
    (home.models / "finance-adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(PackageError):
        share_engines(home, [served(home, "finance"), served(home, "general", "base")], "gpu")


def test_the_engine_keeps_room_for_its_adapters_and_knows_where_they_are(home):
    (model,) = share_engines(home, [served(home, "finance"), served(home, "general", "base")], "gpu").models
    told = engine_kwargs(model, "gpu")
    assert (told["enable_lora"], told["max_loras"], told["max_lora_rank"]) == (True, 1, 16)
    config = llm_config(model, "gpu", 64, 60)
    assert config.experimental_configs[ADAPTERS] == {"finance": str(home.models / "finance-adapter")}
    assert config.lora_config is None


def test_without_adapters_nothing_is_told_of_them(home):
    model = served(home, "general", "base")
    assert "enable_lora" not in engine_kwargs(model, "gpu")
    assert ADAPTERS not in llm_config(model, "cpu", 64, 60).experimental_configs


def test_vllm_gets_the_adapters_as_its_own_servers_command_line_would_give_them(monkeypatch):
    vllm_engine = pytest.importorskip("appliance.serving.vllm_engine")
    monkeypatch.setattr(
        vllm_engine.VLLMEngine,
        "_prepare_engine_config",
        lambda _self, _context: (SimpleNamespace(), SimpleNamespace(lora_modules=None), SimpleNamespace()),
    )
    engine = object.__new__(vllm_engine.Engine)
    engine.llm_config = SimpleNamespace(experimental_configs={ADAPTERS: {"finance": "/models/finance-adapter"}})
    _arguments, frontend, _config = engine._prepare_engine_config(None)
    (adapter,) = frontend.lora_modules
    assert (adapter.name, adapter.path) == ("finance", "/models/finance-adapter")
    engine.llm_config = SimpleNamespace(experimental_configs={})
    assert engine._prepare_engine_config(None)[1].lora_modules is None
