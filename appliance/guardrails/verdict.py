"""What a check finds in a text, and what is done about it."""

from dataclasses import dataclass
from typing import Literal, Protocol

Action = Literal["warn", "mask", "block"]
"""What a policy may ask for."""
Ruling = Literal["warn", "mask", "review", "block"]
"""What a check may say, the mildest first; `review` lets an answer wait for a person: checks of scenarios say it."""
Stage = Literal["input", "retrieved", "output"]
STAGES: tuple[Stage, ...] = ("input", "retrieved", "output")


@dataclass(frozen=True)
class Finding:
    """One place of a text that a rule speaks about.

    `start` and `end` count characters of the text as it was given, before any folding. `rule` names the rule within
    its check, such as `lexicon:fraud/17` or `personal:bank_card`; `version` the rule set it comes from. The text found
    is not kept: a verdict goes into logs and audits.
    """

    rule: str
    version: str
    start: int
    end: int
    action: Ruling
    score: float = 1.0
    """How sure the check is, 0..1."""


class Check(Protocol):
    """One kind of check. It raises where it cannot run: the chain then blocks."""

    name: str
    version: str

    def find(self, text: str) -> list[Finding]:
        """Return what it finds, in the order of the text."""
        ...
