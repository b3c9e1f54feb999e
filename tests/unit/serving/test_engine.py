"""One model package, two kinds of hardware: what the engine is told."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.cluster.node import ENGINE_PLACE
from appliance.config.scaling import PlacementSettings, ScalingSettings
from appliance.config.site import EngineSettings, ModelSettings, SiteConfig
from appliance.serving.deploy import model_app
from appliance.serving.engine import WORKER_INSIDE, ChatModel, engine_kwargs, llm_config

CARD = {"CPU": 1, "GPU": 1, ENGINE_PLACE: 1}


def model(scaling=None, labels=None, routing="balanced", replicas=1, **engine):
    settings = ModelSettings(
        package="base", replicas=replicas, scaling=scaling, placement=PlacementSettings(labels=labels or {}),
        routing=routing, engine=EngineSettings(**engine),
    )  # fmt: skip
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


def test_numbers_are_those_of_the_package_unless_the_site_says_otherwise():
    assert engine_kwargs(model(), "cpu")["dtype"] == "bfloat16"
    assert engine_kwargs(model(dtype="float32"), "cpu")["dtype"] == "float32"


def test_a_batch_on_processors_is_short_and_holds_each_sequence():
    assert engine_kwargs(model(), "cpu")["max_num_batched_tokens"] == 256
    assert engine_kwargs(model(max_num_seqs=300), "cpu")["max_num_batched_tokens"] == 300
    assert "max_num_batched_tokens" not in engine_kwargs(model(), "gpu")


@pytest.mark.parametrize("scaling", [None, ScalingSettings(max_replicas=3)])
def test_every_engine_tells_what_it_carries(scaling):
    assert engine_kwargs(model(scaling=scaling), "cpu")["disable_log_stats"] is False


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
    assert config.placement_group_config["bundles"] == [{"CPU": 1, ENGINE_PLACE: 1}]
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
    assert config.placement_group_config == {"bundle_per_worker": CARD, "strategy": "STRICT_PACK"}
    assert config.engine_kwargs["tensor_parallel_size"] == 4
    assert config.engine_kwargs["gpu_memory_utilization"] == 0.8
    assert config.runtime_env is None
    assert config.experimental_configs[WORKER_INSIDE] is False
    assert config.deployment_config["num_replicas"] == 2
    engine = config.get_engine_config()
    assert engine.placement_bundles == [CARD] * 4
    assert engine.get_initialization_kwargs()["distributed_executor_backend"] == "ray"


def test_on_one_card_ray_itself_chooses_how_the_worker_runs():
    assert llm_config(model(), "gpu", 4, 600).get_engine_config().get_initialization_kwargs()


def test_a_pipeline_may_cross_nodes_with_a_bundle_for_each_card():
    config = llm_config(model(tensor_parallel_size=4, pipeline_parallel_size=2), "gpu", 64, 600)
    assert config.engine_kwargs["pipeline_parallel_size"] == 2
    engine = config.get_engine_config()
    assert engine.placement_bundles == [CARD] * 8
    assert engine.placement_strategy == "PACK"


def test_a_fixed_number_asks_for_no_labels_and_no_router():
    config = llm_config(model(replicas=2), "gpu", 4, 600)
    asked = set(config.deployment_config)
    assert not asked & {"autoscaling_config", "placement_group_bundle_label_selector", "request_router_config"}


@pytest.fixture
def no_cluster(monkeypatch):
    """Serve asks the driver's runtime environment while it puts a deployment together."""
    monkeypatch.setattr("ray.get_runtime_context", lambda: SimpleNamespace(runtime_env={}))


@pytest.mark.usefixtures("no_cluster")
def test_serve_takes_scaling_labels_and_router():
    asked = model(scaling=ScalingSettings(min_replicas=0, max_replicas=3), labels={"vendor": "nvidia"},
                  routing="prefix", tensor_parallel_size=2)  # fmt: skip
    deployment = model_app(asked, SiteConfig(), "gpu", 64)._bound_deployment
    scaling = deployment._deployment_config.autoscaling_config
    assert (scaling.min_replicas, scaling.max_replicas) == (0, 3)
    assert scaling.policy.policy_function == "appliance.serving.scaling:ScalingPolicy"
    replica = deployment._replica_config
    assert len(replica.placement_group_bundles) == 2
    assert replica.placement_group_bundle_label_selector == [{"vendor": "nvidia"}] * 2
    router = deployment._deployment_config.request_router_config
    assert router.request_router_class == "appliance.serving.prefix_router:PrefixRouter"
    assert router.request_router_kwargs == {"spread": 16}
