"""vLLM behind `ray.serve.llm`, with one process less where one processor serves the model."""

from typing import Any

from ray.llm._internal.serve.engines.vllm.vllm_engine import VLLMEngine


class Engine(VLLMEngine):  # type: ignore[misc]
    """`VLLMEngine` that runs the worker inside the engine's process on a single CPU device.

    Ray Serve LLM always asks for the multi-process executor on CPU; vLLM's own server does not, and without it each
    step saves a hop between two processes.
    """

    def _prepare_engine_config(self, callback_ctx: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 - Ray's and vLLM's types
        arguments, frontend, config = super()._prepare_engine_config(callback_ctx)
        parallel = config.parallel_config
        if parallel.world_size == 1 and parallel.distributed_executor_backend == "mp":
            parallel.distributed_executor_backend = "uni"
            arguments.distributed_executor_backend = "uni"
        return arguments, frontend, config
