"""Summaries and outbound results on calls of own writing: `python benchmarks/call_summaries.py [--set tune] [--show]`.

An exception to the rule that benchmarks drive the HTTP API: what happens after a call is one step of a scenario and is
judged by itself, from the transcript. A key point counts as found where a line of its section has its words and its
turn. A line is supported where its words stand in its turns, in their order; computed lines are held to their values.
"""

import argparse
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scenarios.agent_assist.afterwards.clauses import kept_texts  # noqa: E402
from scenarios.agent_assist.afterwards.consent import consent_of  # noqa: E402
from scenarios.agent_assist.afterwards.outbound import outbound_result  # noqa: E402
from scenarios.agent_assist.afterwards.shapes import Heard, OutboundResult, Summary  # noqa: E402
from scenarios.agent_assist.afterwards.summarising import summarise  # noqa: E402
from scenarios.agent_assist.models import Analysis, Turn  # noqa: E402
from scenarios.agent_assist.reading.language import language_of  # noqa: E402
from scenarios.agent_assist.reading.slots import read_slots  # noqa: E402
from scenarios.agent_assist.reading.vocabulary import Vocabulary  # noqa: E402

PACK = ROOT / "scenarios" / "agent_assist"
SETS = PACK / "evaluation" / "summaries"
SECONDS_A_TURN = 4.0


@dataclass
class Count:
    """How many of how many."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:
        """Count one."""
        self.right += right
        self.of += 1

    def __str__(self) -> str:
        return f"{self.right}/{self.of} = {self.right / self.of:.3f}" if self.of else "none"


@dataclass
class Figures:
    """What is counted over the calls of a set."""

    points: dict[str, Count] = field(default_factory=dict)
    supported: Count = field(default_factory=Count)
    outcome: Count = field(default_factory=Count)
    interest: Count = field(default_factory=Count)
    next_contact: Count = field(default_factory=Count)
    do_not_call: Count = field(default_factory=Count)
    called_though: Count = field(default_factory=Count)
    objections: list[tuple[set[str], set[str]]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def objection_f1(self) -> float:
        """Return F1 over the kinds of all calls."""
        hits = sum(len(found & expected) for found, expected in self.objections)
        found, expected = (sum(len(pair[side]) for pair in self.objections) for side in (0, 1))
        return 2 * hits / (found + expected) if found + expected else 1.0


def heard(call: dict[str, Any], vocabulary: Vocabulary) -> list[Heard]:
    """Return the turns of a call with their slots and languages; no intent and no emotion is needed here."""
    turns: list[Heard] = []
    for number, row in enumerate(call["turns"], start=1):
        side, _blank, text = row.partition(" ")
        start = number * SECONDS_A_TURN
        turn = Turn(
            id=f"t{number}", revision=1, speaker="seat" if side == "S" else "customer", text=text,
            start_s=start, end_s=start + SECONDS_A_TURN - 1,
        )  # fmt: skip
        slots = read_slots(text, call["day"], vocabulary)
        turns.append((turn, Analysis(language=language_of(text), slots=slots)))
    return turns


def is_supported(text: str, sources: str) -> bool:
    """Tell whether the letters and digits of a line stand in its turns, in their order."""
    rest = iter(char for char in sources.lower() if char.isalnum())
    return all(char in rest for char in text.lower() if char.isalnum())


def judge_summary(call: dict[str, Any], turns: list[Heard], summary: Summary, figures: Figures, show: bool) -> None:
    """Count the key points of one call, and whether its turns bear its lines."""
    texts = {turn.id: text for (turn, _analysis), text in zip(turns, kept_texts(turns), strict=True)}
    sections = {section.name: section.lines for section in summary.sections}
    figures.lines.append(sum(len(lines) for lines in sections.values()))
    for name, points in call.get("points", {}).items():
        for point in points:
            found = any(
                point["words"] in line.text and set(point["turns"]) & set(line.turns) for line in sections[name]
            )
            figures.points.setdefault(name, Count()).add(found)
            if show and not found:
                print(f"  {call['name']}: {name} lacks {point['words']}")
    for lines in sections.values():
        for line in lines:
            sources = " ".join(texts[turn] for turn in line.turns)
            figures.supported.add(line.kind == "computed" or is_supported(line.text, sources))
    if "outcome" in call:
        figures.outcome.add(summary.outcome == call["outcome"])
        if show and summary.outcome != call["outcome"]:
            print(f"  {call['name']}: outcome is {summary.outcome}, not {call['outcome']}")


def judge_outbound(call: dict[str, Any], result: OutboundResult, figures: Figures, show: bool) -> None:
    """Count what is right about one outbound call."""
    expected = call["outbound"]
    kinds = {one.kind for one in result.objections}
    figures.interest.add(result.interest.level == expected["interest"])
    figures.objections.append((set(kinds), set(expected["objections"])))
    when = result.next_contact.when.model_dump(include={"date", "time", "part"}) if result.next_contact else None
    wanted = {"date": None, "time": None, "part": None, **expected["next"]} if expected["next"] else None
    figures.next_contact.add(when == wanted)
    if expected["do_not_call"]:
        figures.do_not_call.add(result.consent.do_not_call)
    else:
        figures.called_though.add(not result.consent.do_not_call)
    right = (result.interest.level, kinds, when, result.consent.do_not_call) == (
        expected["interest"], set(expected["objections"]), wanted, expected["do_not_call"],
    )  # fmt: skip
    if show and not right:
        print(f"  {call['name']}: {result.interest.level} {sorted(kinds)} {when} {result.consent.do_not_call}")


def measure(name: str, show: bool) -> Figures:
    """Return the figures of one set."""
    figures = Figures()
    vocabulary = Vocabulary.load(PACK / "reading" / "vocabulary.yaml", None)
    for call in yaml.safe_load((SETS / f"{name}.yaml").read_text(encoding="utf-8"))["calls"]:
        if not isinstance(call["day"], date):
            raise TypeError(f"{call['name']}: day is no date")
        turns = heard(call, vocabulary)
        summary = summarise(turns, direction=call["direction"], titles={}, language="en", today=call["day"])
        if show:
            print_summary(call["name"], summary)
        judge_summary(call, turns, summary, figures, show)
        if "outbound" in call:
            result = outbound_result(turns, "en", call["day"])
            assert result is not None
            judge_outbound(call, result, figures, show)
    return figures


def measure_wishes(name: str, show: bool) -> tuple[Count, Count, Count]:
    """Return the wishes not to be called that are heard, those heard or put to a person, and the others left alone."""
    heeded, read, left = Count(), Count(), Count()
    for asked, said, expected in yaml.safe_load((SETS / "do_not_call.yaml").read_text(encoding="utf-8")).get(name, ()):
        rows = [f"S {asked}", f"C {said}"] if asked else [f"C {said}"]
        turns = heard(
            {"turns": rows, "day": date(2026, 3, 4)}, Vocabulary.load(PACK / "reading" / "vocabulary.yaml", None)
        )
        consent = consent_of(turns)
        found = consent.do_not_call
        if expected:
            read.add(found or bool(consent.to_review))
        (heeded if expected else left).add(found == expected)
        if show and found != expected:
            print(f"  do not call is {found}: {asked} / {said}")
    return heeded, read, left


def print_summary(name: str, summary: Summary) -> None:
    """Print a summary to be read."""
    print(f"\n{name}: {summary.outcome}")
    for section in summary.sections:
        for line in section.lines:
            due = f"  [due {line.due.date} {line.due.time or line.due.part or ''}]" if line.due else ""
            print(f"  {section.title}: {line.text}  ({', '.join(line.turns)}; {line.kind}; {line.by or '-'}){due}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=["tune", "judge"], help="one set only; both by default")
    parser.add_argument("--show", action="store_true", help="print the summaries and what is wrong")
    options = parser.parse_args()
    for name in [options.set] if options.set else ["tune", "judge"]:
        figures = measure(name, options.show)
        every = Count(sum(one.right for one in figures.points.values()), sum(one.of for one in figures.points.values()))
        print(f"\n{name}: {len(figures.lines)} calls, {len(figures.objections)} outbound")
        print(f"  key points found            {every}")
        for section, count in figures.points.items():
            print(f"    {section:<12}              {count}")
        print(f"  lines their turns bear out  {figures.supported}")
        print(f"  lines a call                {sum(figures.lines) / len(figures.lines):.1f}, most {max(figures.lines)}")
        print(f"  outcome                     {figures.outcome}")
        print(f"  interest                    {figures.interest}")
        print(f"  objections, F1              {figures.objection_f1():.3f}")
        print(f"  next contact, exact         {figures.next_contact}")
        print(f"  do not call, recall         {figures.do_not_call}")
        print(f"  may be called, kept         {figures.called_though}")
        heeded, read, left = measure_wishes(name, options.show)
        print(f"  wishes not to be called     {heeded}; or put to a person {read}; others left alone {left}")


if __name__ == "__main__":
    main()
