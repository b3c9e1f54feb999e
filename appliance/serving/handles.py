"""Deployment handles of everything the gateway and the scenarios call, looked up once."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Literal, TypeVar

from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from appliance.scenario.actions import Caller
from appliance.serving.generation import StreamedCall, from_serve, model_handle
from appliance.serving.ledger_app import LEDGER_APPLICATION, LEDGER_DEPLOYMENT
from appliance.serving.names import (
    EMBEDDER_ALIAS,
    EMBEDDER_APPLICATION,
    EMBEDDER_DEPLOYMENT,
    KNOWLEDGE_APPLICATION,
    KNOWLEDGE_DEPLOYMENT,
    SCENARIO_DEPLOYMENT,
    scenario_application,
)

Result = TypeVar("Result")


async def answer_of(response: Awaitable[Result], target: str) -> Result:
    """Await a call by handle. What Serve or Ray raises becomes one of our errors; ours come through as they are."""
    try:
        return await response
    except (RayServeException, RayError) as error:
        raise from_serve(error, target) from error


class Handles:
    """Handles by name; a handle stays good when its deployment is updated or its replicas are replaced."""

    def __init__(self) -> None:
        self._models: dict[str, DeploymentHandle] = {}
        self._others: dict[str, DeploymentHandle] = {}

    def handle(self, alias: str) -> DeploymentHandle:
        """Return the streaming handle of a chat model."""
        if alias not in self._models:
            self._models[alias] = model_handle(alias)
        return self._models[alias]

    async def embed(self, texts: list[str], kind: Literal["query", "passage"]) -> dict[str, Any]:
        """Return `{"vectors": float32 (len(texts), dimensions), "tokens": [int]}` from the embedder."""
        handle = self._other(EMBEDDER_DEPLOYMENT, EMBEDDER_APPLICATION)
        reply: dict[str, Any] = await answer_of(handle.embed.remote(texts, kind), EMBEDDER_ALIAS)
        return reply

    async def knowledge(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call a method of the knowledge service."""
        handle = self._other(KNOWLEDGE_DEPLOYMENT, KNOWLEDGE_APPLICATION)
        return await answer_of(getattr(handle, method).remote(*arguments), "knowledge")

    async def ledger(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call a method of the ledger."""
        handle = self._other(LEDGER_DEPLOYMENT, LEDGER_APPLICATION)
        return await answer_of(getattr(handle, method).remote(*arguments), "ledger")

    async def scenario(
        self, name: str, action: str, payload: object, caller: Caller, parameters: Mapping[str, str]
    ) -> dict[str, Any]:
        """Run an action of a scenario; `parameters` are those of path and query."""
        handle = self._other(SCENARIO_DEPLOYMENT, scenario_application(name))
        reply: dict[str, Any] = await answer_of(handle.invoke.remote(action, payload, caller, parameters), name)
        return reply

    def scenario_stream(
        self,
        name: str,
        action: str,
        payload: object,
        caller: Caller,
        parameters: Mapping[str, str],
        timeout_s: float | None = None,
    ) -> StreamedCall:
        """Return the call that runs an action of a scenario for its events; it is not sent before its `first`."""
        handle = self._other(SCENARIO_DEPLOYMENT, scenario_application(name)).options(stream=True)
        return StreamedCall(lambda: handle.stream.remote(action, payload, caller, parameters), name, timeout_s)

    async def canary(self, alias: str, timeout_s: float) -> None:
        """Let the model generate one token. Raises `Unavailable`, also when it takes longer than `timeout_s`."""
        response = self.handle(alias).options(stream=False).canary.remote()
        try:
            await asyncio.wait_for(answer_of(response, alias), timeout_s)
        except TimeoutError as error:
            response.cancel()
            raise from_serve(error, alias) from error

    def _other(self, deployment: str, application: str) -> DeploymentHandle:
        if application not in self._others:
            from ray import serve

            self._others[application] = serve.get_deployment_handle(deployment, application)
        return self._others[application]
