"""Paragraphs in the chat model's words: each sentence alone, and only where it says what code's sentence says."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from appliance.core.errors import ContentFiltered, Unavailable
from appliance.core.protocols import ChatClient
from appliance.knowledge.answers.bearing import GivenFigures, is_borne_out
from appliance.knowledge.language.text import language_of, one_line

from ..models import Block, Paragraph, Section, Sentence
from .moves import lists, pattern
from .quantities import quantities

_MOST_TOKENS: Final = 1200
_SECONDS: Final = 60.0
_LONGER: Final = 1.8
"""By how much a sentence may grow, beside some characters."""
_PHRASED: Final = ("fact", "figure")
"""Quotations, findings, gaps, contradictions and opinions stay word for word."""
_NAME: Final = re.compile(r"(?<![A-Za-z])[A-Z][\w.&-]*(?:\s+[A-Z][\w.&-]*)*|[\w-]*\d[\w-]*")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]{2,}(?:公司|银行|法院|事务所|集团|中心|学院|委员会|有限合伙)")
_JOINING: Final = {
    "zh": ("报告", "公司 该公司 同期 其中 此外 同时 另外 达到 达 至 较 与 相比 年末 年度 当年 实现 录得 期间 分别 方面"
           " 并 且 而 则 约 的 了"),
    "en": ("report", "the company it its this of that year while also and as well in addition to compared with amounted"
           " stood came reached totalled which over during end at by from same period respectively"),
}  # fmt: skip
"""The language that is asked for, and words with which sentences may be joined."""
_DAY: Final = re.compile(
    r"(?<![\d.,-])(?:19|20)\d{2}(?:-\d{2}-\d{2}|\s*年(?:\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?)?)?(?![\d.,]\d|%)"
)
_SIGNED: Final = re.compile(r"[-−－]\s*(\d[\d,.]*)")
_TIDY: Final = re.compile(r"[*_#`]+")


async def phrase(
    section: Section,
    chat: ChatClient,
    *,
    model: str,
    language: str,
    capable: bool,
    tone: str = "",
    seconds: float = _SECONDS,
) -> Section:
    """Return the section with those sentences in the model's words that say no more and no less than code's.

    Each paragraph is one question of at most `seconds`. A sentence is kept only if it has all numbers, dates and names
    of code's sentence and none else, denies and compares alike and claims nothing more; it keeps its id and sources and
    is `by` "model". Where the model is not `capable`, fails or is slow, code's sentences stay. `model` goes nowhere but
    into the prompt's record; it raises nothing.
    """
    del model  # the alias that `chat` speaks for; the record of jobs names it
    if not capable:
        return section
    blocks: list[Block] = []
    for block in section.blocks:
        if isinstance(block, Paragraph) and any(one.kind in _PHRASED for one in block.sentences):
            blocks.append(await _paragraph(block, chat, language, tone, seconds))
        else:
            blocks.append(block)
    return section.model_copy(update={"blocks": tuple(blocks)})


async def _paragraph(paragraph: Paragraph, chat: ChatClient, language: str, tone: str, seconds: float) -> Paragraph:
    asked = [one for one in paragraph.sentences if one.kind in _PHRASED and one.by == "code"]
    if not asked:
        return paragraph
    try:
        async with asyncio.timeout(seconds):
            result = await chat.chat(_messages(asked, language, tone), max_tokens=_MOST_TOKENS)
    except (Unavailable, ContentFiltered, TimeoutError):  # code's sentences carry the paragraph alone
        return paragraph
    written = _written(result.text) if result.finish_reason == "stop" else {}
    sentences = tuple(_kept(one, written.get(one.id), language) for one in paragraph.sentences)
    return paragraph.model_copy(update={"sentences": sentences})


def _messages(asked: Sequence[Sentence], language: str, tone: str) -> list[Mapping[str, str]]:
    """Return the prompt: the sentences are JSON, so that nothing in them can end or add one."""
    task = lists().task.within(language).replace("{tone}", tone or "—")
    rows = [{"id": one.id, "text": one_line(one.text)} for one in asked]
    return [{"role": "system", "content": task}, {"role": "user", "content": json.dumps(rows, ensure_ascii=False)}]


def _written(text: str) -> dict[str, str]:
    """Return the model's sentences by id; an id that it gives twice is worth nothing, and so is what is no JSON."""
    start, end = text.find("["), text.rfind("]")
    if start < 0 or end < start:
        return {}
    try:
        rows = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return {}
    found: dict[str, list[str]] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("id"), str) and isinstance(row.get("text"), str):
            found.setdefault(row["id"], []).append(row["text"])
    return {name: texts[0] for name, texts in found.items() if len(texts) == 1}


def _kept(sentence: Sentence, text: str | None, language: str) -> Sentence:
    if text is None or sentence.kind not in _PHRASED:
        return sentence
    tidied = _TIDY.sub("", one_line(text)).strip()
    if tidied == sentence.text or not says_the_same(tidied, sentence.text, language):
        return sentence
    return sentence.model_copy(update={"text": tidied, "by": "model"})


def says_the_same(text: str, given: str, language: str) -> bool:
    """Tell whether a rephrased sentence has the numbers, names, denials and directions of the given one, and no claim.

    Numbers stand in the order in which they stood and beside the same words, rises and falls too: a sentence in which
    two values change places is another one.
    """
    if not text or len(text) > len(given) * _LONGER + 20:
        return False
    if language_of(text) != language_of(given) and language_of(text) != ("zh" if language.startswith("zh") else "en"):
        return False
    if any(_low(match[0]) not in _low(given) for match in pattern("claims").finditer(text)):
        return False
    if len(pattern("denials").findall(text)) != len(pattern("denials").findall(given)):
        return False
    if _said(text) != _said(given) or not _names(text, given):
        return False
    # The platform's check of written sentences: limits, nearly all words and those beside numbers are the source's.
    asked, joining = _JOINING[language_of(text)]
    written, source = (_DAY.sub(" ", one) for one in (text, given))  # a year may stand at either end of a sentence
    return is_borne_out(written, asked, source, joining) and GivenFigures([source]).keep_company_with(written)


def _said(text: str) -> tuple[object, ...]:
    """Return years and days, and in order the other quantities, the signed numbers, and rises and falls."""
    moves = sorted((match.start(), name) for name in ("up", "down") for match in pattern(name).finditer(text))
    of = [(one.kind, round(one.value, 9)) for one in quantities(_DAY.sub(" ", text))]
    return sorted(_days(text)), of, _SIGNED.findall(text), [name for _start, name in moves]


def _days(text: str) -> list[str]:
    return [re.sub(r"\s", "", match) for match in _DAY.findall(text)]


def _names(text: str, given: str) -> bool:
    """Tell whether every name that either text has, capital, with digits or of an institution, is in the other."""
    for one, other in ((text, given), (given, text)):
        low = _low(other)
        found = [*_NAME.findall(_first_small(one)), *_HAN.findall(one)]
        if any(_low(name) not in low for name in found if not quantities(name)):
            return False
    return True


def _first_small(text: str) -> str:
    """Return a text whose first letter is small: a sentence begins with a capital whatever stands there."""
    return text[:1].lower() + text[1:]


def _low(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()
