"""What a reader gives: a document as a flat run of blocks, each with its place in the original."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

BlockKind = Literal["heading", "text", "item", "row"]


@dataclass(frozen=True)
class Block:
    """One heading, paragraph, list item or table row. `text` is one line.

    `level` is the depth of a heading (1 is the document's title), 0 for the rest; `page` counts from 1 and is known for
    PDF only; `row` is the row's number in its sheet or table, counted from 1.
    """

    text: str
    kind: BlockKind = "text"
    level: int = 0
    page: int | None = None
    row: int | None = None


@dataclass(frozen=True)
class Extracted:
    """The blocks of one document; `pages` is None for formats without pages."""

    blocks: tuple[Block, ...]
    pages: int | None = None

    @property
    def text(self) -> str:
        """The whole text: the blocks, one a line. Every offset that is cited counts characters of it."""
        return "\n".join(block.text for block in self.blocks)

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `from_json` reads them back."""
        return {"pages": self.pages, "blocks": [asdict(block) for block in self.blocks]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Extracted":
        """Read what `to_json` gave."""
        return cls(tuple(Block(**block) for block in value["blocks"]), value["pages"])


def row_text(headers: Iterable[str], cells: Iterable[str]) -> str:
    """Return a table row as `header: value; header: value`, with Chinese punctuation for a Chinese table.

    Empty cells are left out; a cell without a header stands alone.
    """
    pairs = [(header.strip(), cell.strip()) for header, cell in zip(headers, cells, strict=False) if cell.strip()]
    chinese = any("\u4e00" <= char <= "\u9fff" for header, cell in pairs for char in (header or cell))
    colon, semicolon = ("：", "；") if chinese else (": ", "; ")
    return semicolon.join(f"{header}{colon}{cell}" if header else cell for header, cell in pairs)
