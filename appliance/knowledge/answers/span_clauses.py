"""The clauses of a Chinese sentence that give a reason, or say what a question does not."""

import re
from itertools import pairwise

from appliance.knowledge.answers.span_match import Span, content, places

_CAUSE = re.compile(r"(?:是|主要|正|就|乃)?(?:因为|由于|鉴于|为了?(?=[^，]{2})|因(?!此|而|素))")
_EFFECT = re.compile(r"因此|所以|因而|故(?=[^意事乡])|于是|从而|以致|导致|使得?")
CLAUSE_END = re.compile(r"[，。；！？：]|——")


def clauses_of(sentence: str) -> list[Span]:
    """Return the clauses of a sentence with the mark that ends each."""
    edges = [0, *(match.end() for match in CLAUSE_END.finditer(sentence)), len(sentence)]
    return [(start, end) for start, end in pairwise(edges) if end > start]


def cause_span(question: str, sentence: str) -> Span | None:
    """Return the reason: behind 因为 up to what it brings about, or what stands before 因此."""
    marker = _CAUSE.search(sentence)
    if marker:
        end = len(sentence)
        effect = _EFFECT.search(sentence, marker.end())
        if effect and sentence[effect.start() - 1] in "，；":
            end = effect.start()
        elif effect is None:
            end = _until_question(question, sentence, marker.end())
        return marker.end(), end
    effect = _EFFECT.search(sentence)
    if effect and effect.start() > 6:
        return _rest_of(question, sentence, (0, effect.start()))
    return rest_span(question, sentence)


def _until_question(question: str, sentence: str, start: int) -> int:
    """Return where, behind `start`, a clause begins that says what the question says already."""
    own = content(question)
    for left, right in clauses_of(sentence):
        if left > start and _share(sentence[left:right], own) > 0.45:
            return left
    return len(sentence)


def rest_span(question: str, sentence: str) -> Span | None:
    """Return the run of clauses of a sentence that says what the question does not."""
    return _rest_of(question, sentence, (0, len(sentence)))


def _rest_of(question: str, sentence: str, within: Span) -> Span | None:
    """Return the run of clauses that says what the question does not."""
    own = content(question)
    clauses = [span for span in clauses_of(sentence) if within[0] <= span[0] and span[1] <= within[1] + 1]
    while len(clauses) > 1 and _share(sentence[clauses[0][0] : clauses[0][1]], own) > 0.5:
        clauses = clauses[1:]
    while len(clauses) > 1 and _share(sentence[clauses[-1][0] : clauses[-1][1]], own) > 0.5:
        clauses = clauses[:-1]
    if not clauses:
        return None
    start, end = clauses[0][0], min(clauses[-1][1], within[1])
    return _behind_subject(question, sentence, start), end


def _behind_subject(question: str, sentence: str, start: int) -> int:
    """Return the place behind the question's words that open a clause, and behind a copula after them."""
    own = content(question)
    at = start
    for left, right in places(sentence, own):
        if left - at <= 1 and left >= start and right > at:
            at = right
    copula = re.match(r"(?:主要)?(?:是|为|的|在于|有|了)*", sentence[at:])
    return at + copula.end() if copula and at > start else at


def _share(clause: str, own: frozenset[str]) -> float:
    """Return the part of a clause's characters that the question has too."""
    covered: set[int] = set()
    for start, end in places(clause, own):
        covered.update(range(start, end))
    return len(covered) / max(1, sum(char.isalnum() for char in clause))
