"""What the rules say of a call: outcomes, alerts, the score sheet, and what differs between two runs."""

from typing import Literal

from pydantic import Field

from ..models import Alert, Direction, Part

State = Literal["met", "broken", "open", "not_applicable", "not_judged"]
Area = Literal["compliance", "quality"]


class Outcome(Part):
    """What became of one rule in one call.

    `open` is not decided yet, `not_applicable` does not concern this call (so far), and `not_judged` could not be
    decided, with the reason in `note`.
    """

    rule: str
    state: State
    turns: tuple[str, ...] = Field(default=(), description="Ids of the turns that it rests on.")
    at_s: float | None = Field(default=None, description="When it was decided, in seconds of the call.")
    said: tuple[str, ...] = Field(default=(), description="The words that it rests on.")
    value: float | None = Field(default=None, description="What was measured: seconds, times or a share.")
    note: str | None = None


class SheetItem(Part):
    """One line of the score sheet; rules without points and those that do not concern the call have none."""

    rule: str
    title: str
    area: Area
    state: State
    points: float = Field(description="What it counts.")
    got: float = Field(description="What the call got of it; 0 also where it could not be judged.")
    critical: bool
    turns: tuple[str, ...] = ()


class ScoreSheet(Part):
    """The points of an ended call."""

    score: float = Field(ge=0.0, le=100.0, description="Points got of those that count, of 100, under the cap.")
    got: float
    possible: float = Field(description="Points of the rules that were met or broken.")
    capped_by: tuple[str, ...] = Field(default=(), description="Critical rules that were broken.")
    items: tuple[SheetItem, ...] = ()


class Judgement(Part):
    """What a book of rules says of a call. `version` is the book's: the same rules have the same one."""

    version: str
    direction: Direction
    ended: bool
    at_s: float
    outcomes: tuple[Outcome, ...]
    alerts: tuple[Alert, ...] = Field(default=(), description="All that hold now; `key` tells which are new.")
    sheet: ScoreSheet | None = Field(default=None, description="Only of an ended call.")

    def of(self, rule: str) -> Outcome | None:
        """Return the outcome of `rule`, or None where the book had no such rule."""
        return next((outcome for outcome in self.outcomes if outcome.rule == rule), None)

    def broken(self) -> tuple[str, ...]:
        """Return the names of the broken rules, in the order of the book."""
        return tuple(outcome.rule for outcome in self.outcomes if outcome.state == "broken")


class Change(Part):
    """One rule whose outcome is another than before; null where one of the books does not have it."""

    rule: str
    before: State | None
    after: State | None
    turns_before: tuple[str, ...] = ()
    turns_after: tuple[str, ...] = ()


class Difference(Part):
    """What a second run over a call says otherwise than the first."""

    version_before: str
    version_after: str
    changes: tuple[Change, ...] = Field(default=(), description="In the order of the second book, then what it lacks.")
    score_before: float | None = None
    score_after: float | None = None
    score_change: float | None = Field(default=None, description="Null where one of the two has no score.")


def difference(before: Judgement, after: Judgement) -> Difference:
    """Compare two judgements of the same call: each rule whose state or turns differ, and the scores."""
    was = {outcome.rule: outcome for outcome in before.outcomes}
    now = {outcome.rule: outcome for outcome in after.outcomes}
    changes = []
    for rule in (*now, *(rule for rule in was if rule not in now)):
        old, new = was.get(rule), now.get(rule)
        if old is not None and new is not None and (old.state, old.turns) == (new.state, new.turns):
            continue
        changes.append(
            Change(
                rule=rule,
                before=old.state if old else None,
                after=new.state if new else None,
                turns_before=old.turns if old else (),
                turns_after=new.turns if new else (),
            )
        )
    scores = [judgement.sheet.score if judgement.sheet else None for judgement in (before, after)]
    change = None if scores[0] is None or scores[1] is None else round(scores[1] - scores[0], 1)
    return Difference(
        version_before=before.version,
        version_after=after.version,
        changes=tuple(changes),
        score_before=scores[0],
        score_after=scores[1],
        score_change=change,
    )
