"""Texts that a model reads one after another, read as one: nothing hides by being cut in two.

Parts of a message reach the model joined by a line end or by nothing, as its chat template has it; messages of one
role that follow each other are read on by the model itself.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from appliance.guardrails.verdict import Finding

Border = Literal["part", "message"]
"""What ends where two texts meet."""

_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Place:
    """One text of a message, at `holder[key]`."""

    holder: dict[str, Any]
    key: str
    role: str

    @property
    def text(self) -> str:
        """The text as it stands there now."""
        return str(self.holder[self.key])


@dataclass(frozen=True)
class Run:
    """Numbers of texts that follow each other, two at least, and what ends between each two."""

    texts: tuple[int, ...]
    borders: tuple[Border, ...]


@dataclass(frozen=True)
class Reading:
    """The texts of a run as one; `starts` tells where each begins in it."""

    run: Run
    text: str
    starts: tuple[int, ...]
    lengths: tuple[int, ...]

    def crosses(self, finding: Finding) -> bool:
        """Tell whether a finding reaches over a border."""
        return sum(1 for _piece in self._spans(finding)) != 1

    def pieces(self, finding: Finding) -> Iterator[tuple[int, Finding]]:
        """Yield the number of each text that a finding touches, with the finding's part of it.

        One that touches none, between two texts, counts at the start of the first: it must not get lost.
        """
        spans = list(self._spans(finding)) or [(0, 0, 0)]
        for at, start, end in spans:
            yield self.run.texts[at], replace(finding, start=start, end=end)

    def _spans(self, finding: Finding) -> Iterator[tuple[int, int, int]]:
        first, behind = bisect_right(self.starts, finding.start) - 1, bisect_left(self.starts, finding.end)
        for at in range(first, behind):
            start = max(finding.start - self.starts[at], 0)
            end = min(finding.end - self.starts[at], self.lengths[at])
            if start < end:
                yield at, start, end


def places_of(messages: Iterable[dict[str, Any]]) -> tuple[list[Place], list[Run]]:
    """Return every text of a conversation, and those that are read on: parts, and messages of one role in a row.

    A message that says nothing parts no others. Arguments of tool calls are texts, but are not read on.
    """
    places: list[Place] = []
    runs: list[Run] = []
    texts: list[int] = []
    borders: list[Border] = []
    role = None
    for message in messages:
        contents = list(_contents(message))
        calls = message.get("tool_calls") or ()
        if message["role"] != role and (calls or any(place.text.strip() for place in contents)):
            runs += _run(texts, borders)
            role, texts, borders = message["role"], [], []
        border: Border = "message"
        for place in contents:
            if message["role"] == role and place.text:
                borders += [border] if texts else []
                texts.append(len(places))
                border = "part"
            places.append(place)
        places += [Place(call["function"], "arguments", message["role"]) for call in calls]
    return places, [*runs, *_run(texts, borders)]


def _contents(message: dict[str, Any]) -> Iterator[Place]:
    content = message.get("content")
    if isinstance(content, str):
        yield Place(message, "content", message["role"])
    for part in content if isinstance(content, list) else ():
        yield Place(part, "text", message["role"])


def _run(texts: Sequence[int], borders: Sequence[Border]) -> list[Run]:
    return [Run(tuple(texts), tuple(borders))] if len(texts) > 1 else []


def by_lines(run: Run, texts: Sequence[str]) -> Reading:
    """Return the texts of a run as lines."""
    return _reading(run, texts, ["\n"] * len(run.borders))


def without_gaps(run: Run, texts: Sequence[str], *, letters: bool = False) -> Reading:
    """Return the texts of a run with nothing between them.

    Where messages meet, Latin words stay apart unless `letters` is set: `hero` and `in` are two words.
    """
    between = []
    for border, first, second in zip(run.borders, run.texts, run.texts[1:], strict=False):
        meet = _LATIN.fullmatch(texts[first][-1:]) and _LATIN.fullmatch(texts[second][:1])
        between.append("\n" if border == "message" and meet and not letters else "")
    return _reading(run, texts, between)


def _reading(run: Run, texts: Sequence[str], between: Sequence[str]) -> Reading:
    starts, parts, at = [], [], 0
    for number, gap in zip(run.texts, [*between, ""], strict=True):
        starts.append(at)
        parts += [texts[number], gap]
        at += len(texts[number]) + len(gap)
    return Reading(run, "".join(parts), tuple(starts), tuple(len(texts[number]) for number in run.texts))


def add_pieces(found: Sequence[list[Finding]], reading: Reading, findings: Iterable[Finding]) -> None:
    """Add what was found in a reading to what is `found` in each text already, where it says something new."""
    known = {number: {_what(one) for one in found[number]} for number in reading.run.texts}
    for finding in findings:
        for number, piece in reading.pieces(finding):
            if _what(piece) not in known[number]:
                found[number] += list(_new_of(piece, found[number]))


def _what(finding: Finding) -> tuple[str, int, int]:
    return finding.rule, finding.start, finding.end


def _new_of(piece: Finding, known: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the parts of a finding that no known one of the same rule, or that masks too, covers."""
    spans = [(piece.start, piece.end)]
    for one in known:
        if one.rule == piece.rule or one.action == piece.action == "mask":
            cut = [((start, min(one.start, end)), (max(one.end, start), end)) for start, end in spans]
            spans = [part for parts in cut for part in parts if part[0] < part[1]]
    for start, end in spans or ([(0, 0)] if piece.start == piece.end else []):
        yield replace(piece, start=start, end=end)
