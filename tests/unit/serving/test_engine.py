"""One model package, two kinds of hardware: what the engine is told."""

from pathlib import Path

import pytest

from appliance.config.site import EngineSettings, ModelSettings
from appliance.serving.engine import WORKER_INSIDE, ChatModel, engine_kwargs, llm_config


def model(**engine):
    settings = ModelSettings(package="base", replicas=engine.pop("replicas", 1), engine=EngineSettings(**engine))
    return ChatModel(
        alias="general",
        package="base",
        folder=Path("/models/base"),
        context_length=8192,
        languages=("en",),
        parameters=135_000_000,
        chat_template=Path("/models/base/chat_template.jinja"),
        dtype="bfloat16",
        settings=settings,
    )


@pytest.mark.parametrize("accelerator", ["cpu", "gpu"])
def test_safe_settings_hold_on_both(accelerator):
    arguments = engine_kwargs(model(), accelerator)
    assert arguments["load_format"] == "safetensors"
    assert arguments["trust_remote_code"] is False
    assert arguments["trust_request_chat_template"] is False
    assert arguments["chat_template"] == "/models/base/chat_template.jinja"
    assert arguments["enforce_eager"] is True
    assert arguments["tool_strict_level"] == "parameter"
    assert arguments["scheduling_policy"] == "priority"


def test_the_context_is_never_longer_than_the_models_own():
    assert model(max_model_len=100_000).max_model_len == 8192
    assert model(max_model_len=2048).max_model_len == 2048
    assert model().max_model_len == 8192


def test_without_a_tool_parser_there_is_no_automatic_tool_choice():
    arguments = engine_kwargs(model(tool_call_parser=None), "cpu")
    assert "enable_auto_tool_choice" not in arguments


def test_on_cpu():
    config = llm_config(model(kv_cache_gib=3, max_num_seqs=16, max_queued_requests=5), "cpu", 64, 77)
    assert config.accelerator_config.kind == "cpu"
    assert config.placement_group_config["bundles"] == [{"CPU": 1}]
    assert config.runtime_env == {"env_vars": {"VLLM_CPU_KVCACHE_SPACE": "3"}}
    assert "gpu_memory_utilization" not in config.engine_kwargs
    assert config.experimental_configs[WORKER_INSIDE] is False
    deployment = config.deployment_config
    assert deployment["max_ongoing_requests"] == 16
    assert deployment["max_queued_requests"] > 16 + 5  # all that a sender lets in: never the first to refuse
    assert deployment["graceful_shutdown_timeout_s"] == 77
    assert deployment["health_check_timeout_s"] == 30
    assert config.experimental_configs["stream_batching_interval_ms"] == 0


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (2, "1"), (4, "3")])
def test_on_a_small_cpu_box_no_process_only_waits(cores, threads):
    config = llm_config(model(), "cpu", cores, 600)
    assert config.experimental_configs[WORKER_INSIDE] is True
    assert config.runtime_env["env_vars"]["OMP_NUM_THREADS"] == threads


def test_on_gpu_a_replica_takes_as_many_cards_as_it_spans():
    config = llm_config(model(tensor_parallel_size=4, gpu_memory_utilization=0.8, replicas=2), "gpu", 4, 600)
    assert config.accelerator_config.kind == "gpu"
    assert config.placement_group_config == {"bundle_per_worker": {"CPU": 1, "GPU": 1}, "strategy": "STRICT_PACK"}
    assert config.engine_kwargs["tensor_parallel_size"] == 4
    assert config.engine_kwargs["gpu_memory_utilization"] == 0.8
    assert config.runtime_env is None
    assert config.experimental_configs[WORKER_INSIDE] is False
    assert config.deployment_config["num_replicas"] == 2
    engine = config.get_engine_config()
    assert engine.placement_bundles == [{"CPU": 1, "GPU": 1}] * 4
    assert engine.get_initialization_kwargs()["distributed_executor_backend"] == "ray"
