"""Gathers blocks under the limits; every reader ends here."""

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.content import Block, BlockKind, Extracted
from appliance.knowledge.limits import Limits
from appliance.knowledge.text import one_line


def unreadable(name: str, reason: str) -> InvalidRequest:
    """Return the error for a file whose content breaks its own format; `reason` is the parser's."""
    return InvalidRequest(
        _("{name} cannot be read: {reason}", name=name, reason=one_line(reason)[:300]),
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


class Collector:
    """Takes pieces of text in reading order, cleans them and counts them against the limits."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._blocks: list[Block] = []
        self._characters = 0

    def add(
        self, text: str, kind: BlockKind = "text", *, level: int = 0, page: int | None = None, row: int | None = None
    ) -> None:
        """Add one block; text without a letter or digit is dropped. Raises `InvalidRequest` past a limit."""
        cleaned = one_line(text)
        if not any(char.isalnum() for char in cleaned):
            return
        self._characters += len(cleaned) + 1
        if self._characters > self._limits.characters or len(self._blocks) >= self._limits.blocks:
            raise self.too_large(
                f"{self._limits.characters:,} characters / {self._limits.blocks:,} paragraphs",
            )
        self._blocks.append(Block(cleaned, kind, level, page, row))

    def too_large(self, limit: str) -> InvalidRequest:
        """Return the error for a document past `limit`."""
        return InvalidRequest(
            _("{name} is over the limit for one document: {limit}.", name=self._name, limit=limit),
            _("Split it and add the parts."),
            param="file",
            code="document_too_large",
        )

    def finish(self, pages: int | None = None) -> Extracted:
        """Return what was gathered. Raises `InvalidRequest` where there is no text at all."""
        if not self._blocks:
            raise InvalidRequest(
                _("{name} holds no text.", name=self._name),
                _("A scanned document must be recognised (OCR) first; this appliance reads text, not pictures."),
                param="file",
                code="no_text",
            )
        return Extracted(tuple(self._blocks), pages)
