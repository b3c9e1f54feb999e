"""Knowledge cards on the golden calls: precision, coverage, false cards, and what a card costs.

    python benchmarks/call_cards.py [--without-intents] [--threshold 0.5] [--show] [--json FILE]

In process, on one core: the sample base is built from scenarios/agent_assist/documents with the real embedder. A card
is right where it quotes one of the places that the golden call names; coverage is the part of the cards due that were
shown and right. `fit` is what the weights were set on, `judge` is not. zh-en is a Chinese turn that only an English
document answers, en-zh the other way. Milliseconds are of this process's processor time for one turn that is searched
for, its own embedding included.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from machine import describe

sys.path.insert(0, str(Path(__file__).parent.parent))

from appliance.core.principal import PLATFORM_TENANT, Principal
from appliance.knowledge.bases.store import KnowledgeStore
from appliance.knowledge.e5 import LocalEmbedder
from appliance.knowledge.evaluation.evaluate import ingest, temporary_store
from appliance.knowledge.models import Selection
from scenarios.agent_assist.guidance.cards import THRESHOLD, CardFinder
from scenarios.agent_assist.guidance.golden import Analyse, Outcome, by_language, figures, golden_calls, judge
from scenarios.agent_assist.models import Analysis, Intent, Turn
from scenarios.agent_assist.reading.language import language_of

PACK = Path(__file__).parent.parent / "scenarios" / "agent_assist"
BASE = "seat-handbook"
SEAT = Principal(PLATFORM_TENANT, "admin", "lma-benchmark")
OTHERS = 2


class Here:
    """The knowledge bases of this process, as a scenario asks them."""

    def __init__(self, store: KnowledgeStore) -> None:
        self._store = store
        self.cpu_ms: list[float] = []

    async def answer(
        self,
        who: Principal,
        base: str,
        question: str,
        max_citations: int = 3,
        selection: Mapping[str, Any] | None = None,
        min_confidence: float | None = None,
    ) -> dict[str, Any]:
        """Answer, and note the processor time."""
        began = time.process_time()
        least = 0.0 if min_confidence is None else min_confidence
        found = self._store.answer(who, base, question, max_citations, Selection(**(selection or {})), least)
        self.cpu_ms.append((time.process_time() - began) * 1000)
        return found.model_dump(mode="json")


def with_intents(embedder: LocalEmbedder) -> Analyse:
    """Return what reads the intent of a turn as a live call does."""
    from scenarios.agent_assist.intents import IntentBook

    book = IntentBook.load(
        PACK / "intents" / "intents.yaml", None, lambda texts: embedder.embed(list(texts), "query")
    )  # fmt: skip

    async def analyse(turn: Turn) -> Analysis:
        language = language_of(turn.text)
        if turn.speaker == "seat":
            return Analysis(language=language)
        ranked = book.classify(embedder.embed([turn.text], "query")[0], turn.text, language)[: OTHERS + 1]
        intents = [Intent(name=name, title=book.titles[name].en, confidence=min(1.0, sure)) for name, sure in ranked]
        sure = intents[0] if intents and intents[0].confidence >= book.threshold else None
        return Analysis(
            language=language, intent=sure, others=tuple(one for one in intents if one is not sure)[:OTHERS]
        )

    return analyse


def wrong_ones(outcomes: Sequence[Outcome]) -> str:
    """Return the turns that got a wrong card, no card, or one that was not due."""
    lines = []
    for one in outcomes:
        if one.is_right or (not one.is_due and one.card is None):
            continue
        shown = f"{one.card.confidence:.2f} {one.card.document}: {one.card.text}" if one.card else "no card"
        lines.append(f"{'wrong' if one.is_due else 'not due'}  {one.call}: {one.text}\n    {shown}\n")
    return "".join(lines)


def main() -> None:
    """Print a table a set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--without-intents", action="store_true")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--show", action="store_true", help="print the turns that went wrong")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    embedder = LocalEmbedder(threads=1)
    report: dict[str, Any] = {"machine": describe(), "threshold": options.threshold}
    with temporary_store(embedder) as store:
        report["ingestion_s"] = round(ingest(store, BASE, PACK / "documents"), 1)
        here = Here(store)
        finder = CardFinder(here, BASE, options.threshold)
        analyse = by_language if options.without_intents else with_intents(embedder)
        for name in ("fit", "judge"):
            calls = golden_calls(PACK / "evaluation" / "golden_calls" / f"{name}.yaml")
            outcomes = asyncio.run(judge(finder, SEAT, calls, analyse))
            groups = {
                group: [one for one in outcomes if one.group == group] for group in ("zh", "en", "zh-en", "en-zh")
            }
            report[name] = {"all": figures(outcomes)} | {group: figures(found) for group, found in groups.items()}
            if options.show:
                print(f"{name}\n{wrong_ones(outcomes)}")
    report["search_cpu_ms"] = {
        "searches": len(here.cpu_ms),
        "median": round(statistics.median(here.cpu_ms), 1),
        "p95": round(statistics.quantiles(here.cpu_ms, n=20)[-1], 1),
    }
    columns = list(figures([]))
    print("set    part   " + " ".join(f"{name:>14}" for name in columns))
    for name in ("fit", "judge"):
        for part, row in report[name].items():
            print(f"{name:6} {part:6} " + " ".join(f"{row[column]:>14}" for column in columns))
    print(f"search, ms of processor time: {report['search_cpu_ms']}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
