"""A scenario as a Serve deployment: its pack, run with clients that call the other deployments."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from pydantic import BaseModel

from appliance.config.home import Home
from appliance.config.site import GuardrailSettings
from appliance.core.errors import ApplianceError
from appliance.core.messages import set_language, speaking
from appliance.guardrails.chain import Chain
from appliance.guardrails.policy import policy_for
from appliance.scenario.actions import DONE, Action, Caller, events_of, perform
from appliance.scenario.pack import ChatFacts, ScenarioContext
from appliance.scenario.places import find_pack
from appliance.scenario.said import Said
from appliance.serving.action_runs import ActionRun, ActionRuns
from appliance.serving.clients import HandleChat
from appliance.serving.embedders import QueryEmbedder, RemoteEmbedder
from appliance.serving.generation import from_serve
from appliance.serving.handles import Handles
from appliance.serving.routing import ServedView
from appliance.serving.scenario_services import HandleKnowledge, RunFacts, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows
from appliance.state.secret_files import load_or_create_pepper
from appliance.state.served import Served

log: structlog.stdlib.BoundLogger = structlog.get_logger("scenario")

_CHAT_ALIAS = "general"
_DEFAULTS = GuardrailSettings()
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
        context = ScenarioContext(
            chat=HandleChat(handles, _CHAT_ALIAS, self._runs, load_or_create_pepper(folders.pepper_file)),
            chat_languages=model.languages,
            chat_parameters=model.parameters,
            knowledge=HandleKnowledge(handles, self._runs),
            records=StoredRecords(RecordRows(database, name)),
            facts=RunFacts(self._runs),
            embedder=RemoteEmbedder(asyncio.get_event_loop(), handles),
        )
        self._actions = {action.name: action for action in pack.actions(context)}
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
        and what its checks do (`Said.answer`); findings and tokens are then in the error's `for_records`.
        """
        chosen = self._actions[action]
        with speaking(caller.language):
            run = self._begin(caller)
            with self._recording(run):
                answer = await perform(chosen, payload, caller, parameters)
                reply = await Said(chosen, run.facts, run.said).answer(answer.model_dump(mode="json"))
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
        set_language(caller.language)  # of this task alone: Serve runs each request in one of its own
        chosen = self._actions[action]
        run = self._begin(caller)
        said = Said(chosen, run.facts, run.said)
        async with aclosing(events_of(chosen, payload, caller, parameters)) as events:
            with self._recording(run):
                async for name, data in events:
                    end = _end(chosen, data, run) if name == DONE else {}
                    for event, shown in await said.events(name, data.model_dump(mode="json")):
                        told = end if event == DONE else {}
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
