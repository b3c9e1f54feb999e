import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.agent_assist.models import Analysis, Emotion, Intent, Slot, Turn
from scenarios.agent_assist.rules import Judgement, RuleBook

PACK = Path(__file__).resolve().parents[5] / "scenarios" / "agent_assist"
SHIPPED = PACK / "rules" / "rules.yaml"

ENTRY = {
    "name": "rule",
    "title": {"en": "Rule", "zh": "规则"},
    "severity": "warning",
    "points": 10,
    "alert": {"en": "It was broken.", "zh": "违反规则。"},
    "hint": {"en": "Say it.", "zh": "请说。"},
    "source": {"en": "Standard", "zh": "规范"},
}


def entry(**fields: object) -> dict[str, object]:
    return ENTRY | fields


def turn(text: str, start: float = 0.0, end: float | None = None, *, by: str = "seat", name: str | None = None) -> Turn:
    return Turn(
        id=name or f"{by[0]}{start:g}",
        revision=1,
        speaker=by,
        text=text,
        start_s=start,
        end_s=start + 2 if end is None else end,
    )


def analysis(
    language: str = "en",
    *,
    intent: str | None = None,
    emotion: str | None = None,
    slots: tuple[tuple[str, str], ...] = (),
) -> Analysis:
    return Analysis(
        language=language,
        intent=Intent(name=intent, title=intent, confidence=0.9) if intent else None,
        emotion=Emotion(label=emotion, score=-0.5) if emotion else None,
        slots=tuple(Slot(name=n, value=v, text=v, start=0, end=1, valid=True) for n, v in slots),
    )


class Bench:
    """A book of the given rules and calls judged by it."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def judge(
        self,
        *turns: Turn | tuple[Turn, Analysis],
        ended: bool = True,
        now: float = 0.0,
        language: str = "en",
        **more: str,
    ) -> Judgement:
        pairs = [(one, analysis()) if isinstance(one, Turn) else one for one in turns]
        marked = [(one, read, self.book.mark(one, read)) for one, read in pairs]
        direction = more.get("direction", "inbound")
        return self.book.judge(marked, direction=direction, ended=ended, now_s=now, language=language)

    def state(self, *turns: Turn | tuple[Turn, Analysis], rule: str = "rule", **more: object) -> str:
        outcome = self.judge(*turns, **more).of(rule)
        assert outcome is not None
        return outcome.state


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_rules(*entries: dict[str, object], name: str = "rules.yaml", **fields: object) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"rules": list(entries), **fields}, ensure_ascii=False), encoding="utf-8")
        return path

    return write_rules


@pytest.fixture
def bench(write: Callable[..., Path]) -> Callable[..., Bench]:
    def make(*entries: dict[str, object], **fields: object) -> Bench:
        return Bench(RuleBook.load(write(*entries, **fields), None))

    return make
