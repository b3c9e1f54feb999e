"""Rules of calls: the scripted calls judged, rule by rule, and what marking a turn and judging a call cost.

    python benchmarks/call_rules.py [--rules FILE] [--json FILE]

In process. The calls and their labels are in scenarios/agent_assist/evaluation/rule_calls. Times are milliseconds of a
core, so that other work on the machine counts little; medians and 99th percentiles: of marking one turn of the scripted
calls, and of judging a call of 200 turns made of them, as a whole and turn by turn. For the times the shipped rules are
doubled under other names to 60.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from scenarios.agent_assist.models import Analysis, Turn
from scenarios.agent_assist.rules import Marks, RuleBook
from scenarios.agent_assist.rules.evaluation import EVERYWHERE, ScriptedCall, faults, judged, scripted_calls

PACK = Path(__file__).parent.parent / "scenarios" / "agent_assist"
SHIPPED = PACK / "rules" / "rules.yaml"
TURNS = 200
RULES = 60


def table_of(book: RuleBook, calls: list[ScriptedCall]) -> tuple[list[dict[str, object]], int]:
    """Return for each rule how often it is labelled broken or met, and told so; and how many calls are exact."""
    rows = {rule.form.name: {"broken": 0, "found": 0, "wrong": 0, "met": 0, "kept": 0} for rule in book.rules}
    exact = 0
    for call in calls:
        judgement = judged(book, call)
        exact += not faults(call, judgement, EVERYWHERE)
        for outcome in judgement.outcomes:
            row = rows[outcome.rule]
            labelled = outcome.rule in call.broken
            told = outcome.state == "broken"
            row["broken"] += labelled
            row["found"] += labelled and told and list(outcome.turns) == call.broken[outcome.rule]
            row["wrong"] += told and not labelled
            met = outcome.rule in call.met or (outcome.rule in EVERYWHERE and not labelled)
            met = met and outcome.rule not in call.not_judged
            row["met"] += met
            row["kept"] += met and outcome.state == "met"
    return [{"rule": name, **row} for name, row in rows.items()], exact


def sixty(folder: Path) -> RuleBook:
    """Return a book of 60 rules: the shipped ones and again under other names."""
    shipped = yaml.safe_load(SHIPPED.read_text("utf-8"))
    rules = list(shipped["rules"])
    for copy in ("b", "c"):
        for rule in shipped["rules"]:
            again = json.loads(json.dumps(rule)) | {"name": f"{rule['name']}_{copy}"}
            if "say" in again:  # other phrases, so that the copies are searched for as well
                again["say"].setdefault("en", []).append(f"{copy} never said")
            rules.append(again)
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump(shipped | {"rules": rules[: max(RULES, len(shipped["rules"]))]}, allow_unicode=True))
    return RuleBook.load(file, None)


def long_call(calls: list[ScriptedCall]) -> list[tuple[Turn, Analysis]]:
    """Return 200 turns, one after the other, of the scripted calls' words."""
    turns: list[tuple[Turn, Analysis]] = []
    for turn, analysis in (pair for call in calls for pair in call.course()):
        number = len(turns)
        times = {"id": f"t{number}", "start_s": number * 5.0, "end_s": number * 5.0 + 4.5}
        turns.append((turn.model_copy(update=times), analysis))
    return turns[:TURNS]


def timed(work: Callable[[], object]) -> float:
    """Return what it takes, in milliseconds of a core."""
    begin = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begin) / 1e6


def times_of(book: RuleBook, calls: list[ScriptedCall]) -> dict[str, dict[str, float]]:
    """Measure marking and judging."""
    turns = [pair for call in calls for pair in call.course()]
    marking = [timed(partial(book.mark, turn, analysis)) for turn, analysis in turns * 3]
    marked = [(turn, analysis, book.mark(turn, analysis)) for turn, analysis in long_call(calls)]

    def whole() -> object:
        return book.judge(marked, direction="inbound", ended=True, now_s=TURNS * 5.0, language="en")

    course = book.course("inbound")

    def step(turn: Turn, analysis: Analysis, marks: Marks) -> object:
        course.add(turn, analysis, marks)
        return book.judge_course(course, ended=False, now_s=turn.end_s, language="en")

    steps = [timed(partial(step, *one)) for one in marked]
    return {
        "mark one turn": _summary(marking),
        f"judge {TURNS} turns as a whole": _summary([timed(whole) for _ in range(100)]),
        "add one turn and judge": _summary(steps),
    }


def _summary(values: list[float]) -> dict[str, float]:
    cut = statistics.quantiles(values, n=100)
    return {"median_ms": round(statistics.median(values), 3), "p99_ms": round(cut[98], 3)}


def main() -> None:
    """Judge, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=Path, help="the bank's own rules.yaml over the shipped one")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    book = RuleBook.load(SHIPPED, wanted.rules)
    calls = scripted_calls(PACK / "evaluation" / "rule_calls")
    rows, exact = table_of(book, calls)
    print(f"{len(calls)} scripted calls, {len(book.rules)} rules, version {book.version}: {exact} exact\n")
    print("| rule | broken | found, on the same turns | told wrongly | met | found |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in rows:
        print("| {rule} | {broken} | {found} | {wrong} | {met} | {kept} |".format(**row))
    with tempfile.TemporaryDirectory() as folder:
        larger = sixty(Path(folder))
        times = times_of(larger, calls)
    print(f"\nWith {len(larger.rules)} rules:\n\n| | median, ms | p99, ms |\n|---|---:|---:|")
    for name, figures in times.items():
        print(f"| {name} | {figures['median_ms']} | {figures['p99_ms']} |")
    if wanted.json:
        wanted.json.write_text(
            json.dumps({"exact": exact, "calls": len(calls), "rules": rows, "times": times}, indent=1)
        )


if __name__ == "__main__":
    main()
