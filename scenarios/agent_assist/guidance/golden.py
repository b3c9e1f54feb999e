"""Golden calls: scripted turns with the places that a card should quote, and how cards do on them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from appliance.core.principal import Principal
from appliance.knowledge.language.text import language_of as language_of_text

from ..models import Analysis, Card, Speaker, Turn
from ..reading.files import read_yaml
from ..reading.language import language_of
from .cards import CardFinder
from .said import Form

_SPOKEN_S = 5.0
Analyse = Callable[[Turn], Awaitable[Analysis]]


class GoldenTurn(Form):
    """A turn; of a customer's `card` are the places that are right, "none" where there should be no card."""

    speaker: Speaker
    text: str
    card: tuple[tuple[str, str], ...] | Literal["none"] | None = Field(
        default=None, description="Documents, each with words of the quotation; without it the turn is not judged."
    )

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """The places that are right; empty where there should be no card."""
        return self.card if isinstance(self.card, tuple) else ()


class GoldenCall(Form):
    """A scripted call."""

    name: str
    turns: tuple[GoldenTurn, ...]


class GoldenFile(Form):
    """A file of golden calls."""

    calls: tuple[GoldenCall, ...]


@dataclass(frozen=True)
class Outcome:
    """What a judged turn got."""

    call: str
    text: str
    group: str
    """zh, en, or zh-en and en-zh where what answers is in the other language than the turn."""
    is_due: bool
    card: Card | None
    is_right: bool


def golden_calls(path: Path) -> tuple[GoldenCall, ...]:
    """Return the calls of a file. Raises `ConfigError`."""
    return read_yaml(path, GoldenFile).calls


async def by_language(turn: Turn) -> Analysis:
    """Return an analysis with the language alone: cards without any help by intents."""
    return Analysis(language=language_of(turn.text))


async def judge(
    finder: CardFinder, who: Principal, calls: Sequence[GoldenCall], analyse: Analyse = by_language
) -> list[Outcome]:
    """Play the calls and return what each judged turn got."""
    outcomes = []
    for call in calls:
        before: list[tuple[Turn, Analysis]] = []
        for number, scripted in enumerate(call.turns):
            begins = number * _SPOKEN_S
            turn = Turn(
                id=str(number), revision=1, speaker=scripted.speaker, text=scripted.text,
                start_s=begins, end_s=begins + _SPOKEN_S,
            )  # fmt: skip
            analysis = await analyse(turn)
            if scripted.card is not None:
                outcomes.append(_outcome(call, scripted, analysis, await finder.card(who, turn, analysis, before)))
            before.append((turn, analysis))
    return outcomes


def _outcome(call: GoldenCall, scripted: GoldenTurn, analysis: Analysis, card: Card | None) -> Outcome:
    right = scripted.places
    group = str(analysis.language)
    answers = {language_of_text(words) for _document, words in right}
    if answers and analysis.language not in answers:
        group = f"{analysis.language}-{'en' if analysis.language == 'zh' else 'zh'}"
    is_right = card is not None and any(card.document == place and words in card.text for place, words in right)
    return Outcome(call.name, scripted.text, group, bool(right), card, is_right)


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return counts; the precision of the cards shown; and how many of those due were shown and right."""
    due = [one for one in outcomes if one.is_due]
    shown = [one for one in outcomes if one.card is not None]
    right = sum(one.is_right for one in shown)
    return {
        "due": len(due),
        "not_due": len(outcomes) - len(due),
        "shown": len(shown),
        "right": right,
        "false_cards": sum(not one.is_due for one in shown),
        "precision_at_1": round(right / len(shown), 3) if shown else 0.0,
        "coverage": round(right / len(due), 3) if due else 0.0,
    }
