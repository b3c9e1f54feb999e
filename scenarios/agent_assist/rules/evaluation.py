"""Scripted calls with what the rules must say of them, and their comparison with what a book says."""

import re
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, model_validator

from ..models import Analysis, Direction, Emotion, Intent, Turn
from .book import RuleBook
from .forms import Emotions, Section
from .shapes import Judgement

_TURN = re.compile(r"([SC]) (\d+(?:\.\d+)?)-(\d+(?:\.\d+)?) (.+)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class ScriptedCall(Section):
    """A call and its labels; turns are `S 1-6.5 words`, S the seat, C the customer, and have the ids t1, t2, …"""

    name: str
    direction: Direction = "inbound"
    turns: list[str] = Field(min_length=1)
    intents: dict[str, str] = Field(default_factory=dict)
    emotions: dict[str, Emotions] = Field(default_factory=dict)
    broken: dict[str, list[str]]
    """The broken rules and the turns that they rest on."""
    met: list[str]
    """Of the rules that do not concern every call those that this one keeps."""
    not_judged: list[str] = Field(default_factory=list)
    score: float

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for text in self.turns:
            if not _TURN.fullmatch(text):
                raise ValueError(f"not a turn: {text}")
        return self

    def course(self) -> list[tuple[Turn, Analysis]]:
        """Return the turns with what is known of them."""
        return [self._turn(f"t{number}", text) for number, text in enumerate(self.turns, 1)]

    def _turn(self, turn_id: str, text: str) -> tuple[Turn, Analysis]:
        found = _TURN.fullmatch(text)
        if found is None:  # the validator has seen to it
            raise ValueError(text)
        side, start, end, words = found.groups()
        turn = Turn(
            id=turn_id,
            revision=1,
            speaker="seat" if side == "S" else "customer",
            text=words,
            start_s=float(start),
            end_s=float(end),
        )
        intent = self.intents.get(turn_id)
        emotion = self.emotions.get(turn_id)
        analysis = Analysis(
            language="zh" if _CHINESE.search(words) else "en",
            intent=Intent(name=intent, title=intent, confidence=0.9) if intent else None,
            emotion=Emotion(label=emotion, score=-0.8) if emotion else None,
        )
        return turn, analysis


class Labels(Section):
    """A file of scripted calls."""

    calls: list[ScriptedCall]


def scripted_calls(folder: Path) -> list[ScriptedCall]:
    """Return the calls of all files in a folder."""
    files = sorted(folder.glob("*.yaml"))
    return [call for file in files for call in Labels.model_validate(yaml.safe_load(file.read_text("utf-8"))).calls]


def judged(book: RuleBook, call: ScriptedCall) -> Judgement:
    """Judge a scripted call as ended with its last turn."""
    turns = [(turn, analysis, book.mark(turn, analysis)) for turn, analysis in call.course()]
    end = max(turn.end_s for turn, _analysis, _marks in turns)
    return book.judge(turns, direction=call.direction, ended=True, now_s=end, language="en")


def faults(call: ScriptedCall, judgement: Judgement, everywhere: frozenset[str]) -> list[str]:
    """Return where a judgement differs from the labels; `everywhere` are the rules that concern every call."""
    found = []
    broken = {outcome.rule: list(outcome.turns) for outcome in judgement.outcomes if outcome.state == "broken"}
    if broken != call.broken:
        found.append(f"broken: {broken} instead of {call.broken}")
    met = sorted(
        outcome.rule for outcome in judgement.outcomes if outcome.state == "met" and outcome.rule not in everywhere
    )
    if met != sorted(call.met):
        found.append(f"met: {met} instead of {sorted(call.met)}")
    not_judged = sorted(outcome.rule for outcome in judgement.outcomes if outcome.state == "not_judged")
    if not_judged != sorted(call.not_judged):
        found.append(f"not judged: {not_judged} instead of {sorted(call.not_judged)}")
    score = judgement.sheet.score if judgement.sheet else None
    if score != call.score:
        found.append(f"score: {score} instead of {call.score}")
    return found


EVERYWHERE = frozenset(
    {
        "greeting",
        "bank_named",
        "recording_notice",
        "closing",
        "ask_secret",
        "other_customers",
        "promise_of_return",
        "pressure",
        "belittling",
        "complaint_refused",
        "silence",
        "interruption",
        "many_holds",
    }
)
"""Rules of the shipped book that concern every call."""
