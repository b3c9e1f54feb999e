"""A scenario as a Serve deployment: its pack, run with clients that call the other deployments."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import BaseModel

from appliance.config.governing import ReviewSettings
from appliance.config.home import Home
from appliance.config.site import GuardrailSettings
from appliance.core.errors import ApplianceError
from appliance.core.messages import set_language, speaking
from appliance.guardrails.chain import Chain
from appliance.guardrails.policy import policy_for
from appliance.scenario.actions import DONE, Action, Caller, Event, events_of, perform
from appliance.scenario.downloads import Download
from appliance.scenario.pack import ChatFacts, ScenarioContext
from appliance.scenario.places import find_pack
from appliance.scenario.said import Said
from appliance.scenario.sockets import socket_events
from appliance.serving.action_runs import ActionRun, ActionRuns
from appliance.serving.clients import HandleChat
from appliance.serving.embedders import QueryEmbedder, RemoteEmbedder
from appliance.serving.generation import from_serve
from appliance.serving.handles import Handles
from appliance.serving.routing import ServedView
from appliance.serving.scenario_services import HandleKnowledge, RunFacts, StoredRecords, StoredReviews
from appliance.serving.scenario_tasks import RayTasks
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from appliance.state.reviews import Reviews
from appliance.state.secret_files import load_or_create_pepper
from appliance.state.served import Served

log: structlog.stdlib.BoundLogger = structlog.get_logger("scenario")

_CHAT_ALIAS = "general"
_DEFAULTS = GuardrailSettings()
_REVIEWING = ReviewSettings()
_EMBEDDER_THREADS = 1  # for the guardrails: the engine needs the cores more
_LOOK_AGAIN_S = 10.0


class Scenario:
    """One replica of a scenario."""

    def __init__(
        self,
        home: str,
        name: str,
        chat: Mapping[str, ChatFacts],
        database_url: str | None = None,
        guardrails: GuardrailSettings = _DEFAULTS,
        waking: Mapping[str, float] = MappingProxyType({}),
        suite: str = "international",
        reviews: ReviewSettings = _REVIEWING,
        label_producer: str | None = None,
    ) -> None:
        folders = Home(Path(home))
        self._name = name
        pack = find_pack(folders, name)
        database = Database.open(database_url or sqlite_url(folders.database))
        handles = Handles(wake_timeouts=waking)
        handles.served = ServedView(Served(database))
        handles.served.take(handles.served.load())
        self._chain, slowly = load_chain(guardrails)
        self._runs = ActionRuns(self._chain, slowly=slowly)
        model = chat.get(_CHAT_ALIAS, ChatFacts())
        queue = Reviews(database, folders.review_keys, suite, keep=timedelta(days=reviews.keep_days))
        context = ScenarioContext(
            chat=HandleChat(handles, _CHAT_ALIAS, self._runs, load_or_create_pepper(folders.pepper_file)),
            chat_languages=model.languages,
            chat_parameters=model.parameters,
            knowledge=HandleKnowledge(handles, self._runs),
            records=StoredRecords(RecordRows(database, name)),
            facts=RunFacts(self._runs),
            embedder=RemoteEmbedder(asyncio.get_event_loop(), handles, ask=True),
            own_files=folders.root / name,
            tasks=RayTasks(home, name),
            reviews=StoredReviews(queue, name),
            label_producer=label_producer,
        )
        actions, sockets = pack.made(context)
        messages = [socket.message for socket in sockets if socket.message is not None]
        self._actions = {action.name: action for action in (*messages, *actions)}
        self._sockets = {socket.name: socket for socket in sockets}
        loop = asyncio.get_event_loop()
        looking = loop.create_task(look_after(self._chain))
        self._looking = looking, loop.create_task(handles.served.follow_for_ever())  # what nothing holds is collected

    async def invoke(
        self,
        action: str,
        payload: Any,  # noqa: ANN401 - JSON
        caller: Caller,
        parameters: Mapping[str, str],
    ) -> dict[str, Any]:
        """Run an action; return `{"reply", "tokens", "findings", "generated"}`.

        Tokens are by model alias as [prompt, completion], findings what the guardrails found; `generated` tells
        whether the reply holds a model's words. Raises `InvalidRequest`, which names the field, what the action raises,
        and what its checks do (`Said.answer`); findings and tokens are then in the error's `for_records`. The reply of
        an action that answers with a file has its `filename`, `media_type` and, as bytes, its `content`.
        """
        chosen = self._actions[action]
        with speaking(caller.language):
            run = self._begin(caller)
            with self._recording(run):
                answer = await perform(chosen, payload, caller, parameters)
                reply = await _shown(Said(chosen, run.facts, run.said), answer)
            return {"reply": reply, "findings": run.found_since(), **_end(chosen, answer, run)}

    async def stream(
        self,
        action: str,
        payload: Any,  # noqa: ANN401 - JSON
        caller: Caller,
        parameters: Mapping[str, str],
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Run an action for its events: yield `{"event", "data", "findings"}`, with `done` the rest of `invoke` too.

        `findings` are those since the event before. Raises as `invoke`.
        """
        chosen = self._actions[action]
        async with aclosing(
            self._told(chosen, events_of(chosen, payload, caller, parameters), caller, live=False)
        ) as items:
            async for item in items:
                yield item

    async def listen(
        self, socket: str, caller: Caller, parameters: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Run the events of a socket's connection: as `stream`, each event at once, and perhaps for ever.

        Each has `tokens` and `generated` until now, and `at`, when it left, by this machine's monotonic clock.
        """
        chosen = self._sockets[socket]
        async with aclosing(
            self._told(chosen.listening, socket_events(chosen, caller, parameters), caller, live=True)
        ) as items:
            async for item in items:
                yield item

    async def _told(
        self, chosen: Action, made: AsyncGenerator[Event, None], caller: Caller, *, live: bool
    ) -> AsyncGenerator[dict[str, Any], None]:
        set_language(caller.language)  # of this task alone: Serve runs each request in one of its own
        run = self._begin(caller)
        said = Said(chosen, run.facts, run.said, live=live)
        async with aclosing(made) as events:
            with self._recording(run):
                async for name, data in events:
                    end = _end(chosen, data, run) if name == DONE else {}
                    if live:  # any event may be the last
                        end = {"tokens": run.tokens, "generated": bool(run.tokens), "at": time.monotonic()}
                    for event, shown in await said.events(name, data.model_dump(mode="json")):
                        told = end if live or event == DONE else {}
                        yield {"event": event, "data": shown, "findings": run.found_since(), **told}
                        self._runs.enter(run)

    def _begin(self, caller: Caller) -> ActionRun:
        return self._runs.begin(caller.tenant, caller.principal.priority)

    @contextmanager
    def _recording(self, run: ActionRun) -> Iterator[None]:
        """Let what ends an action take along what its run found and used: the records of the request say that too."""
        try:
            yield
        except ApplianceError as error:
            run.failed(error)
            raise
        except Exception as error:  # a plug-in's own code: whatever it raises ends its request alone
            raise run.failed(from_serve(error, self._name)) from error


async def _shown(said: Said, answer: BaseModel) -> dict[str, Any]:
    """Return an answer as it may leave. Raises as `Said.answer`, and `InvalidRequest` for a file that is too large."""
    if isinstance(answer, Download):
        answer.check_size()
        return answer.model_dump()
    return await said.answer(answer.model_dump(mode="json"))


def load_chain(settings: GuardrailSettings) -> tuple[Chain, bool]:
    """Load the guardrails; the second value tells whether they embed what they read. Raises as `Chain`."""
    policies = [policy_for(settings, tenant) for tenant in (None, *settings.tenants)]
    classifies = any(policy.enabled and policy.classifier != "off" for policy in policies)
    return Chain(settings, QueryEmbedder(_EMBEDDER_THREADS) if classifies else None), classifies


async def look_after(chain: Chain) -> None:
    """Take over lexicon files that change, for ever."""
    while True:
        await asyncio.sleep(_LOOK_AGAIN_S)
        try:
            await asyncio.to_thread(chain.refresh)
        except ApplianceError as error:
            log.warning("looking after failed", code=error.code)


def _end(action: Action, answer: BaseModel, run: ActionRun) -> dict[str, Any]:
    return {"tokens": run.tokens, "generated": action.holds_generated(answer, asked=bool(run.tokens))}
