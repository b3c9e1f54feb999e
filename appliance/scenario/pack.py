"""What a scenario pack is: its texts, its actions, and the context that they run in.

A pack's `app.py` has one function, `create(context) -> Sequence[Action | Socket]`. It is called to describe the pack
too, so it must only make the actions; the context's clients are used while an action runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.core.authority import Permission
from appliance.core.protocols import ChatClient, Embedder
from appliance.guardrails.verdict import Finding
from appliance.scenario.actions import Action, Caller, Event, check_actions, invoke, stream
from appliance.scenario.checks import CheckFacts, OutputCheck
from appliance.scenario.downloads import Download
from appliance.scenario.reviewing import NoReviews
from appliance.scenario.services import KnowledgeSearch, Records, Reviews, ReviewState, Submission, Tasks
from appliance.scenario.sockets import Socket, check_sockets
from appliance.scenario.tasks import NoTasks, function_in

__all__ = [  # also what packs import from here
    "Action", "Caller", "CheckFacts", "Download", "Event", "Finding", "KnowledgeSearch", "OutputCheck", "Permission",
    "Records", "ReviewState", "Reviews", "SampleBase", "ScenarioContext", "ScenarioPack", "Socket", "Submission",
    "Tasks", "invoke", "stream",
]  # fmt: skip


_CAPABLE = 1_000_000_000  # smaller models get questions about a given text wrong more often than not


@dataclass(frozen=True)
class ChatFacts:
    """What a scenario is told of a chat model: the languages of its card, and its number of parameters."""

    languages: tuple[str, ...] = ()
    parameters: int = 0


@dataclass(frozen=True)
class ScenarioContext:
    """What an action may call. `chat_languages` are those that the chat model's card names, such as `en`, and
    `chat_parameters` is its size. `facts` are what the action's checks go by. `own_files` is the folder with the bank's
    own YAML of this pack, `HOME/<pack name>/`, which a backup holds; it may not exist, and changes while the pack runs.
    `tasks` run functions of the pack in other processes; `reviews` is the queue of the appliance's reviewers.
    `label_producer` is the bank's provider code, for the label of files that hold a model's words; None: no label.

    The embedder computes in another process: call it in a thread, never on the event loop.
    """

    chat: ChatClient
    chat_languages: tuple[str, ...]
    knowledge: KnowledgeSearch
    records: Records
    facts: CheckFacts
    embedder: Embedder | None = None
    chat_parameters: int = 0
    own_files: Path = Path("does-not-exist")
    tasks: Tasks = field(default_factory=NoTasks)
    reviews: Reviews = field(default_factory=NoReviews)
    label_producer: str | None = None

    @property
    def chat_is_capable(self) -> bool:
        """Tell whether the chat model is worth its time where something else answers without it."""
        return self.chat_parameters >= _CAPABLE


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
    create: Callable[[ScenarioContext], Sequence[Action | Socket]] = field(repr=False)
    package: str = ""
    """Name that the pack's modules are imported under in this process."""

    def function(self, address: str) -> Callable[..., Any]:
        """Return the function `module.path:name` of the pack. Raises `ConfigError`."""
        return function_in(self.package, address)

    def actions(self, context: ScenarioContext) -> tuple[Action, ...]:
        """Return the pack's actions, bound to `context`. Raises `ConfigError` where they cannot be told apart."""
        return self.made(context)[0]

    def made(self, context: ScenarioContext) -> tuple[tuple[Action, ...], tuple[Socket, ...]]:
        """Return the pack's actions and its sockets, bound to `context`. Raises as `actions`."""
        made = tuple(self.create(context))
        actions = tuple(one for one in made if isinstance(one, Action))
        sockets = tuple(one for one in made if isinstance(one, Socket))
        check_actions(self.name, actions)
        check_sockets(self.name, sockets, actions)
        return actions, sockets

    def describe(self) -> dict[str, Any]:
        """Return what `GET /v1/scenarios` and the OpenAPI document show, as plain values."""
        actions, sockets = self.made(_NOBODY)
        return {
            "name": self.name,
            "version": self.version,
            "title": dict(self.title),
            "description": dict(self.description),
            "actions": {action.name: action.describe() for action in actions},
            "sockets": {socket.name: socket.describe() for socket in sockets},
        }


class _Nobody:
    """Stands in for clients while a pack is only described; any use is a fault of the pack."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it never returns
        raise AttributeError(f"create() must not use the context ({name}); only a running action may")


_NOBODY = ScenarioContext(
    chat=_Nobody(), chat_languages=(), knowledge=_Nobody(), records=_Nobody(), facts=_Nobody(), tasks=_Nobody(),
    reviews=_Nobody(),
)  # fmt: skip
