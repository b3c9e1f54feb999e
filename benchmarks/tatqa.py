"""Questions about tables in financial reports: exact match and F1 on TAT-QA's dev set, without any model.

    python benchmarks/tatqa.py ../shared/data/tatqa/dev.json [--mistakes N] [--json FILE]

gives each question its gold document (one table and its paragraphs) and asks the appliance's code for tables in
process: the tables of the set are no files that could be uploaded. Exact match and F1 are those of the data set's own
script: numbers count with their scale, several spans as one sorted answer, and a computed or counted answer is right or
wrong. The first 100 documents served to see which kinds of question there are; the others are for judging.
Baselines: the first figure of the row with the most words of the question, a random cell, the best paragraph's words.
"""

import argparse
import json
import random
import re
import string
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.knowledge.answers.spans import short_answer
from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.language.terms import words
from appliance.knowledge.language.text import sentences
from appliance.knowledge.readers.collect import Collector
from appliance.knowledge.readers.limits import DEFAULT_LIMITS
from appliance.knowledge.readers.tables import add_table, strip_of
from appliance.knowledge.tables import Table, TableAnswer, answer_from_table

_DESIGN = 100  # documents whose questions were looked at
_SCALES = {"": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "percent": 0.01}
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_UNIT_NOTE = re.compile(r"\b(?:in|of) (?:u\.?s\.? )?(?:dollars )?(?:in )?(thousand|million|billion)s\b", re.IGNORECASE)


@dataclass(frozen=True)
class Given:
    """What is answered: spans or one number, and the scale."""

    spans: tuple[str, ...]
    scale: str = ""


def number(text: str) -> float | None:
    """Return a figure as the data set's script reads it: commas and signs dropped, brackets negative, % a hundredth."""
    found = re.findall(r"\d+(?:\.\d+)?|\.\d+", text.replace(",", ""))
    if len(found) != 1 or re.search(r"[a-z]{3}", re.sub("thousand|million|billion|percent", "", text.lower())):
        return None
    value = float(found[0])
    for name in ("thousand", "million", "billion"):
        value *= _SCALES[name] if name in text.lower() else 1.0
    negative = re.search(r"\([\d.,\s$]+\)|^\W*-", text.replace("$", "")) is not None
    return round((-value if negative else value) * (0.01 if "%" in text else 1.0), 4)


def normal(spans: Sequence[str], scale: str) -> str:
    """Return an answer as one string to compare."""
    made = []
    for span in sorted(map(str, spans)):
        value = number(span)
        if value is None:
            bare = "".join(char for char in span.lower() if char not in string.punctuation)
            made.append(" ".join(_ARTICLES.sub(" ", bare).split()) + (f" {scale}" if scale else ""))
        else:
            made.append(f"{value if '%' in span else round(value, 2) * _SCALES[scale]:.4f}")
    return " ".join(made)


def judge(given: Given | None, question: dict[str, Any]) -> tuple[float, float]:
    """Return exact match and F1 of an answer."""
    if given is None or not given.spans:
        return 0.0, 0.0
    answer = question["answer"] if isinstance(question["answer"], list) else [str(question["answer"])]
    gold, made = normal(answer, question["scale"]), normal(given.spans, given.scale)
    exact = float(gold == made)
    if question["answer_type"] in ("arithmetic", "count"):
        return exact, exact
    ours, theirs = set(made.split()), set(gold.split())
    common = len(ours & theirs)
    return exact, 2 * common / (len(ours) + len(theirs)) if common else 0.0


def read_table(grid: Sequence[Sequence[str]], paragraphs: Sequence[str]) -> Table:
    """Read a grid as the readers of documents do; the unit that a paragraph states for the table is its caption."""
    collector = Collector("table", DEFAULT_LIMITS)
    add_table(collector, ((at, strip_of(row)) for at, row in enumerate(grid, start=1)))
    extracted = collector.finish()
    rows = [block for block in extracted.blocks if block.kind == "row"]
    width = max((cell.column for block in rows for cell in block.cells), default=0)
    headers, texts = [""] * width, []
    for block in rows:
        cells = [""] * width
        for cell in block.cells:
            cells[cell.column - 1] = block.text[cell.start : cell.end]
            headers[cell.column - 1] = headers[cell.column - 1] or cell.header
        texts.append(cells)
    notes = [note.group() for text in paragraphs for note in _UNIT_NOTE.finditer(text)]
    about = " ".join(
        text[start:end] for text in paragraphs for start, end in sentences(text) if "table" in text[start:end].lower()
    )
    return Table.build(" ".join([*(text for _number, text in extracted.captions), *notes[:1]]), headers, texts, about)


def scale_of(unit: str | None) -> str:
    """Return the data set's name for the scale of a unit."""
    if unit and ("%" in unit or "percent" in unit):
        return "percent"
    return next((name for name in ("thousand", "million", "billion") if unit and name in unit), "")


def from_table(found: TableAnswer | None) -> Given | None:
    """Return a table's answer in the data set's form."""
    if found is None:
        return None
    if found.calculation is not None:
        value = found.calculation.value
        return Given((f"{value:.10g}",), scale_of(found.calculation.unit))
    cells = [cell for _row, cell in found.cells]
    if cells and all(cell.text.strip() in found.short for cell in cells):
        signed = any("%" in cell.text for cell in cells)
        return Given(tuple(cell.text for cell in cells), "" if signed else scale_of(cells[0].unit))
    return Given(tuple(re.split(r", (?!\d{3}\b)", found.short)))


def best_sentence(question: str, paragraphs: Sequence[str]) -> str:
    """Return the sentence with the most words of the question, each counted by how rare it is in the paragraphs."""
    pieces = [text[start:end] for text in paragraphs for start, end in sentences(text)]
    bags = [{term for _kind, term in words(piece)} for piece in pieces]
    often = Counter(term for bag in bags for term in bag)
    asked = {term for _kind, term in words(question)}
    scores = [sum(1 / often[term] for term in bag & asked) for bag in bags]
    return pieces[scores.index(max(scores))] if pieces else ""


def answer(question: str, table: Table, paragraphs: Sequence[str]) -> Given | None:
    """Answer from the table, or else from the paragraphs."""
    found = from_table(answer_from_table(question, table))
    return found or from_text(question, paragraphs)


def from_text(question: str, paragraphs: Sequence[str]) -> Given | None:
    """Answer from the best sentence: the words of it that answer, or all of it."""
    sentence = best_sentence(question, paragraphs)
    return Given((short_answer(analyse(question), sentence) or sentence,)) if sentence else None


def first_figure(question: str, table: Table) -> Given | None:
    """Baseline: the first figure of the row that has the most words of the question."""
    asked = {term for _kind, term in words(question)}
    ranked = sorted(table.rows, key=lambda row: -len(asked & {term for _kind, term in words(row.header)}))
    cells = [cell for row in ranked[:1] for cell in row.cells if cell.figure is not None]
    return Given((cells[0].text,), "" if "%" in cells[0].text else scale_of(cells[0].unit.text)) if cells else None


def any_cell(table: Table, chance: random.Random) -> Given | None:
    """Baseline: a random cell."""
    cells = [cell for row in table.rows for cell in row.cells]
    if not cells:
        return None
    cell = chance.choice(cells)
    return Given((cell.text,), "" if "%" in cell.text else scale_of(cell.unit.text))


def ways() -> dict[str, Callable[[str, Table, Sequence[str]], Given | None]]:
    """Return the ways of answering that are compared, by name."""
    chance = random.Random(7)
    return {
        "appliance": answer,
        "table_only": lambda question, table, _paragraphs: from_table(answer_from_table(question, table)),
        "first_figure": lambda question, table, _paragraphs: first_figure(question, table),
        "random_cell": lambda _question, table, _paragraphs: any_cell(table, chance),
        "best_sentence": lambda question, _table, paragraphs: from_text(question, paragraphs),
    }


def measure(documents: Sequence[dict[str, Any]], mistakes: int) -> dict[str, Any]:
    """Return exact match and F1 in per cent by way, and by answer type and source; print some mistakes if wanted."""
    scores: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    chance = random.Random(11)
    wrong = []
    for document in documents:
        paragraphs = [paragraph["text"] for paragraph in document["paragraphs"]]
        table = read_table(document["table"]["table"], paragraphs)
        for question in document["questions"]:
            groups = ("all", question["answer_type"], "from " + question["answer_from"])
            groups += (f"{question['answer_type']} / {question['answer_from']}",)
            if question["answer_from"] != "text":
                groups += ("not from text",)
            for name, way in _WAYS.items():
                given = way(question["question"], table, paragraphs)
                judged = judge(given, question)
                for group in groups:
                    scores[group][name].append(judged)
                if name == "appliance" and not judged[0] and question["answer_from"] != "text":
                    wrong.append(
                        (
                            question["answer_type"],
                            question["question"],
                            question["answer"],
                            question["derivation"],
                            question["scale"],
                            given,
                        )
                    )
    for line in chance.sample(wrong, min(mistakes, len(wrong))):
        print(*line, sep=" | ")
    return {
        group: {"questions": len(next(iter(by_way.values()))), **{name: _mean(pairs) for name, pairs in by_way.items()}}
        for group, by_way in sorted(scores.items())
    }


def _mean(pairs: Sequence[tuple[float, float]]) -> list[float]:
    return [round(100 * sum(pair[at] for pair in pairs) / len(pairs), 1) for at in (0, 1)]


_WAYS = ways()


def main() -> int:
    """Measure both halves and print them with the baselines."""
    parser = argparse.ArgumentParser(description="Answer the questions of TAT-QA from their tables.")
    parser.add_argument("dev", type=Path, help="dev.json of TAT-QA")
    parser.add_argument("--mistakes", type=int, default=0, help="print so many wrong answers of the first documents")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    documents = json.loads(options.dev.read_text(encoding="utf-8"))
    report = {
        f"documents 1-{_DESIGN} (seen)": measure(documents[:_DESIGN], options.mistakes),
        f"documents {_DESIGN + 1}-{len(documents)} (judged)": measure(documents[_DESIGN:], 0),
    }
    for part, groups in report.items():
        print(f"\n{part}: exact match / F1 in per cent")
        print(f"{'':26}{'questions':>10}" + "".join(f"{name:>16}" for name in _WAYS))
        for group, row in groups.items():
            cells = "".join(f"{row[name][0]:>9.1f} /{row[name][1]:>5.1f}" for name in _WAYS)
            print(f"{group:26}{row['questions']:>10}{cells}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
