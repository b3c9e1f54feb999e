"""How near a part of a sentence stands to the words that a question repeats of it."""

from appliance.knowledge.asking.questions import stop_terms
from appliance.knowledge.language.terms import pairs, words

Span = tuple[int, int]
"""Start and end in the sentence's characters."""
_CLAUSE_ENDS = "，。；！？,;!?"
_FAR = 40  # characters at which a word of the question counts half


def content(question: str) -> frozenset[str]:
    """Return what a question's words are recognised by: Chinese character pairs, stems and numbers, but no fillers."""
    found: set[str] = set()
    for kind, term in words(question):
        if kind == "zh" and term not in stop_terms("zh"):
            found.update(pairs(term))
        elif kind != "zh" and term not in stop_terms("en"):
            found.add(term)
    return frozenset(found)


def places(sentence: str, own: frozenset[str]) -> list[Span]:
    """Return where the words of a question stand in a sentence."""
    lower = sentence.lower()
    found = []
    for word in own:
        at = lower.find(word)
        while at >= 0:
            found.append((at, at + len(word)))
            at = lower.find(word, at + 1)
    return sorted(found)


def nearness(sentence: str, span: Span, own: frozenset[str]) -> float:
    """Return a score that grows with the question's words near a span, most in its own clause, and before it."""
    score = 0.0
    for start, end in places(sentence, own):
        if end <= span[0]:
            gap, between = span[0] - end, sentence[end : span[0]]
            weight = 1.0
        elif start >= span[1]:
            gap, between = start - span[1], sentence[span[1] : start]
            weight = 0.8
        else:
            score -= 0.5
            continue
        crossed = sum(between.count(char) for char in _CLAUSE_ENDS)
        score += weight / (1 + gap / _FAR) / (1 + 0.6 * crossed)
    return score
