"""`ray.serve.llm`'s server around the engine's DOUBLE: for benchmarks only."""

from instant_engine import InstantEngine
from ray.llm._internal.serve.core.server.llm_server import LLMServer


class InstantServer(LLMServer):  # type: ignore[misc]
    """Its own server with an engine that answers at once."""

    _default_engine_cls = InstantEngine

    async def _start_engine(self) -> None:
        await self.engine.start()  # without the report of what is deployed, which no gateway needs
