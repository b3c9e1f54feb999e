"""A scenario as a Serve deployment: its pack, run with clients that call the other deployments."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.core.messages import set_language, speaking
from appliance.scenario.actions import DONE, Caller, invoke, stream
from appliance.scenario.pack import ChatFacts, ScenarioContext
from appliance.scenario.places import find_pack
from appliance.serving.clients import HandleChat, Spent
from appliance.serving.embedders import RemoteEmbedder
from appliance.serving.handles import Handles
from appliance.serving.scenario_services import HandleKnowledge, StoredRecords
from appliance.state.database import Database, sqlite_url
from appliance.state.records import RecordRows

_CHAT_ALIAS = "general"


class Scenario:
    """One replica of a scenario."""

    def __init__(self, home: str, name: str, chat: Mapping[str, ChatFacts], database_url: str | None = None) -> None:
        folders = Home(Path(home))
        pack = find_pack(folders, name)
        database = Database.open(database_url or sqlite_url(folders.database))
        handles = Handles()
        self._spent = Spent()
        model = chat.get(_CHAT_ALIAS, ChatFacts())
        context = ScenarioContext(
            chat=HandleChat(handles, _CHAT_ALIAS, self._spent),
            chat_languages=model.languages,
            chat_parameters=model.parameters,
            knowledge=HandleKnowledge(handles),
            records=StoredRecords(RecordRows(database, name)),
            embedder=RemoteEmbedder(asyncio.get_event_loop(), handles),
        )
        self._actions = {action.name: action for action in pack.actions(context)}

    async def invoke(
        self,
        action: str,
        payload: Any,  # noqa: ANN401 - JSON
        caller: Caller,
        parameters: Mapping[str, str],
    ) -> dict[str, Any]:
        """Run an action; return `{"reply", "tokens"}`, tokens by model alias as [prompt, completion].

        Raises `InvalidRequest`, which names the field, and what the action raises.
        """
        with speaking(caller.language):
            tokens = self._spent.begin()
            reply = await invoke(self._actions[action], payload, caller, parameters)
            return {"reply": reply, "tokens": tokens}

    async def stream(
        self,
        action: str,
        payload: Any,  # noqa: ANN401 - JSON
        caller: Caller,
        parameters: Mapping[str, str],
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Run an action for its events: yield `{"event", "data"}`, with `done` the `tokens` too. Raises as `invoke`."""
        set_language(caller.language)  # of this task alone: Serve runs each request in one of its own
        tokens = self._spent.begin()
        async with aclosing(stream(self._actions[action], payload, caller, parameters)) as events:
            async for name, data in events:
                yield {"event": name, "data": data, **({"tokens": tokens} if name == DONE else {})}
