"""How a contract hangs together: the numbers of its clauses, what refers to them, annexes, and terms it defines."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from ..fields.numerals import CHARACTERS
from .book import ClauseBook
from .issues import Issue
from .text import ContractText, Line, number_of

_REFERENCE: Final = re.compile(
    rf"第\s*([{CHARACTERS}\d]+)\s*条|\b(?:Article|Clause|Section)\s+(\d{{1,3}})(?:\.\d+)*(?![\d.]*[%％])"
    rf"|(?<![\d.])第?\s*(\d{{1,2}})[.．]\d{{1,2}}\s*[条款]",
    re.IGNORECASE,
)
_LAW: Final = re.compile(
    r"(?:》|法|法典|条例|办法|解释|规则|Law|Code|Act)(?:的|of the)?[\s，,]*(?:第\S{1,4}[编章])?\s*$", re.IGNORECASE
)
_CHAIN: Final = re.compile(r"^[、，,和及与或至\s]*$")
_SUB_REFERENCE: Final = re.compile(
    r"(?:第|Clause\s+|Section\s+|Article\s+)(\d{1,2})[.．](\d{1,2})(?:\s*[条款])?(?![\d%])", re.IGNORECASE
)
_ANNEX: Final = re.compile(
    rf"附件\s*([{CHARACTERS}\d]+)(?![.．\d])|\b(?:Annex|Schedule|Appendix|Exhibit)\s+(\d+|[A-Z])\b"
)
_QUOTED: Final = re.compile(r"[“「\"]([^“”「」\"]{2,24})[”」\"]")
_DEFINING_BEFORE: Final = re.compile(
    r"(?:简称|称为|称作|下称|统称|称|定义|the|each|collectively|an?|as|[（(])\s*(?:为|[:：])?\s*$", re.IGNORECASE
)
_DEFINING_BEHIND: Final = re.compile(r"^\s*(?:是指|系指|指|means|shall mean|has the meaning|[:：])", re.IGNORECASE)


def numbering_issues(text: ContractText) -> Iterator[Issue]:
    """Yield numbers of clauses that are left out, come twice or go back."""
    numbered = [clause for clause in text.clauses if clause.number]
    for before, clause in itertools.pairwise(numbered):
        values = {"before": before.printed, "after": clause.printed}
        places = (before.lines[0].place(), clause.lines[0].place())
        if clause.number > before.number + 1:
            yield Issue("number_skipped", "warning", values, places)
        elif clause.number == before.number:
            yield Issue("number_repeated", "warning", values, places)
        elif clause.number < before.number:
            yield Issue("number_back", "warning", values, places)
    last: dict[tuple[int, ...], tuple[int, Line]] = {}
    for number, line in text.sub_numbers():
        parent = number[:-1]
        known = last.get(parent)
        if known is not None and number[-1] > known[0] + 1:
            values = {"before": _dotted((*parent, known[0])), "after": _dotted(number)}
            yield Issue("number_skipped", "warning", values, (known[1].place(), line.place()))
        last[parent] = (number[-1], line)


def _dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def reference_issues(text: ContractText) -> Iterator[Issue]:
    """Yield references to clauses and annexes that are not there; references into laws are left alone."""
    numbers = {clause.number for clause in text.clauses if clause.number}
    heads = {clause.lines[0].where for clause in text.clauses}
    subs: dict[int, set[int]] = defaultdict(set)
    for number, _line in text.sub_numbers():
        subs[number[0]].add(number[1])
    for line in text.lines:
        for printed, target in _references(line, head=line.where in heads):
            if numbers and target not in numbers:
                yield Issue("reference_dangling", "serious", {"reference": printed}, (line.place(),))
        for found in _SUB_REFERENCE.finditer(line.text):
            clause, part = int(found[1]), int(found[2])
            if clause in numbers and subs[clause] and part not in subs[clause]:
                yield Issue("reference_dangling", "serious", {"reference": found[0].strip()}, (line.place(),))
    yield from _annexes(text)


def _references(line: Line, *, head: bool) -> Iterator[tuple[str, int]]:
    end, of_law = 0, False
    for found in _REFERENCE.finditer(line.text):
        before = line.text[: found.start()]
        chained = of_law and _CHAIN.match(line.text[end : found.start()]) is not None
        of_law = chained or _LAW.search(before) is not None
        end = found.end()
        number = number_of(next(group for group in found.groups() if group))
        if of_law or number is None or (head and not before.strip()):
            continue
        yield found[0].strip(), number


def _annexes(text: ContractText) -> Iterator[Issue]:
    there: set[str] = set()
    used: dict[str, tuple[str, Line]] = {}
    for line in text.lines:
        for found in _ANNEX.finditer(line.text):
            key = str(number_of(found[1]) or found[1]) if found[1] else found[2]
            if found.start() == 0 and len(line.text) <= 60 and not re.search("[。；;.]$", line.text):
                there.add(key)
            else:
                used.setdefault(key, (found[0], line))
    for key, (printed, line) in used.items():
        if key not in there:
            yield Issue("annex_absent", "warning", {"reference": printed}, (line.place(),))


def term_issues(text: ContractText, book: ClauseBook) -> Iterator[Issue]:
    """Yield terms in quotation marks, and those of the standard, that are used and nowhere defined."""
    quoted: dict[str, list[tuple[Line, bool]]] = defaultdict(list)
    for line in text.lines:
        for found in _QUOTED.finditer(line.text):
            told = _DEFINING_BEFORE.search(line.text[: found.start()]) or _DEFINING_BEHIND.match(
                line.text[found.end() :]
            )
            quoted[found[1]].append((line, told is not None))
    for term, uses in quoted.items():
        if not any(told for _line, told in uses):
            yield Issue("term_undefined", "warning", {"term": term}, (uses[0][0].place(),))
    for term in book.terms:
        uses_of = [line for line in text.lines if re.search(_bounded(term), line.text)]
        if uses_of and term not in quoted and not any(_defines(term, line.text) for line in uses_of):
            yield Issue("term_undefined", "warning", {"term": term}, (uses_of[0].place(),))


def _bounded(term: str) -> str:
    return rf"\b{re.escape(term)}\b" if term.isascii() else re.escape(term)


def _defines(term: str, text: str) -> bool:
    return re.search(rf"{re.escape(term)}[”\"」]?\s*(?:是指|系指|指|means|shall mean|[:：])", text) is not None
