"""Gathers blocks under the limits; every reader ends here."""

import re
from collections.abc import Sequence

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _
from appliance.knowledge.content import Block, BlockKind, Box, Extracted, Line, row_of
from appliance.knowledge.language.text import join_lines, one_line
from appliance.knowledge.readers.limits import Limits

_CAPTION_CHARACTERS = 60
_CAPTION_BLOCKS = 2  # directly above a table: its title, its unit
_SENTENCE_END = re.compile(r"[。.！!？?；;：:，,、]$")
_UNIT = re.compile(
    r"单位|币种|\b(?:unit|currency)s?\s*:|\bin (?:the )?(?:millions|thousands|billions|hundreds|percent)"
    r"|\b(?:RMB|CNY|USD|HKD|EUR) ?(?:million|thousand|billion|'000|mn|bn)",
    re.IGNORECASE,
)


def unreadable(name: str, reason: str) -> InvalidRequest:
    """Return the error for a file whose content breaks its own format; `reason` is the parser's."""
    return InvalidRequest(
        _("{name} cannot be read: {reason}.", name=name, reason=one_line(reason)[:300].rstrip(". ")),
        _("The file is damaged or cut off: export it again and add it anew."),
        param="file",
        code="unreadable_document",
    )


def encrypted(name: str) -> InvalidRequest:
    """Return the error for a file that needs a password."""
    return InvalidRequest(
        _("{name} is protected by a password.", name=name),
        _("Remove the password and add it again."),
        param="file",
        code="encrypted_document",
    )


def no_text(name: str) -> InvalidRequest:
    """Return the error for a file without a single word."""
    return InvalidRequest(
        _("{name} holds no text.", name=name),
        _("Check the file: it may be the wrong one, or hold pictures only, which are not read."),
        param="file",
        code="no_text",
    )


def scanned(name: str, hint: Message) -> InvalidRequest:
    """Return the error for a PDF of which every page is a picture; `hint` says how its words can be had."""
    return InvalidRequest(
        _("{name} is a scan: its pages are pictures and hold no text.", name=name), hint, param="file", code="no_text"
    )


def has_words(text: str) -> bool:
    """Tell whether `text` has a letter, a character or a digit."""
    return any(char.isalnum() for char in text)


class Collector:
    """Takes pieces of text in reading order, cleans them and counts them against the limits."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._blocks: list[Block] = []
        self._characters = 0
        self._captions: list[list[str]] = []

    def add(
        self, text: str, kind: BlockKind = "text", *, level: int = 0, page: int | None = None, row: int | None = None
    ) -> None:
        """Add one block; text without a letter or digit is dropped. Raises `InvalidRequest` past a limit."""
        self._keep(Block(one_line(text), kind, level, page, row))

    def add_lines(
        self, lines: Sequence[tuple[str, Box]], kind: BlockKind = "text", *, level: int = 0, page: int
    ) -> None:
        """Add one block of printed lines, joined to running text. Raises `InvalidRequest` past a limit."""
        text = ""
        placed = []
        for words, box in lines:
            words = one_line(words)
            if words:
                text = join_lines(text, words)
                placed.append(Line(len(text) - len(words), box))
        self._keep(Block(text, kind, level, page, lines=tuple(placed)))

    def add_row(
        self,
        headers: Sequence[str],
        cells: Sequence[str],
        table: int,
        row: int,
        page: int | None = None,
        boxes: Sequence[Box | None] = (),
    ) -> None:
        """Add one row of a table, given as clean single lines. Raises `InvalidRequest` past a limit."""
        made = row_of(headers, cells)
        lines = []
        start = 0
        for cell in made.cells:
            box = boxes[cell.column - 1] if cell.column <= len(boxes) else None
            if box is not None:
                lines.append(Line(start, box))
            start = cell.end
        self._keep(Block(made.text, "row", 0, page, row, table, made.cells, tuple(lines)))

    def open_table(self) -> int:
        """Return the number of a new table; short lines directly above it that name it or its unit are its caption."""
        above: list[str] = []
        for block in reversed(self._blocks[-_CAPTION_BLOCKS:]):
            if block.kind != "text" or not _is_caption(block.text):
                break
            above.insert(0, block.text)
        self._captions.append(above)
        return len(self._captions)

    def add_note(self, table: int, text: str) -> None:
        """Add a note to the caption of a table. It is no block: pass it to `add` too where it is part of the text."""
        note = one_line(text)
        if has_words(note) and note not in self._captions[table - 1]:
            self._captions[table - 1].append(note)

    def _keep(self, block: Block) -> None:
        if not has_words(block.text):
            return
        self._characters += len(block.text) + 1
        if self._characters > self._limits.characters or len(self._blocks) >= self._limits.blocks:
            raise self.too_large(
                f"{self._limits.characters:,} characters / {self._limits.blocks:,} paragraphs",
            )
        self._blocks.append(block)

    def too_large(self, limit: str) -> InvalidRequest:
        """Return the error for a document past `limit`."""
        return InvalidRequest(
            _("{name} is over the limit for one document: {limit}.", name=self._name, limit=limit),
            _("Split it and add the parts."),
            param="file",
            code="document_too_large",
        )

    def finish(self, pages: int | None = None, pictures: Sequence[int] = ()) -> Extracted:
        """Return what was gathered. Raises `InvalidRequest` where there is no text at all."""
        if not self._blocks:
            raise no_text(self._name)
        captions = tuple((number, " ".join(notes)) for number, notes in enumerate(self._captions, start=1) if notes)
        return Extracted(tuple(self._blocks), pages, tuple(pictures), captions)


def _is_caption(text: str) -> bool:
    """Tell a table's title or unit from a sentence that happens to stand above it."""
    return len(text) <= _CAPTION_CHARACTERS and (_UNIT.search(text) is not None or _SENTENCE_END.search(text) is None)
