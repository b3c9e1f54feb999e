"""A scenario as a Serve deployment: its pack, run with clients that call the other deployments."""

from pathlib import Path
from typing import Any

from appliance.config.home import Home
from appliance.core.messages import speaking
from appliance.scenario.pack import Caller, ScenarioContext, invoke
from appliance.scenario.places import find_pack
from appliance.serving.clients import HandleChat, Spent
from appliance.serving.handles import Handles

_CHAT_ALIAS = "general"


class HandleKnowledge:
    """`KnowledgeSearch` over the knowledge service."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    async def search(self, base: str, query: str, k: int) -> list[dict[str, Any]]:
        """Return the `k` best passages. Raises `NotFound`, `InvalidRequest`, `Unavailable`."""
        passages: list[dict[str, Any]] = await self._handles.knowledge("search", base, query, k)
        return passages

    async def answer(self, base: str, question: str, max_citations: int = 3) -> dict[str, Any]:
        """Return an extractive answer. Raises as `search` does."""
        answer: dict[str, Any] = await self._handles.knowledge("answer", base, question, max_citations)
        return answer


class Scenario:
    """One replica of a scenario."""

    def __init__(self, home: str, name: str, languages: dict[str, tuple[str, ...]]) -> None:
        pack = find_pack(Home(Path(home)), name)
        handles = Handles()
        self._spent = Spent()
        context = ScenarioContext(
            chat=HandleChat(handles, _CHAT_ALIAS, self._spent),
            chat_languages=languages.get(_CHAT_ALIAS, ()),
            knowledge=HandleKnowledge(handles),
        )
        self._actions = {action.name: action for action in pack.actions(context)}

    async def invoke(self, action: str, payload: Any, caller: dict[str, str]) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Run an action; return `{"reply", "tokens"}`, tokens by model alias as [prompt, completion].

        Raises `InvalidRequest`, which names the field, and what the action raises.
        """
        with speaking(caller["language"]):
            tokens = self._spent.begin()
            reply = await invoke(self._actions[action], payload, Caller(caller["tenant"], caller["language"]))
            return {"reply": reply, "tokens": tokens}
