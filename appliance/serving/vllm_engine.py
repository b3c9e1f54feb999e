"""vLLM behind `ray.serve.llm`: adapters from local folders, and no process that only waits where processors are few."""

from typing import Any

from ray.llm._internal.common.callbacks.base import CallbackBase
from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine

from appliance.serving.engine import ADAPTERS, WORKER_INSIDE
from appliance.serving.engine_load import EngineLoad


class Engine(VLLMEngine):  # type: ignore[misc]
    """`VLLMEngine` whose worker may live inside the engine's process.

    On CPU vLLM always gives the worker a process of its own, and the engine's process spins while it waits for it: on
    two cores half the machine. Its reason, that OpenMP must be set up before the process starts, is met by the
    replica's environment (`serving.engine.llm_config`).

    Adapters are named to vLLM as those of its own server's command line, before the first request: `ray.serve.llm`
    itself fetches them at requests, and only from cloud addresses.
    """

    load: EngineLoad
    """What the engine carries, from its start on."""

    async def start(self) -> None:
        """Start; where there is no placement group, as on CPU, without one and without looking for files elsewhere."""
        if self.llm_config.accelerator_config.kind == "cpu":
            self.llm_config._callback_instance = CallbackBase(self.llm_config, ctx_kwargs={"run_init_node": False})
        await super().start()

    def _start_async_llm_engine(self, *arguments: Any) -> Any:  # noqa: ANN401 - Ray's and vLLM's types
        client = super()._start_async_llm_engine(*arguments)
        self.load = EngineLoad()
        # In place of vLLM's own, for its log and for Prometheus: nobody reads those, and they work at every step.
        client.logger_manager.stat_loggers[:] = [self.load]
        return client

    def _prepare_engine_config(self, callback_ctx: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 - Ray's and vLLM's types
        from vllm.entrypoints.openai.models.protocol import LoRAModulePath

        arguments, frontend, config = super()._prepare_engine_config(callback_ctx)
        if self.llm_config.experimental_configs.get(WORKER_INSIDE):
            config.parallel_config.distributed_executor_backend = "uni"
            arguments.distributed_executor_backend = "uni"
        if adapters := self.llm_config.experimental_configs.get(ADAPTERS):
            frontend.lora_modules = [LoRAModulePath(name=alias, path=path) for alias, path in sorted(adapters.items())]
        return arguments, frontend, config
