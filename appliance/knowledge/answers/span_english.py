"""The words of an English sentence that answer: a doer, a place, a reason, or what the question does not say yet."""

import re
from itertools import pairwise

from appliance.knowledge.answers.span_match import Span
from appliance.knowledge.asking.questions import stop_terms
from appliance.knowledge.language.terms import stem, words

_WORD = re.compile(r"[A-Za-z0-9][\w'’%.,-]*[\w%]|[A-Za-z0-9]")
_CLAUSE = re.compile(r"[,;:](?=\s)|\s[–-]\s|[.!?](?=\s|$)")
_WHO = re.compile(r"\bwho(?:m|se)?\b|\bwhich (?:department|team|office|unit|person|committee|manager)\b", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere\b|\bwhich (?:place|branch|address|city)\b", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b|\bwhat is the reason\b", re.IGNORECASE)
_YES_OR_NO = re.compile(
    r"^\s*(?:can|may|must|is|are|do|does|did|will|should|shall|could|has|have|was|were)\b", re.IGNORECASE
)
_BY = re.compile(
    r"\b(?:by|from|to|with)\s+(?P<who>(?:the |an? )?[A-Za-z][\w' -]*?)(?=[,.;:]| (?:within|before|after|if|when|at|on"
    r"|in|for)\b|$)"
)
_PLACE = re.compile(
    r"\b(?:at|in|on|from|to|through|via|into)\s+(?P<where>(?:the |any |an? |our "
    r"|your )?[A-Za-z0-9][^,.;:]*?)(?=[,.;:]| (?:within|before|after|if|when|and)\b|$)"
)
_REASON = re.compile(
    r"\b(?:because(?: of)?|since|due to|as a result of|in order to|so that|to (?:protect|prevent|avoid|comply|meet))\b"
)
_FEW = 12  # characters
_LEADING = frozenset([
    "is", "are", "was", "were", "be", "been", "must", "may", "can", "will", "should", "shall", "has", "have", "to",
    "of", "for", "the", "that", "it", "and", "or", "by", "with", "as", "at",
])  # fmt: skip
_TRAILING = frozenset([
    "is", "are", "was", "were", "be", "must", "may", "can", "will", "should", "shall", "has", "have", "to", "of",
    "for", "the", "a", "an", "that", "and", "or", "by", "with", "as", "at", "in", "on",
])  # fmt: skip


def english_span(question: str, sentence: str) -> Span | None:
    """Return where the answer stands, or None where nothing but the question's own words is there."""
    own = {term for _kind, term in words(question) if term not in stop_terms("en")}
    clause = _nearest_clause(own, sentence)
    if _WHY.search(question):
        reason = _REASON.search(sentence)
        return (reason.start(), len(sentence)) if reason else clause
    if _WHO.search(question):
        return _new_group(_BY, "who", own, sentence) or _subject(own, sentence) or _new_words(own, sentence, clause)
    if _WHERE.search(question):
        return _new_group(_PLACE, "where", own, sentence) or _new_words(own, sentence, clause)
    if _YES_OR_NO.match(question):
        return clause
    found = _new_words(own, sentence, clause)
    if found is None or found[1] - found[0] < _FEW:  # "… requires the licence, the articles …": the list is the answer
        return _new_words(own, sentence, (0, len(sentence)))
    return found


def _nearest_clause(own: set[str], sentence: str) -> Span:
    """Return the clause with most of the question's words, the earliest of equals."""
    edges = [0, *(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]
    clauses = [(start, end) for start, end in pairwise(edges) if sentence[start:end].strip()]
    return max(clauses, key=lambda span: len(own & _stems(sentence[span[0] : span[1]])))


def _new_group(pattern: re.Pattern[str], group: str, own: set[str], sentence: str) -> Span | None:
    """Return the first match of a pattern's group that does not repeat the question."""
    for match in pattern.finditer(sentence):
        if own.isdisjoint(_stems(match.group(group))):
            return match.span(group)
    return None


def _subject(own: set[str], sentence: str) -> Span | None:
    """Return what opens the sentence before the question's first word: "The branch manager approves"."""
    for match in _WORD.finditer(sentence):
        if own & _stems(match.group()):
            return (0, match.start()) if match.start() > 1 else None
    return None


def _new_words(own: set[str], sentence: str, clause: Span) -> Span | None:
    """Return the longest run of words in a clause that the question does not have, without fillers at its ends."""
    runs: list[list[Span]] = [[]]
    for match in _WORD.finditer(sentence, *clause):
        if own & _stems(match.group()):
            runs.append([])
        else:
            runs[-1].append(match.span())
    best: Span | None = None
    for run in runs:
        while run and sentence[run[0][0] : run[0][1]].lower() in _LEADING:
            run = run[1:]
        while run and sentence[run[-1][0] : run[-1][1]].lower() in _TRAILING:
            run = run[:-1]
        if run and (best is None or run[-1][1] - run[0][0] > best[1] - best[0]):
            best = run[0][0], run[-1][1]
    return best


def _stems(text: str) -> set[str]:
    return {term for _kind, term in words(text)} | {stem(text.lower())}
