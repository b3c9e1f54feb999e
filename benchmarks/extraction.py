"""Speed of reading documents, on one core: `python benchmarks/extraction.py FILES…`.

An exception to the rule that benchmarks drive the HTTP API: text extraction is one step of an upload and can only be
timed by itself from inside. Each file is read by the real confined process (`appliance.knowledge.intake.reading`).
Seconds are that process's processor time, so that other work on the machine does not count: "with" all of it,
"without" less what a file of one word takes, which is the start of the process.
"""

import argparse
import json
import resource
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from machine import describe

from appliance.core.errors import RequestError
from appliance.knowledge.intake.chunks import chunk
from appliance.knowledge.intake.reading import extract

_LEAST_SHARE = 0.2  # of the start; what is read in less cannot be told from noise


@dataclass
class Total:
    """Sums over the files of one format; seconds are those of the fastest of several readings."""

    files: int = 0
    pages: int = 0
    passages: int = 0
    characters: int = 0
    seconds: float = 0.0


def processor_s() -> float:
    """Return the processor time of the child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(path: Path, repeats: int) -> tuple[float, int, int, int]:
    """Return seconds, pages (0 where the format has none), passages and characters of one document."""
    seconds = []
    for _repeat in range(repeats):
        before = processor_s()
        extracted = extract(path, path.name)
        seconds.append(processor_s() - before)
    return min(seconds), extracted.pages or 0, len(chunk(extracted)), len(extracted.text)


def start_s(repeats: int) -> float:
    """Return how long the process takes for a file of one word."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.txt"
        path.write_text("word", encoding="utf-8")
        return timed(path, repeats)[0]


def line(name: str, total: Total, start: float) -> str:
    """Return one line of the table."""
    net = total.seconds - start * total.files

    def rate(count: int, seconds: float) -> str:
        known = count and seconds > _LEAST_SHARE * start * total.files
        return f"{count / seconds:9.1f}" if known else f"{'-':>9}"

    return (
        f"{name:8} {total.files:5} {total.pages:6} {total.passages:8} {total.characters:10,}"
        f" {rate(total.pages, net)} {rate(total.pages, total.seconds)}"
        f" {rate(total.passages, net)} {rate(total.passages, total.seconds)}"
    )


def main() -> None:
    """Read the files and print pages and passages a second by format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=3, help="readings of each file; the fastest counts")
    parser.add_argument("--each", action="store_true", help="print a line for each file too")
    arguments = parser.parse_args()
    start = start_s(arguments.repeats)
    totals: defaultdict[str, Total] = defaultdict(Total)
    print(json.dumps(describe()))
    print(f"start of the process: {start * 1000:.0f} ms\n")
    print(f"{'':40} {'pages/s':>19} {'passages/s':>19}")
    print(
        f"{'format':8} {'files':>5} {'pages':>6} {'passages':>8} {'characters':>10}"
        f" {'without':>9} {'with':>9} {'without':>9} {'with':>9}   start of the process"
    )
    for path in arguments.files:
        try:
            seconds, pages, passages, characters = timed(path, arguments.repeats)
        except RequestError as error:
            print(f"{path.name}: {error}")
            continue
        one = Total(1, pages, passages, characters, seconds)
        if arguments.each:
            print(line(path.suffix, one, start), path.name)
        total = totals[path.suffix.lower()]
        for name, value in vars(one).items():
            setattr(total, name, getattr(total, name) + value)
    for name, total in sorted(totals.items()):
        print(line(name, total, start))


if __name__ == "__main__":
    main()
