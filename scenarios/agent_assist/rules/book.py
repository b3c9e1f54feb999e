"""A book of rules: loads them, marks turns, judges calls."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..models import Analysis, Direction, Turn
from .compiled import Rule, compile_rules
from .course import Course
from .judging import judge
from .loading import Contents, read
from .marks import Marks
from .scanning import Scanner
from .shapes import Judgement

_FORMAT = 1
"""Rises when the same rules come to say something else of a call."""


class RuleBook:
    """The rules in force.

    A live call keeps a `course`: `add` each turn once, and judge with `judge_course` after each. Where a turn came late
    or was corrected, begin a new course with the turns in order, or call `judge` with all of them; the answer is the
    same.
    """

    def __init__(self, rules: tuple[Rule, ...], scanner: Scanner, critical_cap: float, version: str) -> None:
        self.rules = rules
        self.critical_cap = critical_cap
        self.version = version
        """A hash of the rules in force: the same rules have the same one."""
        self._scanner = scanner

    @classmethod
    def load(cls, shipped: Path, own: Path | None) -> "RuleBook":
        """Read the shipped rules and the bank's own, which need not exist.

        Own rules and word lists are added, or replace those of the same name; `disabled` switches rules off. Raises
        `ConfigError`, which names the file, the rule, the field and the fix.
        """
        contents = read(shipped, own)
        rules, scanner = compile_rules(contents)
        return cls(rules, scanner, contents.critical_cap, _version(contents))

    def mark(self, turn: Turn, _analysis: Analysis) -> Marks:
        """Search one turn for the phrases of all rules."""
        words, hits = self._scanner.scan(turn.text)
        return Marks(self.version, words, hits)

    def course(self, direction: Direction) -> Course:
        """Return the course of a call that has not begun."""
        return Course(direction)

    def judge_course(self, course: Course, *, ended: bool, now_s: float, language: str) -> Judgement:
        """Judge a call whose turns were added to `course` with marks of this book."""
        return judge(self.rules, course, self.version, self.critical_cap, ended=ended, now_s=now_s, language=language)

    def judge(
        self,
        turns: Sequence[tuple[Turn, Analysis, Marks]],
        *,
        direction: Direction,
        ended: bool,
        now_s: float,
        language: str,
    ) -> Judgement:
        """Judge a call by all its turns in order. Turns that another version of the book marked are marked anew."""
        course = self.course(direction)
        for turn, analysis, marks in turns:
            course.add(turn, analysis, marks if marks.version == self.version else self.mark(turn, analysis))
        return self.judge_course(course, ended=ended, now_s=now_s, language=language)


def _version(contents: Contents) -> str:
    plain = {
        "format": _FORMAT,
        "cap": contents.critical_cap,
        "lists": {name: phrases.model_dump() for name, phrases in contents.lists.items()},
        "rules": [placed.form.model_dump(mode="json") for placed in contents.rules],
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
