"""Finds the files about a security or a question in the knowledge base, and what they say."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from appliance.core.principal import Principal
from appliance.knowledge.asking.topics import subject_words
from appliance.knowledge.models import Passage
from appliance.scenario.pack import KnowledgeSearch

from .files import Head, head_of
from .sentences import Row, Said, rows_in, said_in
from .words import NoteWords

MOST_FILES: Final = 12
"""Files that one answer draws from, the newest."""
_SEEDS: Final = 40
_OF_A_FILE: Final = 20
_KEPT: Final = 256
"""Files whose passages are kept for the next question."""
ReadBefore = dict[tuple[str, str, str, int], list[Passage]]
"""By tenant, base, document and version."""
_HEAD: Final = "日期 作者 性质 证券 Date Author Kind Securities"
_EVERYWHERE: Final = """
研报 报告 公告 观点 市场 纪要 晨会 文件 资料 个股 诊断 股票 行情 本行 报 券商
report reports note notes announcement announcements view views market markets file files stock share shares bank
document documents say latest
"""
_NOT_A_TOPIC: Final = frozenset(_EVERYWHERE.split())
"""Words of a question that name no subject: every file has them."""


@dataclass(frozen=True)
class Found:
    """What was found: sentences and rows of tables by file, and the names of the security, where one was meant."""

    names: tuple[str, ...]
    said: tuple[Said, ...]
    rows: tuple[Row, ...]


class Finder:
    """Looks in one knowledge base for one caller."""

    def __init__(
        self, knowledge: KnowledgeSearch, who: Principal, base: str, words: NoteWords, read_before: ReadBefore
    ) -> None:
        """Take what is kept between questions of files that were read, too: it is added to."""
        self._knowledge = knowledge
        self._who = who
        self._base = base
        self._words = words
        self._read_before = read_before

    async def find(self, query: str, security: str, as_of: date | None, language: str) -> Found:
        """Return what files say about a security, or about a question that names none. Raises as the search does."""
        seeds = await self._search(f"{security} {query}".strip(), _SEEDS, None)
        by_file = {one.document_id: one for one in reversed(seeds)}
        files = await self._read(list(reversed(by_file.values())), language)
        files = [(head, passages) for head, passages in files if as_of is None or not head.day or head.day <= as_of]
        files.sort(key=lambda one: str(one[0].day or ""), reverse=True)
        meant = security or query
        names = next((found for head, _passages in files if (found := head.names_of(meant))), ())
        if names or security:
            return _about(files, names or (security,))
        return _topic(files, query)

    async def _read(self, seeds: Sequence[Passage], language: str) -> list[tuple[Head, list[Passage]]]:
        """Return the heads of files and their passages about every section: short files whole."""
        queries = [_HEAD, *(one.about.within(language) for one in self._words.sections)]
        found = await asyncio.gather(*(self._kept(one, queries) for one in seeds[: 2 * MOST_FILES]))
        return [(head_of(passages), passages) for passages in found if passages]

    async def _kept(self, seed: Passage, queries: Sequence[str]) -> list[Passage]:
        """Return the passages of a file that the caller was just given one of; a version of a file does not change."""
        key = self._who.tenant, self._base, seed.document_id, seed.version
        known = self._read_before.get(key)
        if known is None:
            known = await self._file(seed.document_id, queries)
            if len(self._read_before) >= _KEPT:
                self._read_before.pop(next(iter(self._read_before)))
            self._read_before[key] = known
        return known

    async def _file(self, document_id: str, queries: Sequence[str]) -> list[Passage]:
        only = {"documents": [document_id]}
        first = await self._search(queries[0], _OF_A_FILE, only)
        more: list[Passage] = []
        if len(first) >= _OF_A_FILE:  # a long file: what else it says about each section
            for query in queries[1:]:
                more += await self._search(query, _OF_A_FILE // 4, only)
        by_place = {one.start: one for one in (*first, *more)}
        return [by_place[start] for start in sorted(by_place)]

    async def _search(self, query: str, k: int, selection: Mapping[str, object] | None) -> list[Passage]:
        found = await self._knowledge.search(self._who, self._base, query[:1000], k, selection)
        return [Passage.model_validate(one) for one in found]


def _about(files: Sequence[tuple[Head, list[Passage]]], names: tuple[str, ...]) -> Found:
    """Return what files about a security say, and the sentences of other files that name it."""
    said: list[Said] = []
    rows: list[Row] = []
    lowered = [name.casefold() for name in names]
    for head, passages in files[:]:
        mine = any(head.names_of(name) for name in names)
        told = list(said_in(passages, head))
        said += told if mine else [one for one in told if any(name in one.text.casefold() for name in lowered)]
        rows += rows_in(passages, head) if mine else ()
    return _newest(Found(names, tuple(said), tuple(rows)))


def _topic(files: Sequence[tuple[Head, list[Passage]]], query: str) -> Found:
    """Return the sentences that stand in a passage or under a heading with the subject of a question."""
    topics = {word.text.casefold() for word in subject_words(query)} - _NOT_A_TOPIC
    said: list[Said] = []
    for head, passages in files:
        for one in said_in(passages, head):
            if any(topic in f"{one.heading} {one.passage.text}".casefold() for topic in topics):
                said.append(one)
    return _newest(Found((), tuple(said), ()))


def _newest(found: Found) -> Found:
    heads = [one.head for one in found.said] + [one.head for one in found.rows]
    ids = list(dict.fromkeys(head.document_id for head in heads))[:MOST_FILES]
    return Found(
        found.names, tuple(one for one in found.said if one.head.document_id in ids),
        tuple(one for one in found.rows if one.head.document_id in ids),
    )  # fmt: skip
