"""How callers' turns sound, by their words alone: accuracy and confusion on own turns and on a public set.

    python benchmarks/emotion.py [--fin-eva FILE] [--mistakes N] [--json FILE]

FILE is Ant_金融认知_金融情绪识别.csv of fin_eva. Own turns, one label and one turn a line, are in
scenarios/agent_assist/reading/evaluation. emotion_{zh,en}.tsv were written before the list of words, by the same hand:
they show that nothing broke, not how good it is. emotion_{zh,en}_more.tsv were written after it and train, with those,
the classifier on embeddings; so do emotion_{zh,en}_calm.tsv, calm turns of every day, some with words of the list.
emotion_{zh,en}_fresh.tsv were written between, to be hard and without the words of the list, and are for judging only;
so are emotion_{zh,en}_calm_fresh.tsv, written before the list was pruned on the calm turns, to count false alarms. The
public set asks whether a sentence about investing is positive, neutral or negative (its release has answers for the
positive ones only); its sentences served for nothing but this figure. A score of at least 0.15 counts as positive, of
at most -0.15 as negative.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from appliance.knowledge.e5 import LocalEmbedder  # noqa: E402
from scenarios.agent_assist.models import Emotion  # noqa: E402
from scenarios.agent_assist.reading.emotion import read_emotion  # noqa: E402

_SETS = ROOT / "scenarios" / "agent_assist" / "reading" / "evaluation"
_LABELS = ("calm", "satisfied", "anxious", "confused", "disappointed", "angry")
_NAMES = tuple(
    f"{language}{kind}" for kind in ("", "_more", "_calm", "_fresh", "_calm_fresh") for language in ("zh", "en")
)
_COARSE = {"calm": "中性", "satisfied": "积极"}
_SIDE = 0.15

Pair = tuple[str, str, str]  # wanted, given, the sentence


class Reader:
    """Reads emotions by words alone or with the embedding too."""

    def __init__(self, embedder: LocalEmbedder | None) -> None:
        self.embedder = embedder
        self.seconds = 0.0
        self.turns = 0

    def __call__(self, text: str) -> Emotion:
        """Return the emotion of a turn; the time of the embedding, which intents need anyway, is not counted."""
        vector = self.embedder.embed([text], "query")[0] if self.embedder else None
        started = perf_counter()
        emotion = read_emotion(text, vector)
        self.seconds += perf_counter() - started
        self.turns += 1
        return emotion


def own_turns(name: str, reader: Reader) -> list[Pair]:
    """Return label, answer and turn for each line of an own set."""
    lines = (_SETS / f"emotion_{name}.tsv").read_text(encoding="utf-8").splitlines()
    wanted = [line.split("\t", 1) for line in lines]
    return [(label, reader(text).label, text) for label, text in wanted]


def side_of(label: str) -> str:
    """Return the public set's name for a label of an own set; its own names stay."""
    return _COARSE.get(label, "消极" if label in _LABELS else label)


def coarse(score: float) -> str:
    """Return the public set's name for a score."""
    return "积极" if score >= _SIDE else "消极" if score <= -_SIDE else "中性"


def public(path: Path, reader: Reader) -> list[Pair]:
    """Return label, answer and sentence for each row of the public set."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    labelled = [row for row in rows if row["answer"] in ("A", "B", "C")]  # a few have no answer
    return [(row[row["answer"]], coarse(reader(row["question"]).score), row["question"]) for row in labelled]


def accuracy(pairs: Sequence[Pair]) -> float:
    """Return the share of right answers."""
    return sum(wanted == given for wanted, given, _text in pairs) / len(pairs)


def most_frequent(pairs: Sequence[Pair]) -> float:
    """Return the accuracy of always giving the most frequent label."""
    return max(Counter(wanted for wanted, _given, _text in pairs).values()) / len(pairs)


def show(title: str, pairs: Sequence[Pair], mistakes: int) -> dict[str, Any]:
    """Print accuracy, recall by label and confusion of a set, and return the figures."""
    labels = [label for label in (*_LABELS, "积极", "中性", "消极") if any(label in pair[:2] for pair in pairs)]
    print(f"\n{title}: {len(pairs)} turns, accuracy {accuracy(pairs):.3f}, always one label {most_frequent(pairs):.3f}")
    sides = [(side_of(wanted), side_of(given)) for wanted, given, _text in pairs]
    print(f"  positive, neutral or negative: {sum(wanted == given for wanted, given in sides) / len(sides):.3f}")
    counts = Counter((wanted, given) for wanted, given, _text in pairs)
    print("  wanted \\ given".ljust(18) + "".join(label[:10].rjust(12) for label in labels))
    for wanted in labels:
        print(f"  {wanted:<16}" + "".join(str(counts[wanted, given]).rjust(12) for given in labels))
    for wanted, given, text in [pair for pair in pairs if pair[0] != pair[1]][:mistakes]:
        print(f"  wanted {wanted}, given {given}: {text}")
    return {
        "turns": len(pairs),
        "sides": sum(wanted == given for wanted, given in sides) / len(sides),
        "accuracy": accuracy(pairs),
        "most_frequent": most_frequent(pairs),
    }


def main() -> None:
    """Print the figures of all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fin-eva", type=Path, help="the CSV of the public set; left out without it")
    parser.add_argument("--mistakes", type=int, default=0, help="how many mistakes on each own set to print")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    for way, reader in (("words", Reader(None)), ("words and embedding", Reader(LocalEmbedder(threads=1)))):
        print(f"\n== By {way} ==")
        found: dict[str, Any] = {}
        for name in _NAMES:
            learnt = reader.embedder is not None and "fresh" not in name
            title = f"own, {name}" + (" (trained on)" if learnt else "")
            found[name] = show(title, own_turns(name, reader), options.mistakes)
        if options.fin_eva:
            found["fin_eva"] = show("fin_eva, 金融情绪识别", public(options.fin_eva, reader), 0)
        found["ms_a_turn"] = reader.seconds / reader.turns * 1000
        print(f"\n{found['ms_a_turn']:.3f} ms a turn, without the embedding itself")
        figures[way] = found
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
