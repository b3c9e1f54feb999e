"""What supervising needs of the rest of the pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.scenario.pack import Caller

from ..calls.shapes import WholeCall
from ..models import Analysis, CallFacts, Turn
from ..rules import Judgement, RuleBook


@dataclass(frozen=True)
class KeptCall:
    """A call with its turns in order, and the judgement that was kept when it ended; None: there is none."""

    facts: CallFacts
    turns: Sequence[tuple[Turn, Analysis]]
    judgement: Judgement | None


class Calls(Protocol):
    """The calls of the caller's tenant, of whichever seat: the action that asks holds the permission to supervise."""

    async def open_now(self, caller: Caller) -> Sequence[CallFacts]:
        """Return the open calls as they are now."""
        ...

    async def kept(self, caller: Caller, call_id: str) -> KeptCall:
        """Return a call with its turns. Raises `NotFound`."""
        ...

    async def show(self, caller: Caller, call_id: str) -> WholeCall:
        """Return everything that is known of a call. Raises `NotFound`."""
        ...


class Books(Protocol):
    """The YAML files as they are in force."""

    def rules(self) -> RuleBook:
        """Return the rules."""
        ...

    def draft(self, text: str) -> RuleBook:
        """Return the shipped rules with a draft of the bank's own file. Raises `ConfigError` for a faulty draft."""
        ...

    def title_of_intent(self, name: str, language: str) -> str | None:
        """Return an intent's title; None for one that is not there any more."""
        ...
