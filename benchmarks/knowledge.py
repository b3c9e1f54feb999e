"""Knowledge bases of a running appliance on public question sets, over HTTP only.

    python benchmarks/knowledge.py cmrc dev.json --limit 400          # Chinese passages, extractive answers
    python benchmarks/knowledge.py figures FOLDER                     # long PDFs: are the figures found at their page?
    python benchmarks/knowledge.py latency questions.yaml --kb bank-samples

URL and key: --url and --key-file. Bases are made under a name of their own and deleted at the end. The data sets are
read from the paths given; nothing of them is kept.
"""

import argparse
import json
import re
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pypdfium2
import yaml
from machine import describe

_WAIT_S = 3600.0
_DEPTH = 5
_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?%?")
_LEAST_DIGITS = 2  # a lone digit stands on every page


class Appliance:
    """The HTTP API with one key."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=600, trust_env=False)

    def call(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - JSON
        """Return a route's JSON."""
        reply = self._http.request(method, path, **options)
        if reply.is_error:
            sys.exit(f"{method} {path}: {reply.status_code} {reply.text[:500]}")
        return reply.json()

    @contextmanager
    def base(self, name: str) -> Any:  # noqa: ANN401 - a generator
        """Make an empty knowledge base and delete it afterwards."""
        self.call("POST", "/v1/knowledge-bases", json={"name": name, "title": name})
        try:
            yield name
        finally:
            self.call("DELETE", f"/v1/knowledge-bases/{name}")

    def add(self, base: str, files: Iterable[tuple[str, bytes]]) -> tuple[dict[str, str], float]:
        """Upload files and wait until all are indexed; return ids by name, and the seconds taken."""
        began = time.perf_counter()
        ids = {}
        for name, content in files:
            row = self.call("POST", f"/v1/knowledge-bases/{base}/documents", files={"file": (name, content)})
            ids[name] = row["id"]
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            rows = self.call("GET", f"/v1/knowledge-bases/{base}/documents")["data"]
            failed = [f"{row['name']}: {row['reason']}" for row in rows if row["status"] == "failed"]
            if failed:
                sys.exit("not indexed: " + "; ".join(failed[:3]))
            if all(row["status"] == "indexed" for row in rows):
                return ids, time.perf_counter() - began
            time.sleep(1)
        sys.exit(f"not indexed after {_WAIT_S:.0f} s")

    def search(self, base: str, query: str, k: int = _DEPTH) -> list[dict[str, Any]]:
        """Return passages, best first."""
        return self.call("POST", f"/v1/knowledge-bases/{base}/search", json={"query": query, "k": k})["data"]

    def ask(self, base: str, question: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return the scenario's answer."""
        body = {"question": question, "knowledge_base": base, **options}
        return self.call("POST", "/v1/scenarios/knowledge-qa/ask", json=body)


def normal(text: str) -> str:
    """Return a text as CMRC's measure compares it: lower case, without punctuation and blanks."""
    marks = string.punctuation + "，。：？！“”；’《》……·、「」（）－～『』——‘"
    return "".join(char for char in text.lower() if char not in marks and not char.isspace())


def exact_and_f1(given: str, wanted: Iterable[str]) -> tuple[float, float]:
    """Return exact match and F1 over characters, the best over the reference answers."""
    exact = best = 0.0
    found = normal(given)
    for answer in map(normal, wanted):
        exact = max(exact, float(found == answer))
        common = _longest_common(found, answer)
        if common:
            precision, recall = common / len(found), common / len(answer)
            best = max(best, 2 * precision * recall / (precision + recall))
    return exact, best


def _longest_common(left: str, right: str) -> int:
    """Return the length of the longest common piece: CMRC's measure counts that, not single characters."""
    best, row = 0, [0] * (len(right) + 1)
    for char in left:
        previous = 0
        for place, other in enumerate(right, start=1):
            previous, row[place] = row[place], previous + 1 if char == other else 0
            best = max(best, row[place])
    return best


def cmrc(appliance: Appliance, arguments: argparse.Namespace) -> dict[str, Any]:
    """Each passage is a text document; each question is asked of all of them, and of its own alone."""
    data = json.loads(arguments.data.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
    questions = [(f"{p['id']}.txt", qa) for p in paragraphs for qa in p["qas"]][: arguments.limit]
    scores: Counter[str] = Counter()
    with appliance.base("benchmark-cmrc") as base:
        ids, seconds = appliance.add(base, [(f"{p['id']}.txt", p["context"].encode()) for p in paragraphs])
        for number, (name, qa) in enumerate(questions):
            found = [passage["document"] for passage in appliance.search(base, qa["question"])]
            scores["recall_at_1"] += found[:1] == [name]
            scores["recall_at_5"] += name in found
            wanted = [answer["text"] for answer in qa["answers"]]
            own = appliance.ask(base, qa["question"], documents=[ids[name]])
            _score(scores, "own", own, wanted)
            _score(scores, "open", appliance.ask(base, qa["question"]), wanted)
            if number % 50 == 49:
                print(f"  {number + 1} of {len(questions)}", file=sys.stderr)
    figures = {name: round(value / len(questions), 4) for name, value in sorted(scores.items())}
    return {"passages": len(paragraphs), "questions": len(questions), "ingestion_s": round(seconds, 1), **figures}


def _score(scores: Counter[str], way: str, answer: dict[str, Any], wanted: list[str]) -> None:
    """Count an answer; one that was declined scores nothing."""
    scores[f"{way}_answered"] += answer["answered"]
    if answer["answered"]:
        exact, f1 = exact_and_f1(answer["short"] or answer["answer"], wanted)
        scores[f"{way}_exact"] += exact
        scores[f"{way}_f1"] += f1
        scores[f"{way}_sentence_holds"] += any(normal(text) in normal(answer["answer"]) for text in wanted)


def figures(appliance: Appliance, arguments: argparse.Namespace) -> dict[str, Any]:
    """Whole PDFs go in; a figure of a reference answer is found where a passage at a page that prints it holds it."""
    folder: Path = arguments.data
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line.strip()]
    pdfs = sorted(folder.glob("*.pdf"))
    pages = {path.name: _page_texts(path) for path in pdfs}
    rows = []
    with appliance.base("benchmark-figures") as base:
        _ids, seconds = appliance.add(base, [(path.name, path.read_bytes()) for path in pdfs])
        for question in questions:
            name = f"{question['document_name']}.pdf"
            wanted = _printed_figures(question["reference_answer"], pages[name])
            found = [p for p in appliance.search(base, question["question"], arguments.depth) if p["document"] == name]
            hits = {
                figure for figure, places in wanted.items() for p in found
                if p["page"] in places and figure in _bare(p["text"])
            }  # fmt: skip
            answer = appliance.ask(base, question["question"])
            cited = {
                figure for figure, places in wanted.items() for c in answer["citations"]
                if c["document"] == name and c["page"] in places and figure in _bare(c["quote"])
            }  # fmt: skip
            rows.append(
                {
                    "question": question["question"][:40],
                    "figures": len(wanted),
                    "searched": len(hits),
                    "cited": len(cited),
                }
            )
    total = sum(row["figures"] for row in rows)
    return {
        "pages": sum(map(len, pages.values())), "ingestion_s": round(seconds, 1), "questions": len(rows),
        "figures": total, "depth": arguments.depth, "found_by_search": sum(row["searched"] for row in rows),
        "found_in_citations": sum(row["cited"] for row in rows), "each": rows,
    }  # fmt: skip


def _page_texts(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    return [_bare(page.get_textpage().get_text_bounded()) for page in document]


def _bare(text: str) -> str:
    return re.sub(r"[\s,，]", "", text)


def _printed_figures(reference: str, pages: list[str]) -> dict[str, set[int]]:
    """Return the figures of a reference answer that the document prints, each with its pages, from 1."""
    found = {}
    for figure in {_bare(match) for match in _FIGURE.findall(reference)}:
        places = {number for number, text in enumerate(pages, start=1) if figure in text}
        if sum(char.isdigit() for char in figure) >= _LEAST_DIGITS and places:
            found[figure] = places
    return found


def latency(appliance: Appliance, arguments: argparse.Namespace) -> dict[str, Any]:
    """Search and ask, one at a time, after one round to warm up."""
    questions = [entry["question"] for entry in yaml.safe_load(arguments.data.read_text())["questions"]]
    result: dict[str, Any] = {"questions": len(questions)}
    calls: dict[str, Callable[[str], object]] = {
        "search": lambda question: appliance.search(arguments.kb, question),
        "ask": lambda question: appliance.ask(arguments.kb, question),
    }
    for name, call in calls.items():
        for question in questions[:10]:
            call(question)
        times = []
        for question in questions:
            began = time.perf_counter()
            call(question)
            times.append((time.perf_counter() - began) * 1000)
        times.sort()
        result |= {f"{name}_ms_p50": round(median(times), 1), f"{name}_ms_p95": round(times[int(len(times) * 0.95)], 1)}
    return result


def main() -> None:
    """Run one benchmark and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["cmrc", "figures", "latency"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--key-file", type=Path, default=Path("~/.local/share/appliance/admin.key"))
    parser.add_argument("--limit", type=int, default=None, help="ask only so many questions (cmrc)")
    parser.add_argument("--depth", type=int, default=10, help="passages of a search (figures)")
    parser.add_argument("--kb", default="bank-samples", help="knowledge base (latency)")
    arguments = parser.parse_args()
    appliance = Appliance(arguments.url, arguments.key_file.expanduser().read_text().strip())
    run = {"cmrc": cmrc, "figures": figures, "latency": latency}[arguments.what]
    print(json.dumps({"machine": describe(), arguments.what: run(appliance, arguments)}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
