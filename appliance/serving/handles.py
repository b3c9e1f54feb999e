"""Deployment handles of everything the gateway and the scenarios call, looked up once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from appliance.core.errors import NotFound, Unavailable
from appliance.scenario.actions import Caller
from appliance.serving.generation import ApplicationGone, Place, StreamedCall, from_serve, model_handle
from appliance.serving.ledger_app import LEDGER_APPLICATION, LEDGER_DEPLOYMENT
from appliance.serving.ledger_channel import CallFailed, LedgerChannel, NotCarried, ReplyLost
from appliance.serving.ledger_frames import METHODS, REPEATABLE
from appliance.serving.names import (
    EMBEDDER_ALIAS,
    EMBEDDER_APPLICATION,
    EMBEDDER_DEPLOYMENT,
    KNOWLEDGE_APPLICATION,
    KNOWLEDGE_DEPLOYMENT,
    SCENARIO_DEPLOYMENT,
    model_alias,
    scenario_application,
)
from appliance.serving.routing import ServedView, unwritten
from appliance.serving.seats import Seats
from appliance.serving.waking import Waking, has_no_replica
from appliance.state.served import Slot, Variant

Result = TypeVar("Result")


async def answer_of(response: Awaitable[Result], target: str) -> Result:
    """Await a call by handle. What Serve or Ray raises becomes one of our errors; ours come through as they are."""
    try:
        return await response
    except (RayServeException, RayError) as error:
        raise from_serve(error, target) from error


class Handles:
    """Handles by name; a handle stays good when its deployment is updated or its replicas are replaced.

    `most` says for each alias of a chat model how many requests this process may have there; the others go uncounted.
    `wake_timeouts` has the aliases of models that may sleep, and how many seconds a request waits for one to wake.
    """

    def __init__(
        self,
        most: Mapping[str, int] = MappingProxyType({}),
        wake_timeouts: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self._most = dict(most)
        self._wake_timeouts = dict(wake_timeouts)
        self._seats: dict[str, Seats] = {}
        self._models: dict[str, DeploymentHandle] = {}
        self._others: dict[str, DeploymentHandle] = {}
        self.channel: LedgerChannel | None = None
        """The ledger's socket; None: it is called by handle."""
        self.served: ServedView | None = None
        """What serves each alias; None: the application that every start begins with."""

    def __reduce__(self) -> tuple[type["Handles"], tuple[dict[str, int], dict[str, float]]]:
        """Pickle as it was made: Serve looks through a deployment's arguments when they are in use already."""
        return Handles, (self._most, self._wake_timeouts)

    def handle(self, application: str) -> DeploymentHandle:
        """Return the streaming handle of a chat model's application. Raises `ApplicationGone`."""
        if application not in self._models:
            self._models[application] = model_handle(application)
        return self._models[application]

    def seats(self, application: str) -> Seats | None:
        """Return the places of a chat model's application, which may answer for several aliases."""
        if application not in self._seats and (most := self._most.get(model_alias(application))) is not None:
            self._seats[application] = Seats(most)
        return self._seats.get(application)

    def waking(self, application: str) -> Waking | None:
        """Return how long a request waits for a chat model's application to wake; None: it does not sleep."""
        timeout_s = self._wake_timeouts.get(model_alias(application))
        return None if timeout_s is None else Waking(application, timeout_s)

    async def asleep(self, alias: str) -> bool:
        """Return whether a model that may sleep has no replica now. Raises as `ServedView.choose`."""
        waking = self.waking(self.choose(alias, "", "", "stable").application)
        return waking is not None and await has_no_replica(waking.application)

    def choose(self, alias: str, tenant: str, request_id: str, slot: Slot | None = None) -> Variant:
        """Return the version that a request goes to. Raises as `ServedView.choose`."""
        if self.served is None:
            return unwritten(alias)
        return self.served.choose(alias, tenant, request_id, slot)

    def route(self, alias: str, tenant: str, request_id: str, slot: Slot | None = None) -> "ModelRoute":
        """Return where a request for a chat model goes, for each attempt to send it."""
        return ModelRoute(self, alias, tenant, request_id, slot)

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
        """Call a method of the ledger: by its socket where it listens on this machine, else by handle.

        Raises what the ledger raises, and `Unavailable`; a call may have been done all the same then.
        """
        if self.channel is not None and method in METHODS:
            try:
                return await self.channel.call(method, *arguments)
            except NotCarried:
                pass
            except ReplyLost as error:
                if method not in REPEATABLE:
                    raise from_serve(error, "ledger") from error
            except CallFailed as error:
                raise from_serve(error, "ledger") from error
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

    def scenario_socket(self, name: str, socket: str, caller: Caller, parameters: Mapping[str, str]) -> StreamedCall:
        """Return the call that runs the events of a socket's connection; it is not sent before its `first`."""
        handle = self._other(SCENARIO_DEPLOYMENT, scenario_application(name)).options(stream=True)
        return StreamedCall(lambda: handle.listen.remote(socket, caller, parameters), name)

    async def canary(self, alias: str, timeout_s: float) -> None:
        """Let the model generate one token. Raises `Unavailable`, also when it takes longer than `timeout_s`."""
        try:
            handle = self.handle(self.choose(alias, "", "", "stable").application)
        except ApplicationGone as error:
            raise from_serve(error, alias) from error
        response = handle.options(stream=False).canary.remote()
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


class ModelRoute:
    """`generation.Route` of one request."""

    def __init__(self, handles: Handles, alias: str, tenant: str, request_id: str, slot: Slot | None) -> None:
        self._handles = handles
        self._asked = (alias, tenant, request_id, slot)

    def choose(self) -> Variant:
        """Return the version that the request goes to now. Raises as `ServedView.choose`."""
        return self._handles.choose(*self._asked)

    async def chosen(self) -> Variant:
        """Return what `choose` does; what is not known here may have begun to serve since the last look."""
        try:
            return self.choose()
        except (NotFound, Unavailable):
            await self.look_again()
            return self.choose()

    def place(self) -> Place:
        """Return where the request goes now."""
        variant = self.choose()
        served = self._handles.served
        ended = None if served is None or not variant.package else served.ended(variant.application)
        label = variant.label if variant.package else ""
        application = variant.application
        handle, seats = self._handles.handle(application), self._handles.seats(application)
        return Place(handle, label, ended, seats, self._handles.waking(application))

    async def look_again(self) -> None:
        """Read what is served, where that can be read: the request is sent again either way."""
        if self._handles.served is not None:
            with contextlib.suppress(Unavailable):
                await self._handles.served.refresh()
