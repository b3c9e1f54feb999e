"""Who the parties are, and whether they are named alike from the first line to the last."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from .blanks import BLANK
from .book import ClauseBook, PartyRule
from .issues import Issue
from .text import ContractText, Line

_ENDINGS: Final = re.compile("股份有限公司|有限责任公司|有限公司|合作社|事务所|银行|支行|分行")
_ENGLISH_NAME: Final = re.compile(
    r"(?:[A-Z][\w&'-]*\s+(?:\([A-Z][\w ]*\)\s+)?){1,6}"
    r"(?:Co\.?,?\s*(?:Ltd|Limited)|Limited|Ltd|Inc|Corporation|Corp|LLC|PLC|Bank)\b\.?"
)
_ALIKE: Final = 0.75
_LETTERED: Final = ("甲方", "乙方", "丙方", "丁方")


@dataclass(frozen=True)
class Party:
    """A party as one line names it; `name` is empty where nothing stands behind its label."""

    rule: PartyRule
    label: str
    name: str
    line: Line


def parties(text: ContractText, book: ClauseBook) -> tuple[Party, ...]:
    """Return every line that names a party."""
    return tuple(party for rule in book.parties for line in text.lines for party in _named(rule, line))


def _named(rule: PartyRule, line: Line) -> Iterator[Party]:
    for label in rule.labels:
        short = re.escape(label)
        before = re.search(
            rf"(?<![\u4e00-\u9fffA-Za-z“\"]){short}\s*(?:[（(][^（）()]{{0,30}}[）)]\s*)*(?:名称|name)?\s*[:：]\s*(.*)",
            line.text,
            re.IGNORECASE,
        )
        if before is not None:
            yield Party(rule, label, _tidy(before.group(1)), line)
            return
        behind = re.search(
            rf"([^，,。；;：:]{{3,60}}?)\s*[（(](?:以下(?:简称|称)|下称|the|hereinafter|as)[^）)]{{0,40}}?[“\"「']{short}[”\"」']",
            line.text,
            re.IGNORECASE,
        )
        if behind is not None:
            yield Party(rule, label, _tidy(behind.group(1)), line)
            return


def _tidy(text: str) -> str:
    """Return a name without what stands behind it: blanks, brackets of roles, addresses in the same line."""
    text = BLANK.split(text, maxsplit=1)[0]
    text = re.split(
        r"[，。；;\n]|\s{2,}|[（(](?:以下|下称|the |盖章|签字|公章)|\s+(?:地址|住所|法定|统一|Address)",
        text,
        maxsplit=1,
    )[0]
    return re.sub(r"^(?:between|and|by)\s+", "", text.strip(), flags=re.IGNORECASE)


def party_issues(text: ContractText, book: ClauseBook, named: tuple[Party, ...]) -> Iterator[Issue]:
    """Yield parties that are missing, without a name, or named differently in two places."""
    for rule in book.parties:
        own = [party for party in named if party.rule.id == rule.id]
        with_name = [party for party in own if party.name]
        if not own and rule.required:
            yield Issue("party_missing", "serious", {"party": rule.title})
        elif not with_name and rule.required:
            yield Issue("party_unnamed", "serious", {"party": rule.title}, (own[0].line.place(),))
        yield from _own_differences(rule, with_name)
    yield from _near_names(text, named)


def _own_differences(rule: PartyRule, with_name: list[Party]) -> Iterator[Issue]:
    for party in with_name[1:]:
        first = with_name[0]
        if plain(party.name) != plain(first.name):
            values = {"party": rule.title, "first": first.name, "other": party.name}
            yield Issue("party_differs", "serious", values, (first.line.place(), party.line.place()))


def _near_names(text: ContractText, named: tuple[Party, ...]) -> Iterator[Issue]:
    """Yield names in the text that are nearly, but not quite, a party's."""
    names = {plain(party.name): party for party in named if len(party.name) >= 4}
    defining = {party.line.where for party in named}
    said: set[str] = set()
    for line in text.lines:
        if line.where in defining:
            continue
        for other in _others(line.text, list(names)):
            key, nearest = other
            if plain(key) not in names and key not in said:
                said.add(key)
                party = names[nearest]
                values = {"party": party.rule.title, "first": party.name, "other": key}
                yield Issue("party_differs", "serious", values, (party.line.place(), line.place()))


def _others(text: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names of companies that are like one of `names`, with the one that they are like."""
    for ending in _ENDINGS.finditer(text):
        before = text[: ending.end()]
        if any(plain(before).endswith(name) for name in names):
            continue
        if any(plain(text).startswith(name, max(0, ending.start() - len(name))) for name in names):
            continue  # 银行 within the name of its branch
        found = [(_likeness(before[-size:], name), before[-size:], name) for name in names for size in _sizes(name)]
        best = max(found, default=(0.0, "", ""))
        if best[0] >= _ALIKE and best[2].endswith(ending.group()):
            yield best[1], best[2]
    for match in _ENGLISH_NAME.finditer(text):
        written = re.sub(r"^(?:The|And|Between|By)\s+", "", match.group())
        best_english = max(((_likeness(written, name), name) for name in names), default=(0.0, ""))
        if best_english[0] >= _ALIKE and plain(written) != best_english[1]:
            yield written, best_english[1]


def _sizes(name: str) -> range:
    return range(max(4, len(name) - 2), len(name) + 3)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, plain(one), other, autojunk=False).ratio()


def plain(name: str) -> str:
    """Return a name without case, width, spaces and stops."""
    return re.sub(r"[\s.,]", "", unicodedata.normalize("NFKC", name)).casefold()


def undefined_labels(text: ContractText, named: tuple[Party, ...]) -> Iterator[Issue]:
    """Yield 甲方 and the like where the contract uses it and never says who it is."""
    for label in _LETTERED:
        uses = [line for line in text.lines if label in line.text]
        told = any(
            re.search(rf"{label}\s*(?:[（(][^）)]*[）)])?\s*[:：]|[“\"「（(]{label}", line.text) for line in uses
        )
        if uses and not told and all(party.label != label for party in named):
            yield Issue("term_undefined", "warning", {"term": label}, (uses[0].place(),))
