"""Which part of a contract is which clause of the standard."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .book import ClauseBook, ClauseRule
from .text import Clause, ContractText, Line

_LEAST_KEYWORDS: Final = 2


@dataclass(frozen=True)
class FoundClause:
    """A clause of the standard and where it stands: under a title of its own, only in words, or nowhere."""

    rule: ClauseRule
    by: Literal["heading", "words", "nothing"]
    clause: Clause | None
    lines: tuple[Line, ...]


def find_clauses(text: ContractText, book: ClauseBook) -> tuple[FoundClause, ...]:
    """Return each clause of the standard with what it is in the contract."""
    exact = {
        id(clause): rule.id
        for rule in book.clauses
        for clause in text.clauses
        if _title_score(rule, clause.title) == 2.0
    }
    return tuple(_find(rule, text, exact) for rule in book.clauses)


def _find(rule: ClauseRule, text: ContractText, exact: Mapping[int, str]) -> FoundClause:
    """Find one clause; what has another clause's very title (`exact`) is not this one, however alike."""
    free = [clause for clause in text.clauses if exact.get(id(clause), rule.id) == rule.id]
    titled = [(_title_score(rule, clause.title), clause) for clause in free]
    best = max(titled, key=lambda one: one[0], default=(0.0, None))
    if best[0] > 0 and best[1] is not None:
        return FoundClause(rule, "heading", best[1], best[1].lines)
    if rule.keywords:
        return _by_words(rule, text)
    return FoundClause(rule, "nothing", None, ())


def _title_score(rule: ClauseRule, title: str) -> float:
    """Return 2 for the title itself, the share of the title that a heading covers for one within it, else 0."""
    plain = _plain(title)
    if not plain:
        return 0.0
    score = 0.0
    for heading in map(_plain, rule.headings):
        if heading == plain:
            return 2.0
        if heading in plain:
            score = max(score, len(heading) / len(plain))
    return score


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def _by_words(rule: ClauseRule, text: ContractText) -> FoundClause:
    least = min(_LEAST_KEYWORDS, len(rule.keywords))
    best: tuple[int, Clause | None, Line | None] = (0, None, None)
    for clause, line in _all_lines(text):
        lowered = line.text.lower()
        count = sum(word.lower() in lowered for word in rule.keywords)
        if count > best[0]:
            best = (count, clause, line)
    if best[0] >= least and best[2] is not None:
        return FoundClause(rule, "words", best[1], (best[2],))
    return FoundClause(rule, "nothing", None, ())


def _all_lines(text: ContractText) -> Iterator[tuple[Clause | None, Line]]:
    of = {line.where: clause for clause in text.clauses for line in clause.lines}
    for line in text.lines:
        yield of.get(line.where), line


def out_of_order(found: Sequence[FoundClause], text: ContractText) -> list[FoundClause]:
    """Return the clauses with titles that do not stand where the standard has them: the fewest that must move."""
    position = {id(clause): at for at, clause in enumerate(text.clauses)}
    placed = [one for one in found if one.by == "heading" and one.clause is not None]
    where = [position[id(one.clause)] for one in placed]
    longest: list[list[int]] = []
    for at, place in enumerate(where):
        before = [run for run in longest if where[run[-1]] <= place]
        longest.append([*_longest(before), at])
    kept = set(_longest(longest))
    return [one for at, one in enumerate(placed) if at not in kept]


def _longest(runs: Sequence[list[int]]) -> list[int]:
    return max(runs, key=lambda run: len(run)) if runs else []
