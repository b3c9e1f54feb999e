"""Rules of calls: what must and must not be said, in which order and how soon; alerts live, a score at the end."""

from .book import RuleBook
from .course import Course
from .marks import Marks
from .shapes import Change, Difference, Judgement, Outcome, ScoreSheet, SheetItem, difference

__all__ = [
    "Change",
    "Course",
    "Difference",
    "Judgement",
    "Marks",
    "Outcome",
    "RuleBook",
    "ScoreSheet",
    "SheetItem",
    "difference",
]
