"""What the report generator's checks, formulas and reading do on public data sets that it was not made for.

    python benchmarks/report_public.py --data FOLDER [--seed 9] [--json FILE]

FOLDER holds `fineval_rigor/` (FinEval, SUFE-AIFLM-Lab, Apache-2.0) and `finlongeval/` (FinLongEval, valuesimplex,
Apache-2.0). Only counts are printed, no text of theirs.

1. Index extraction: each statement of the reference answers against the passages of its question, by the check that
   traces numbers: accepted where every number is in the passages in amount, unit and sign. The same statements with one
   digit of one number changed: refused where that number is found to be none of them.
2. Numerical calculation: the reference expression, with signs of arithmetic made those of the formulas' language, whole
   powers written out and percent divided, computed by `analysis/expressions.py` against the reference answer.
3. Long documents: numbers of the reference answers of extraction questions that are in what `read_file` gives of the
   PDF; and what is found in the preliminary annual results as a statement.
"""

import argparse
import csv
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from machine import describe

from scenarios.reports.analysis.expressions import ExpressionError, NoValueError, compute, parse
from scenarios.reports.reading.files import read_file
from scenarios.reports.sorting.kinds import sort_file
from scenarios.reports.statements.extracting import extract
from scenarios.reports.writing.given import Given, Said
from scenarios.reports.writing.quantities import quantities

csv.field_size_limit(10**8)
_SIGNS = str.maketrans({"×": "*", "x": "*", "X": "*", "÷": "/", "−": "-", "–": "-", "（": "(", "）": ")", "％": "%"})
_POWER = re.compile(r"(\([^()]*(?:\([^()]*\)[^()]*)*\)|\d+(?:\.\d+)?)\s*(?:\^|\*\*)\s*(\d{1,3})(?![\d.])")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_UNIT = re.compile(r"(?<=\d)\s*(?:万?元|克|股|份|天|年|个月|港元|美元)")
_EXTRACTION = "信息提取"
_RESULTS = "业绩快报"


def rows_of(path: Path) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a CSV file by the names of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def untold(text: str, given: Given) -> bool:
    """Tell whether a text has a number that is not given."""
    return any(not given.has(Said(one, text)) for one in quantities(text))


def with_another_digit(text: str, rng: random.Random) -> str | None:
    """Return a text with one digit of one number changed, but of no date; None where it has no such number."""
    spans = [match.span() for match in re.finditer(r"(?<![\d.年月-])\d[\d,]*(?:\.\d+)?(?![\d.]*[年月日-])", text)]
    if not spans:
        return None
    start, end = rng.choice(spans)
    at = rng.choice([place for place in range(start, end) if text[place].isdigit()])
    digit = rng.choice([one for one in "123456789" if one != text[at]])
    return f"{text[:at]}{digit}{text[at + 1 :]}"


def extraction(data: Path, seed: int) -> dict[str, Any]:
    """Measure the first."""
    rng = random.Random(seed)
    found = {
        "questions": 0,
        "statements": 0,
        "with numbers": 0,
        "accepted": 0,
        "changed": 0,
        "refused": 0,
    }
    began = time.perf_counter()
    for row in rows_of(data / "fineval_rigor" / "Financial Rigor Test_Index Extraction.csv"):
        found["questions"] += 1
        passages = row["基座大模型query"]
        given = Given([passages])
        for statement in _statements(row["参考答案"]):
            found["statements"] += 1
            if not quantities(statement):
                continue
            found["with numbers"] += 1
            found["accepted"] += not untold(statement, given)
            changed = with_another_digit(statement, rng)
            if changed is not None:
                found["changed"] += 1
                found["refused"] += untold(changed, given)
    return found | {"seconds": round(time.perf_counter() - began, 1)}


def _statements(answer: str) -> list[str]:
    try:
        made = json.loads(answer)
    except ValueError:
        made = answer.splitlines()
    return [str(one) for one in made] if isinstance(made, list) else []


def normalised(expression: str) -> str:
    """Return an expression in the language of the formulas: * and / for × and ÷, whole powers written out."""
    text = expression.partition("=")[0].translate(_SIGNS).replace(",", "").replace("，", "")
    text = _UNIT.sub("", text)
    text = _PERCENT.sub(r"(\1/100)", text)
    for _nested in range(4):
        text = _POWER.sub(lambda match: "(" + "*".join([match[1]] * int(match[2])) + ")", text)
    return re.sub(r"\s+", "", text)


def calculation(data: Path) -> dict[str, Any]:
    """Measure the second."""
    found = {"questions": 0, "parsed": 0, "equal": 0}
    for row in rows_of(data / "fineval_rigor" / "Financial Rigor Test_Numerical Calculation.csv"):
        found["questions"] += 1
        try:
            value = compute(parse(normalised(row["题目答案计算逻辑"])), lambda _name, _function: 0.0, signed=True)
        except (ExpressionError, NoValueError):
            continue
        found["parsed"] += 1
        found["equal"] += _is_answer(value, row["标准答案"])
    return dict(found)


def _is_answer(value: float, answer: str) -> bool:
    """Tell whether a value is the answer's number with its decimals, or cut after them."""
    match = re.search(r"-?\d[\d,]*(?:\.(\d+))?", answer)
    if match is None:
        return False
    told = float(match[0].replace(",", ""))
    step = 10.0 ** -len(match[1] or "")
    scale = 0.01 if answer[match.end() :].lstrip().startswith("%") else 1.0
    return any(abs(value / one - told) < step * (1.0 - 1e-9) for one in {scale, 1.0})


def documents(data: Path) -> list[dict[str, Any]]:
    """Measure the third, each PDF in a row."""
    folder = data / "finlongeval"
    questions = [json.loads(line) for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
    found = []
    for number, path in enumerate(sorted(folder.glob("*.pdf")), start=1):
        began = time.perf_counter()
        reading = read_file(path, "f01", path.name, "zh_CN")
        seconds = time.perf_counter() - began
        reading = reading.model_copy(update={"file": sort_file(reading, None)})
        cells = (cell for grid in reading.grids for row in (grid.above, *grid.rows) for cell in row)
        given = Given([*(one.text for one in reading.passages), *cells])
        answers = [
            one["reference_answer"] for one in questions
            if one["document_name"] == path.stem and one["question_type"] == _EXTRACTION
        ]  # fmt: skip
        numbers = [(one, text) for text in answers for one in quantities(text)]
        row: dict[str, Any] = {
            "document": number, "pages": reading.file.pages, "seconds": round(seconds, 2), "fault": reading.file.fault,
            "kind": reading.file.kind, "answers": len(answers), "numbers": len(numbers),
            "found": sum(given.has(Said(one, text)) for one, text in numbers),
        }  # fmt: skip
        if _RESULTS in path.stem:
            made = extract([reading], "zh_CN", None)
            row["statement"] = {
                "items": len(made.items), "sure": sum(one.confidence >= 0.8 for one in made.items),
                "accounts": sorted({one.account for one in made.items}), "questions": len(made.questions),
                "checks": len(made.checks), "failed": sum(not one.holds for one in made.checks),
            }  # fmt: skip
        found.append(row)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    machine = describe()
    print(json.dumps(machine, indent=1))
    first = extraction(given.data, given.seed)
    print("1. statements against their passages:", json.dumps(first))
    second = calculation(given.data)
    print("2. reference expressions:", json.dumps(second))
    third = documents(given.data)
    print("3. documents")
    for row in third:
        print("  ", json.dumps(row, ensure_ascii=False))
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    if given.json:
        made = {"machine": machine, "extraction": first, "calculation": second, "documents": third}
        given.json.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
