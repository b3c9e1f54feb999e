"""What a scenario pack is: actions with typed requests and answers, and the context that they run in.

A pack's `app.py` has one function, `create(context) -> Sequence[Action]`. It is called to describe the pack too, so it
must only make the actions; the context's clients are used while an action runs.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from appliance.core.protocols import ChatClient
from appliance.core.validation import invalid_request


class KnowledgeSearch(Protocol):
    """The knowledge bases, as a scenario may use them; results are models of `appliance.knowledge.models`, dumped."""

    async def search(self, base: str, query: str, k: int) -> list[dict[str, Any]]:
        """Return up to `k` dumped `Passage`, best first. Raises `NotFound`, `InvalidRequest`, `Unavailable`."""
        ...

    async def answer(self, base: str, question: str, max_citations: int = 3) -> dict[str, Any]:
        """Return a dumped `Answer`: quoted sentences, or a refusal. Raises as `search` does."""
        ...


@dataclass(frozen=True)
class ScenarioContext:
    """What an action may call. `chat_languages` are those that the chat model's card names, such as `en`."""

    chat: ChatClient
    chat_languages: tuple[str, ...]
    knowledge: KnowledgeSearch


@dataclass(frozen=True)
class Caller:
    """Who asks: the tenant of the key, and the language (`en` or `zh_CN`) of what the appliance itself says."""

    tenant: str
    language: str


_REFERENCE = "#/components/schemas/{model}"  # where an OpenAPI document keeps the schemas of parts
Run = Callable[[Any, Caller], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Action:
    """One thing a scenario does: `POST /v1/scenarios/<pack>/<name>`."""

    name: str
    summary: str
    request: type[BaseModel]
    response: type[BaseModel]
    run: Run

    def describe(self) -> dict[str, Any]:
        """Return the summary and the JSON schemas of request and response."""
        return {
            "summary": self.summary,
            "request": self.request.model_json_schema(ref_template=_REFERENCE),
            "response": self.response.model_json_schema(mode="serialization", ref_template=_REFERENCE),
        }


@dataclass(frozen=True)
class SampleBase:
    """A knowledge base that the pack fills with its own documents at the first start."""

    name: str
    title: str
    folder: Path


@dataclass(frozen=True)
class ScenarioPack:
    """A loaded pack. Texts are by language, `en` and `zh_CN`; `smoke` are (action, payload) that `up` tries."""

    name: str
    version: str
    title: Mapping[str, str]
    description: Mapping[str, str]
    folder: Path
    models: tuple[str, ...]
    sample_bases: tuple[SampleBase, ...]
    smoke: tuple[tuple[str, Mapping[str, Any]], ...]
    create: Callable[[ScenarioContext], Sequence[Action]] = field(repr=False)

    def actions(self, context: ScenarioContext) -> tuple[Action, ...]:
        """Return the pack's actions, bound to `context`."""
        return tuple(self.create(context))

    def describe(self) -> dict[str, Any]:
        """Return what `GET /v1/scenarios` and the OpenAPI document show, as plain values."""
        return {
            "name": self.name,
            "version": self.version,
            "title": dict(self.title),
            "description": dict(self.description),
            "actions": {action.name: action.describe() for action in self.actions(_NOBODY)},
        }


class _Nobody:
    """Stands in for clients while a pack is only described; any use is a fault of the pack."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it never returns
        raise AttributeError(f"create() must not use the context ({name}); only a running action may")


_NOBODY = ScenarioContext(chat=_Nobody(), chat_languages=(), knowledge=_Nobody())


async def invoke(action: Action, payload: object, caller: Caller) -> dict[str, Any]:
    """Check `payload`, run the action and return its answer as plain values.

    Raises `InvalidRequest`, whose `param` is the dotted name of the first field at fault, and what the action raises.
    """
    try:
        request = action.request.model_validate(payload, strict=True)
    except ValidationError as error:
        raise invalid_request(error, payload) from error
    answer = await action.run(request, caller)
    return answer.model_dump(mode="json")
