"""From a model package and the site file to an `LLMConfig`: the same code for CPU and GPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from appliance.catalogue.devices import FEW_CORES
from appliance.catalogue.sizing import CPU_BATCHED_TOKENS
from appliance.config.site import ModelSettings
from appliance.serving.following import count_options
from appliance.serving.placement import node_options, placement_group
from appliance.serving.prefix_options import router_options

if TYPE_CHECKING:
    from ray.serve.llm import LLMConfig

WORKER_INSIDE = "appliance_worker_inside"
"""Key in `experimental_configs`: the worker runs inside the engine's process (`serving.vllm_engine`)."""
ADAPTERS = "appliance_adapters"
"""Key in `experimental_configs`: folder of each adapter by the alias that it answers for (`serving.adapters`)."""
HOME_OF_PATHS = "appliance_home"
"""Key in `experimental_configs`: the home folder that the configuration's paths lie in (`serving.relocation`)."""

HEALTH_CHECK_TIMEOUT_S = 30  # a busy engine is not a dead one
HEALTH_CHECK_PERIOD_S = 5


@dataclass(frozen=True)
class Adapter:
    """A tuned model that an engine serves beside its own: alias, folder in PEFT's format, rank to keep room for."""

    alias: str
    folder: Path
    rank: int


@dataclass(frozen=True)
class ChatModel:
    """A chat model that is to be served behind an alias."""

    alias: str
    package: str
    folder: Path
    context_length: int
    languages: tuple[str, ...]
    parameters: int
    chat_template: Path
    dtype: str
    settings: ModelSettings
    adapters: tuple[Adapter, ...] = ()
    """Tuned models on the same engine."""

    @property
    def max_model_len(self) -> int:
        """Context length that is served, in tokens."""
        return min(self.settings.engine.max_model_len or self.context_length, self.context_length)


def most_at_once(settings: ModelSettings) -> int:
    """Return how many requests one process may have at a model: those that run and those that wait."""
    return settings.most_replicas * settings.engine.max_num_seqs + settings.engine.max_queued_requests


def engine_kwargs(model: ChatModel, accelerator: Literal["cpu", "gpu"]) -> dict[str, Any]:
    """Return vLLM's engine and front-end arguments for `model`."""
    settings = model.settings.engine
    arguments: dict[str, Any] = {
        "load_format": "safetensors",
        "trust_remote_code": False,
        "dtype": settings.dtype or model.dtype,
        "max_model_len": model.max_model_len,
        "max_num_seqs": settings.max_num_seqs,
        "enforce_eager": not settings.compile,
        "enable_prefix_caching": True,
        "tensor_parallel_size": settings.tensor_parallel_size,
        "pipeline_parallel_size": settings.pipeline_parallel_size,
        "disable_log_stats": False,  # each engine tells what it carries (`serving.engine_load`)
        "generation_config": "auto",
        "chat_template": str(model.chat_template),
        "trust_request_chat_template": False,
        "scheduling_policy": "priority",
    }
    if settings.tool_call_parser is not None:
        # Arguments always fit the tool's schema: a small model would not keep to it by itself.
        arguments |= {
            "enable_auto_tool_choice": True,
            "tool_call_parser": settings.tool_call_parser,
            "tool_strict_level": "parameter",
        }
    if model.adapters:
        arguments |= {
            "enable_lora": True,
            "max_loras": len(model.adapters),
            "max_lora_rank": max(adapter.rank for adapter in model.adapters),
        }
    if accelerator == "gpu":
        arguments["gpu_memory_utilization"] = settings.gpu_memory_utilization
    else:
        arguments["max_num_batched_tokens"] = max(CPU_BATCHED_TOKENS, settings.max_num_seqs)
        arguments["worker_cls"] = "appliance.serving.cpu_worker.SeededWorker"
    return arguments


def llm_config(model: ChatModel, accelerator: Literal["cpu", "gpu"], cores: int, stop_timeout_s: float) -> "LLMConfig":
    """Return the configuration of one model's deployment on machines with `cores` processors.

    `stop_timeout_s` is the longest generation: a replica that stops lets running ones finish.
    """
    from ray.serve.llm import LLMConfig

    settings = model.settings
    environment: dict[str, str] = {}
    worker_inside = accelerator == "cpu" and cores <= FEW_CORES and settings.cards == 1
    if worker_inside:
        environment["OMP_NUM_THREADS"] = str(max(1, cores - 1))  # as vLLM itself: one core for everything else
    if accelerator == "cpu":
        environment["VLLM_CPU_KVCACHE_SPACE"] = str(settings.engine.kv_cache_gib)
    experiments: dict[str, Any] = {"stream_batching_interval_ms": 0, WORKER_INSIDE: worker_inside}
    if model.adapters:
        experiments[ADAPTERS] = {adapter.alias: str(adapter.folder) for adapter in model.adapters}
    return LLMConfig(
        model_loading_config={"model_id": model.alias, "model_source": str(model.folder)},
        accelerator_config={"kind": accelerator},
        placement_group_config=placement_group(settings, accelerator),
        runtime_env={"env_vars": environment} if environment else None,
        engine_kwargs=engine_kwargs(model, accelerator),
        experimental_configs=experiments,
        server_cls="appliance.serving.model_server:ModelServer",
        log_engine_metrics=False,
        deployment_config={
            **count_options(settings, accelerator),
            **node_options(settings),
            **router_options(settings),
            "max_ongoing_requests": settings.engine.max_num_seqs,
            # Who sends counts (`serving.seats`); the limit of Serve, for each sender, never refuses first.
            "max_queued_requests": 2 * most_at_once(settings),
            "health_check_timeout_s": HEALTH_CHECK_TIMEOUT_S,
            "health_check_period_s": HEALTH_CHECK_PERIOD_S,
            "graceful_shutdown_timeout_s": stop_timeout_s,
        },
    )
