"""Cells of statements that the report generator reads right, on the twenty made-up companies, by format and layout.

    python benchmarks/report_extraction.py [--companies 20] [--layouts two_sided,yi] [--formats xlsx,pdf] [--json FILE]

A cell is right where an item has its account, period, length, scope and its value in yuan, as far as it is printed; so
a wrong unit makes all of a file wrong. `made up` counts items that the file does not hold. Each file is read and
extracted alone, by the real confined process. Nothing of it goes over HTTP: extraction is one step of a job.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from scenarios.reports.reading.files import read_file
from scenarios.reports.samples.companies import COUNT, Company, company
from scenarios.reports.samples.layouts import CHINESE, ENGLISH, LAYOUTS
from scenarios.reports.samples.papers import Written, write_statements
from scenarios.reports.samples.sums import ACCOUNTS
from scenarios.reports.statements.extracting import extract

_CENT = 0.006
_HEADER = (("files", 5), ("cells", 7), ("right", 8), ("made up", 7), ("asked", 6), ("checks", 6), ("s/file", 7))
_ACCOUNTS = {account for accounts in ACCOUNTS.values() for account in accounts}


@dataclass
class Score:
    """Cells of the files of one layout and format."""

    files: int = 0
    cells: int = 0
    right: int = 0
    made_up: int = 0
    questions: int = 0
    failed_checks: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def measured(written: Written, score: Score) -> None:
    """Read and extract one file and count its cells."""
    start = time.perf_counter()
    reading = read_file(written.path, "f01", written.path.name, "en")
    extraction = extract([reading], "en", None)
    score.seconds += time.perf_counter() - start
    score.files += 1
    found = {(item.account, item.period, item.months, item.scope): item for item in extraction.items}
    known = set()
    for truth in written.truth:
        key = (truth.account, truth.period, truth.months, truth.scope)
        known.add(key)
        item = found.get(key)
        score.cells += 1
        if item is not None and abs(item.value - truth.value) <= _CENT and (item.restated or not truth.restated):
            score.right += 1
        else:
            was = "missing" if item is None else f"{item.value} restated {item.restated}"
            score.wrong.append(f"{written.path.name} {key}: {truth.value}, {was}")
    score.made_up += sum(1 for key, item in found.items() if key not in known and item.value and key[0] in _ACCOUNTS)
    score.questions += len(extraction.questions)
    score.failed_checks += sum(1 for check in extraction.checks if not check.holds and not check.information)


def layouts_for(one: Company, wanted: list[str]) -> list[str]:
    """Return the layouts in which a company prints its statements: those of its language."""
    known = ENGLISH if one.profile.language == "en" else CHINESE
    return [name for name in wanted if name in known]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=COUNT)
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--formats", default="xlsx,pdf")
    parser.add_argument("--wrong", type=int, default=0, help="wrong cells to list of each layout and format")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    with tempfile.TemporaryDirectory() as made:
        for number in range(given.companies):
            one = company(number)
            for layout in layouts_for(one, given.layouts.split(",")):
                for form in given.formats.split(","):
                    folder = Path(made) / f"{number}-{layout}-{form}"
                    for written in write_statements(one, folder, layout, form):
                        measured(written, scores[layout, form])
    names = (f"{name:>{width}}" for name, width in _HEADER)
    print(f"{'layout':20} {'format':6} {' '.join(names)}")
    for (layout, form), score in sorted(scores.items()):
        print_line(layout, form, score)
        for text in score.wrong[: given.wrong]:
            print(f"    {text}")
    whole = sum_of(list(scores.values()))
    print_line("all", "", whole)
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    if given.json:
        found = {f"{layout}/{form}": score.right / score.cells for (layout, form), score in scores.items()}
        found["all"] = whole.right / whole.cells
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def sum_of(scores: list[Score]) -> Score:
    """Return all scores together."""
    whole = Score()
    for score in scores:
        for name in ("files", "cells", "right", "made_up", "questions", "failed_checks", "seconds"):
            setattr(whole, name, getattr(whole, name) + getattr(score, name))
    return whole


def print_line(layout: str, form: str, score: Score) -> None:
    """Print one line of the table; `checks` are those that fail."""
    print(
        f"{layout:20} {form:6} {score.files:5} {score.cells:7} {score.right / max(score.cells, 1):8.4f}"
        f" {score.made_up:7} {score.questions:6} {score.failed_checks:6} {score.seconds / max(score.files, 1):7.2f}"
    )


if __name__ == "__main__":
    main()
