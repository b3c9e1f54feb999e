"""vLLM's worker on processors, mended for seeds: `worker_cls` of each engine there (`serving.engine`).

A long prompt is read in several batches, and what is sampled after all but the last of them is thrown away. vLLM then
winds the request's random numbers back by an offset, which only generators on cards have; on processors the engine
ended, with every answer in it. See `GPUModelRunner._bookkeeping_sync` of vLLM 0.32.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from vllm.v1.worker.cpu_worker import CPUWorker

if TYPE_CHECKING:
    from collections.abc import Callable


class SeededWorker(CPUWorker):  # type: ignore[misc]
    """`CPUWorker` that bears a seed beside a prompt that takes more than one batch."""

    def init_device(self) -> None:
        """Make the model's runner, and put the mended step in its place."""
        super().init_device()
        runner: Any = self.model_runner
        runner._bookkeeping_sync = partial(_bookkeeping, runner, runner._bookkeeping_sync)


def _bookkeeping(runner: Any, step: "Callable[..., Any]", *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - vLLM's
    """Do `step` without generators whose sample is thrown away: nothing of theirs was kept yet, so they begin anew."""
    generators = runner.input_batch.generators
    thrown_away = set(np.nonzero(runner.discard_request_mask.np[: runner.input_batch.num_reqs])[0].tolist())
    for index in thrown_away & generators.keys():
        generators[index].manual_seed(generators[index].initial_seed())
    runner.input_batch.generators = {index: one for index, one in generators.items() if index not in thrown_away}
    try:
        return step(*arguments, **named)
    finally:
        runner.input_batch.generators = generators
