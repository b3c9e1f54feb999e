"""Remarks as comments of Word: each with a range in the text, beside those that a template has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from docx.document import Document

from .remarks import Remark


@dataclass(frozen=True)
class WordComments:
    """Ids of comments in the file, by what they are about."""

    sentences: dict[str, list[int]]
    anchors: dict[str, list[int]]
    """By the anchor of a heading."""
    whole: tuple[int, ...] = ()
    """Those about the whole report."""


def add_comments(document: Document, remarks: Sequence[Remark]) -> WordComments:
    """Put the remarks into the part for comments, which is made where there are any; return their ids."""
    found = WordComments({}, {})
    whole: list[int] = []
    for remark in remarks:
        made = document.part.comments.add_comment(remark.text, remark.by, remark.by[:2].upper())
        made._comment_elm.date = _time(remark.at)
        if remark.sentence is not None:
            found.sentences.setdefault(remark.sentence, []).append(made.comment_id)
        elif remark.anchor is not None:
            found.anchors.setdefault(remark.anchor, []).append(made.comment_id)
        else:
            whole.append(made.comment_id)
    return WordComments(found.sentences, found.anchors, tuple(whole))


def commented(content: str, ids: Iterable[int]) -> str:
    """Return runs as what the comments of these ids are about."""
    numbers = tuple(ids)
    begins = "".join(f'<w:commentRangeStart w:id="{one}"/>' for one in numbers)
    ends = "".join(f'<w:commentRangeEnd w:id="{one}"/><w:r><w:commentReference w:id="{one}"/></w:r>' for one in numbers)
    return f"{begins}{content}{ends}"


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
