"""How answers are scored: exact match, F1 over words, and whether a longer answer holds what was wanted."""

import re
from collections import Counter

_PUNCTUATION = re.compile(r"[^\w\s.%()-]")
_LOOSE_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalised(text: str) -> str:
    """Return a cell or an answer as compared: no case, currency signs, thousands commas, articles or outer blanks.

    A percent sign goes too; brackets stay where they hold a figure, since they make it negative.
    """
    folded = _PUNCTUATION.sub("", text.casefold().replace(",", "").replace("−", "-"))
    folded = re.sub(r"\(\s*([\d.]+)\s*%?\s*\)", r" -\1 ", folded).replace("(", " ").replace(")", " ").replace("%", " ")
    folded = re.sub(r"-\s+(?=\d)", "-", folded)
    return " ".join(_ARTICLES.sub(" ", _LOOSE_POINT.sub(" ", folded)).split())


def exact(answer: str, wanted: str) -> bool:
    """Tell whether an answer is what was wanted and nothing else."""
    return normalised(answer) == normalised(wanted)


def holds(answer: str, wanted: str) -> bool:
    """Tell whether an answer has what was wanted among its words: right in substance, whatever the form."""
    return f" {normalised(wanted)} " in f" {normalised(answer)} "


def f1(answer: str, wanted: str) -> float:
    """Return the F1 of an answer's words, 0 to 1."""
    said, due = normalised(answer).split(), normalised(wanted).split()
    if not said or not due:
        return float(said == due)
    common = sum((Counter(said) & Counter(due)).values())
    return 2 * common / (len(said) + len(due))


def intent_named(answer: str) -> str:
    """Return the name in an answer's first line, as BANKING77 writes names: lower case, joined by underscores."""
    first = answer.strip().split("\n", 1)[0]
    return re.sub(r"[^a-z0-9]+", "_", first.casefold()).strip("_")


def same_intent(answer: str, wanted: str) -> bool:
    """Tell whether an answer is the name of the wanted intent and nothing else."""
    return intent_named(answer) == intent_named(wanted)


def holds_intent(answer: str, wanted: str) -> bool:
    """Tell whether an answer's first line has the name of the wanted intent in it."""
    return f"_{intent_named(wanted)}_" in f"_{intent_named(answer)}_"
