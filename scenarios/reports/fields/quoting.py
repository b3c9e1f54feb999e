"""Sentences of notes and papers that a report may quote: whole ones, never a name, a label or a part of a sentence."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ..models import Fact, Passage, Reading
from ..sorting.companies import company_names, stem
from ..sorting.places import passage_place
from .loading import Fields

_CLOSING: Final = "”’」』）)\"'"
# A semicolon is inside of a sentence; a full stop without a space behind it may be one of a number or an address.
_END: Final = re.compile(rf"(?<=[。！？])(?![{_CLOSING}])|(?<=[。！？][{_CLOSING}])|(?<=[.!?])\s+(?=[A-Z\"“(])")
_WHOLE: Final = re.compile(rf"[。！？.!?][{_CLOSING}]?$")
_SHORT_FORM: Final = re.compile(
    r"(?:^|[\s(])(?:Co|Ltd|Inc|Corp|No|Nos|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|approx|est|Fig|Art|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|"
    r"Nov|Dec|[ei]\.[eg]|[A-Z](?:\.[A-Z])*)\.$"
)
_GOES_ON: Final = re.compile(r"[;；,，、:：]$")
_SHORTEST: Final = 10
_LONGEST: Final = 300
_MOST_PASSAGES: Final = 2000
_BULLET: Final = re.compile(r"^[·•▪◦‣\-–—*]\s*")
_LABEL: Final = re.compile(
    r"^(?!(?:问|答|Q|A|Question|Answer)\s*[:：])[^\s，,。:：]{1,12}(?: [^\s，,。:：]{1,12}){0,3}\s*[:：]"
)
_LABELLED: Final = 60
"""A longer text behind a colon is a sentence that begins with a few words and a colon."""


def quotations(readings: Sequence[Reading], fields: Fields, language: str) -> Iterator[Fact]:
    """Yield the sentences of each kind of quotation, as many of it as fields.yaml allows."""
    for name, form in fields.quotes.items():
        number = 0
        for reading in readings:
            if reading.file.kind not in form.where:
                continue
            for text, passage in _sentences(reading):
                number += 1
                if number > form.most:
                    break
                yield Fact(
                    name=name,
                    title=form.title.within(language),
                    value=text,
                    shown=text,
                    group=f"{name}.{number}",
                    confidence=1.0,
                    place=passage_place(reading, passage, text),
                )


def _sentences(reading: Reading) -> Iterator[tuple[str, Passage]]:
    for text, passage in _paragraphs(_without_running_lines(reading.passages[:_MOST_PASSAGES])):
        listed = _BULLET.match(text) is not None
        for at, sentence in enumerate(_split(_BULLET.sub("", text))):
            if _can_stand_alone(sentence, listed=listed and at == 0):
                yield sentence, passage


def _without_running_lines(passages: Sequence[Passage]) -> list[Passage]:
    """Return passages without the lines that stand on several pages, but for their numbers: heads and feet."""
    lines = {(re.sub(r"\d+", "#", one.text), one.page) for one in passages if one.page is not None}
    pages = Counter(text for text, _page in lines)
    return [one for one in passages if one.page is None or pages[re.sub(r"\d+", "#", one.text)] < 2]


def _paragraphs(passages: Sequence[Passage]) -> Iterator[tuple[str, Passage]]:
    """Yield paragraphs with their first passage; items of a list that is one sentence are one, as are halves of a page.

    Such an item ends with a semicolon or comma, and the first half of a paragraph without any sign.
    """
    text, first = "", None
    for passage in passages:
        here = _plain(passage.text)
        if text and first is not None and not passage.level and _continues(text, first, passage):
            text = _plain(f"{text} {_BULLET.sub('', here)}")
            continue
        if first is not None:
            yield text, first
        text, first = ("", None) if passage.level else (here, passage)
    if first is not None:
        yield text, first


def _continues(text: str, first: Passage, passage: Passage) -> bool:
    if len(text) > _LONGEST * 4:
        return False
    turned = first.page is not None and passage.page == first.page + 1
    return bool(_GOES_ON.search(text)) or (turned and not _WHOLE.search(text) and len(text) > _LABELLED)


def _plain(text: str) -> str:
    """Return a text on one line, without the spaces that typesetting puts between Chinese and other signs."""
    one_line = " ".join(text[:4000].split())
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\d\u4e00-\u9fff])|(?<=\d) (?=[\u4e00-\u9fff])", "", one_line)


def _split(text: str) -> Iterator[str]:
    held = ""
    for part in _END.split(text):
        held = f"{held} {part}".strip() if held else part.strip()
        if not _SHORT_FORM.search(held):
            yield held
            held = ""
    if held:
        yield held


def _can_stand_alone(text: str, *, listed: bool) -> bool:
    """Say whether a text is a whole sentence; an item of a list may begin with a small letter."""
    if not _SHORTEST <= len(text) <= _LONGEST or not _WHOLE.search(text):
        return False
    if text[0] in "，,、；;:：。.)）" or (text[0].islower() and not listed):
        return False
    if _LABEL.match(text) and len(text) < _LABELLED:
        return False
    return not _is_name(text)


def _is_name(text: str) -> bool:
    """Say whether a text is nothing but the name of a company, or an English title in capital letters."""
    if any(stem(name) == stem(text.rstrip("。.！!？?")) for name in company_names(text)):
        return True
    words = re.findall(r"[A-Za-z][A-Za-z'’-]*", text)
    small = [word for word in words if word[0].islower() and word not in ("of", "and", "for", "the", "in", "on", "to")]
    return bool(words) and not re.search(r"[\u4e00-\u9fff]", text) and not small
