"""Questions with the tool and the arguments that they should lead to, and how well the rules do on them."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..data.dataset import Dataset
from .state import State
from .tools import ToolName, tool_box
from .turning import remembered
from .understanding import Understanding, understand

FOLDER: Final = Path(__file__).resolve().parents[1] / "evaluation" / "questions"
FILES: Final = ("develop_zh", "develop_en", "judge_zh", "judge_en")


class Expected(BaseModel):
    """What a question should lead to; `asks` is the argument that should be asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: ToolName
    arguments: dict[str, Any] = Field(default_factory=dict)
    asks: str | None = None
    query_has: str = ""


class Question(BaseModel):
    """A question, and the turns before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    before: tuple[str, ...] = ()
    ask: str
    expect: Expected


@dataclass(frozen=True)
class Judged:
    """How a question came out."""

    tool: bool
    arguments: bool
    got: Understanding

    @property
    def both(self) -> bool:
        """Tell whether all is as expected."""
        return self.tool and self.arguments


@dataclass(frozen=True)
class Score:
    """Counts over questions."""

    count: int = 0
    tool: int = 0
    arguments: int = 0
    both: int = 0

    def with_one(self, one: Judged) -> "Score":
        """Return the score with one question more."""
        return Score(self.count + 1, self.tool + one.tool, self.arguments + one.arguments, self.both + one.both)

    def line(self, name: str) -> str:
        """Return a row of the benchmark's table."""
        shares = [value / max(self.count, 1) for value in (self.tool, self.arguments, self.both)]
        return f"{name:14}{self.count:>10}{shares[0]:>8.1%}{shares[1]:>11.1%}{shares[2]:>8.1%}"


def load_questions(name: str) -> tuple[Question, ...]:
    """Return the questions of a file of `FILES`."""
    read = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Question, ...]).validate_python(read)


def judge(question: Question, dataset: Dataset, today: date) -> Judged:
    """Put a question to the rules, after its turns before, and compare. Arguments count only with the right tool."""
    state = State()
    for text in question.before:
        state = remembered(state, understand(text, state, dataset, today=today))
    got = understand(question.ask, state, dataset, today=today)
    return Judged(got.tool == question.expect.tool, _same(question.expect, got), got)


def _same(expected: Expected, got: Understanding) -> bool:
    if expected.tool != got.tool or (got.missing[0] if got.missing else None) != expected.asks:
        return False
    if expected.query_has:
        return expected.query_has in str(got.arguments.get("query", ""))
    return _plain(got.tool, got.arguments, complete=not got.missing) == _plain(
        got.tool, expected.arguments, complete=not got.missing
    )


def _plain(tool: ToolName, arguments: dict[str, Any], *, complete: bool) -> dict[str, Any]:
    own = {name: value for name, value in arguments.items() if name != "query"}
    if not complete:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}
    return tool_box().arguments(tool, own).model_dump(mode="json", exclude_defaults=True) if own else {}
