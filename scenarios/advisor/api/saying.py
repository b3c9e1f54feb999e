"""The checks of what the actions say, and the facts that they go by."""

from typing import Any, Final

from appliance.scenario.pack import CheckFacts, OutputCheck, ScenarioContext

from ..conversation.answering import PROMISES
from ..conversation.speaking import Speaker

CHECKS: Final[tuple[OutputCheck[Any], ...]] = (PROMISES,)
"""No promise of returns leaves, whoever wrote it. A conversation has more: `conversation.answering.CHECKS`."""


def said_of(made_up: bool, language: str) -> tuple[str, ...]:
    """Return what has to be said where the sample bank answers, to be put with the disclosures."""
    return (Speaker(language).say("made_up"),) if made_up else ()


class Facts:
    """Gives the checks of a running action what they go by."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context

    @property
    def given(self) -> CheckFacts:
        """Where they are given."""
        return self._context.facts

    def nothing(self) -> None:
        """Tell that nothing in particular was decided."""
        self.given.give(PROMISES, None)
