"""How long a due diligence report takes, by step and by section, from the folder to all six files.

    python benchmarks/reports.py [--sizes plain,larger] [--languages zh_CN,en] [--processes 2] [--company 1]
                                 [--keep FOLDER] [--json FILE]

The papers are made up (`plain`: 25 files, `larger`: 30 files with three more years, and an outline of the bank's own
that lists a thousand payments instead of a hundred). Each step is the task that a job
runs in a worker of the cluster, given to a pool of processes as Ray gives it to its workers; the steps' results are
files, as there. The model's phrasing is left out. Nothing goes over HTTP. Pages are those of the PDF.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

import pypdfium2
from machine import describe

from scenarios.reports.jobs import finishing, steps
from scenarios.reports.jobs.spec import FIELDS, REST, Files, Source, Spec, read_version
from scenarios.reports.outlines.loading import SHIPPED, load
from scenarios.reports.samples.companies import company
from scenarios.reports.samples.folders import write_folder, write_larger_folder
from scenarios.reports.writing.sections import section_ids
from scenarios.reports.writing.tracing import coverage, untraced

_TEMPLATE = "due-diligence"
_AS_OF = "2026-04-30"
T = TypeVar("T")
_MORE = {"draft": True, "sign_off": None, "comments": (), "label_producer": None}
_FEW_PAYMENTS = "payments: largest, most: 100"
_MANY_PAYMENTS = "payments: largest, most: 1000"
_FUNCTIONS = {
    "read_one": steps.read_one,
    "examine": steps.examine,
    "write_one": steps.write_one,
    "render": finishing.render,
}


def call(given: tuple[str, Mapping[str, Any]]) -> tuple[Any, float]:
    """Run a task in a process of the pool; return its result and its seconds."""
    name, arguments = given
    began = time.perf_counter()
    made = _FUNCTIONS[name](**arguments)
    return made, time.perf_counter() - began


class Run:
    """One report of one folder."""

    def __init__(self, pool: Pool, folder: Path, language: str, size: str, number: int) -> None:
        self.pool = pool
        self.job = folder / "job"
        self.own = folder / "own"
        self.own.mkdir(parents=True)
        shipped = SHIPPED / "templates" / _TEMPLATE / "outline.yaml"
        if size == "larger":  # a bank's own outline that lists more payments
            text = shipped.read_text(encoding="utf-8")
            shipped = self.own / "templates" / _TEMPLATE / "outline.yaml"
            shipped.parent.mkdir(parents=True)
            shipped.write_text(text.replace(_FEW_PAYMENTS, _MANY_PAYMENTS), encoding="utf-8")
        sources = self.job / "sources"
        made = company(number)
        write = write_folder if size == "plain" else write_larger_folder
        write(made, sources, language=language)
        files = []
        for at, path in enumerate(sorted(sources.iterdir()), start=1):
            content = path.read_bytes()
            files.append(
                Source(
                    id=f"f{at:02}", name=path.name, sha256=hashlib.sha256(content).hexdigest(), size=len(content)
                )
            )  # fmt: skip
        self.spec = Spec(job="bench", template=_TEMPLATE, language=language, as_of=_AS_OF, files=tuple(files))  # type: ignore[arg-type]
        self.outline = load(shipped)
        self.seconds: dict[str, float] = {}
        self.of_sections: list[tuple[str, str, float]] = []
        self.of_files: dict[str, float] = {}
        self.of_formats: dict[str, float] = {}
        self.found: dict[str, Any] = {"files": len(files), "language": language, "size": size}

    @property
    def shared(self) -> dict[str, Any]:
        """What every task is given."""
        return {"job": str(self.job), "spec": self.spec.model_dump(mode="json"), "own": str(self.own)}

    def many(self, name: str, items: Sequence[Mapping[str, Any]]) -> list[tuple[Any, float]]:
        """Run a task for each item in the pool; return results and seconds in order."""
        return list(self.pool.map(call, [(name, one) for one in items], chunksize=1))

    def whole(self) -> None:
        """Run all steps."""
        began = time.perf_counter()
        read = self._timed("read", lambda: self.many("read_one", self._each_file()))
        self.of_files = {one["name"]: seconds for one, seconds in read}
        self._timed("fields", lambda: self.many("examine", [{**self.shared, "part": FIELDS}]))
        rest = [{**self.shared, "part": part} for part in REST]
        self._timed("statements, payments", lambda: self.many("examine", rest))
        self._timed("figures", lambda: steps.conclude(**self.shared))
        ids = section_ids(self.outline)
        made = self._timed(
            "sections", lambda: self.many("write_one", [{**self.shared, "section": one} for one in ids])
        )  # fmt: skip
        self.of_sections = [(one["id"], one["title"], seconds) for one, seconds in made]
        about = self._timed("assemble, trace", self._assembled)
        self._timed("files", lambda: self._rendered(about))
        self.seconds["whole"] = time.perf_counter() - began
        self._measure(about)

    def _each_file(self) -> list[dict[str, Any]]:
        return [{**self.shared, "at": at} for at in range(len(self.spec.files))]

    def _timed(self, name: str, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        made = work()
        self.seconds[name] = time.perf_counter() - began
        return made

    def _assembled(self) -> dict[str, Any]:
        levels = {one.id: one.level for one in self.outline.sections}
        rows = [
            {"id": name, "title": title, "level": levels.get(name, 1), "from": "code"}
            for name, title, _seconds in self.of_sections
        ]
        about = {
            "id": "rep_bench", "number": 1, "title": "", "template_version": "1", "author": "bench", "bank": "",
            "made_at": "2026-04-30T08:00:00Z", "last": None,
        }  # fmt: skip
        made: dict[str, Any] = finishing.assemble(**self.shared, sections=rows, about=about)
        return made

    def _rendered(self, made: Mapping[str, Any]) -> None:
        shared = {
            "job": str(self.job), "version": 1, "sha256": made["sha256"], "own": str(self.own),
            "template": _TEMPLATE, "more": _MORE,
        }  # fmt: skip
        rendered = self.many("render", [{**shared, "name": name} for name in finishing.FORMATS])
        for name, (one, seconds) in zip(finishing.FORMATS, rendered, strict=True):
            self.of_formats[name] = seconds
            self.found[f"{name} KiB"] = round(Path(one["file"]).stat().st_size / 1024)
            if name == "pdf":
                self.found["pages"] = len(pypdfium2.PdfDocument(one["file"]))

    def _measure(self, made: Mapping[str, Any]) -> None:
        report = read_version(self.job, 1, made["sha256"])
        blocks = [block for section in report.sections for block in section.blocks]
        sentences = [one for block in blocks if block.type == "paragraph" for one in block.sentences]
        cells = sum(len(row) for block in blocks if block.type == "table" for row in block.table.rows)
        self.found |= {
            "sections": len(report.sections),
            "sentences": len(sentences),
            "cells": cells,
            "figures": len(report.figures),
            "charts": sum(block.type == "picture" for block in blocks),
            "untraced": len(untraced(report, self.outline.literal)),
            "coverage": round(coverage(report), 4),
            "payments": len(_examined(self.job, self.spec)),
        }


def _examined(job: Path, spec: Spec) -> Sequence[Any]:
    data = json.loads(Files(job, spec).examined.read_bytes())
    payments: Sequence[Any] = _inner(data)["dossier"]["payments"]
    return payments


def _inner(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return data if "dossier" in data else next(one for one in data.values() if isinstance(one, dict))


def show(run: Run, load_before: float) -> None:
    """Print one run."""
    print(f"\n{run.found['size']}, {run.found['language']}: {run.found['pages']} pages, load before {load_before:.1f}")
    print("  " + ", ".join(f"{name} {value}" for name, value in run.found.items() if name not in ("size", "language")))
    print("  seconds by step")
    for name, seconds in run.seconds.items():
        print(f"    {name:24} {seconds:8.2f}")
    print("  seconds by file, the slowest five")
    for name, seconds in sorted(run.of_files.items(), key=lambda one: -one[1])[:5]:
        print(f"    {name:40} {seconds:8.2f}")
    print("  seconds by format (two at once)")
    for name, seconds in run.of_formats.items():
        print(f"    {name:24} {seconds:8.2f}")
    print("  seconds by section")
    for name, title, seconds in run.of_sections:
        print(f"    {name:24} {seconds:8.2f}  {title}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="plain,larger")
    parser.add_argument("--languages", default="zh_CN,en")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--company", type=int, default=1, help="number of the made-up company; English: one more")
    parser.add_argument("--keep", type=Path, help="leave the folders, steps and files there")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    machine = describe()
    print(json.dumps(machine, indent=1))
    results = []
    with tempfile.TemporaryDirectory() as made:
        for size in given.sizes.split(","):
            for language in given.languages.split(","):
                folder = (given.keep or Path(made)) / f"{size}-{language}"
                shutil.rmtree(folder, ignore_errors=True)
                number = given.company + (0 if language.startswith("zh") else 1)
                # Processes of a pool of its own: what one run has cached is not there for the next.
                with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
                    run = Run(pool, folder, language, size, number)
                    load_before = os.getloadavg()[0]
                    run.whole()
                show(run, load_before)
                results.append(
                    {**run.found, "seconds": run.seconds, "by_section": run.of_sections, "by_format": run.of_formats,
                     "load_before": load_before}
                )  # fmt: skip
    if given.json:
        given.json.write_text(
            json.dumps({"machine": machine, "runs": results}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )  # fmt: skip


if __name__ == "__main__":
    main()
