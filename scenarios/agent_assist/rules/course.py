"""A call as the rules see it: what was said where, who spoke when. Turns are added one by one, at little cost each."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from appliance.core.messages import Message, _

from ..models import Analysis, Direction, Speaker, Turn
from .marks import Marks, Span

LONGEST_S = 1e7
"""No call is longer; a greater time is no time."""
_LOOKED_BACK = 8
"""Turns before a turn that may have begun after it: speech recognition lists them as they end."""


class Overlap(NamedTuple):
    """A turn that began before the other side's turn had ended."""

    at: int
    into: int
    seconds: float


@dataclass(slots=True)
class Course:
    """The turns of one call in order; turns are meant by their number, from 0."""

    direction: Direction
    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    speakers: list[Speaker] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    of: dict[Speaker, list[int]] = field(default_factory=lambda: {"seat": [], "customer": []})
    said: dict[tuple[int, Speaker], list[tuple[int, tuple[Span, ...]]]] = field(default_factory=dict)
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    """The first turn with an intent, a slot, a product, a customer's language or an emotion."""
    gaps: list[tuple[int, float]] = field(default_factory=list)
    """Turns before which nobody spoke, and for how long."""
    overlaps: dict[Speaker, list[Overlap]] = field(default_factory=lambda: {"seat": [], "customer": []})
    speech: dict[Speaker, float] = field(default_factory=lambda: {"seat": 0.0, "customer": 0.0})
    last_end: float = 0.0
    wrong_times: Message | None = None
    """Why no rule about time can be judged."""
    wrong_lengths: Message | None = None
    """Why no rule about the length of turns can be judged."""

    def add(self, turn: Turn, analysis: Analysis, marks: Marks) -> None:
        """Take up the next turn in order. Never raises; times that cannot be are noted and read as 0."""
        number = len(self.ids)
        self.ids.append(turn.id)
        self.texts.append(turn.text)
        self.speakers.append(turn.speaker)
        self.words.append(marks.words)
        self.of[turn.speaker].append(number)
        for group, spans in marks.hits.items():
            self.said.setdefault((group, turn.speaker), []).append((number, spans))
        self._note(number, turn, analysis)
        self._time(number, turn, marks.words)

    def _note(self, number: int, turn: Turn, analysis: Analysis) -> None:
        first = self.first
        if turn.speaker == "customer":
            first.setdefault(("language", analysis.language), number)
            if analysis.intent is not None:
                first.setdefault(("intent", analysis.intent.name), number)
            if analysis.emotion is not None:
                first.setdefault(("emotion", analysis.emotion.label), number)
        for slot in analysis.slots:
            first.setdefault(("slot", slot.name), number)
            if slot.name == "product":
                first.setdefault(("product", slot.value), number)

    def _time(self, number: int, turn: Turn, words: int) -> None:
        start, end = turn.start_s, turn.end_s
        if not (_is_time(start) and _is_time(end)):
            self.wrong_times = self.wrong_times or _("turn {turn} has a time that cannot be", turn=turn.id)
            start, end = (time if _is_time(time) else 0.0 for time in (start, end))
        if end < start:
            self.wrong_times = self.wrong_times or _("turn {turn} ends before it begins", turn=turn.id)
            end = start
        elif number and end < self.starts[-1]:
            self.wrong_times = self.wrong_times or _("the clock runs backwards at turn {turn}", turn=turn.id)
        elif end == start and words:
            self.wrong_lengths = self.wrong_lengths or _("the end of turn {turn} is missing", turn=turn.id)
        if number and start > self.last_end:
            self.gaps.append((number, start - self.last_end))
        self.starts.append(start)
        self.ends.append(end)
        if start < self.last_end:
            self._overlap(number)
        self.speech[turn.speaker] += end - start
        self.last_end = max(self.last_end, end)

    def _overlap(self, number: int) -> None:
        start, end, speaker = self.starts[number], self.ends[number], self.speakers[number]
        for other in range(max(0, number - _LOOKED_BACK), number):
            if self.speakers[other] == speaker:
                continue
            seconds = min(end, self.ends[other]) - max(start, self.starts[other])
            if seconds > 0 and self.starts[other] != start:
                late, early = (number, other) if start > self.starts[other] else (other, number)
                self.overlaps[self.speakers[late]].append(Overlap(late, early, seconds))

    def at(self, group: int, speaker: Speaker) -> list[tuple[int, tuple[Span, ...]]]:
        """Return the turns of a side in which a group of phrases was said, with the places in the text."""
        return self.said.get((group, speaker), [])

    def quoted(self, number: int, span: Span) -> str:
        """Return words of a turn."""
        return self.texts[number][span[0] : span[1]]


def _is_time(value: float) -> bool:
    return math.isfinite(value) and 0 <= value <= LONGEST_S
