"""The plain Markdown of the sources as a sequence of blocks."""

from collections.abc import Iterator
from typing import Any


def blocks(text: str) -> Iterator[tuple[str, Any]]:
    """Yield (`h1`..`h3` | `p` | `li` | `bullet` | `table`, text or rows); an `li` keeps its number."""
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            if not set(line) <= set("|-: "):
                table.append([cell.strip() for cell in line.strip("|").split("|")])
            continue
        if table:
            yield "table", table
            table = []
        if line.startswith("#"):
            marks, _space, title = line.partition(" ")
            yield f"h{len(marks)}", title
        elif line.startswith("- "):
            yield "bullet", line.removeprefix("- ")
        elif line[:1].isdigit() and line.split(" ")[0].rstrip(".").isdigit():
            yield "li", line
        elif line.strip():
            yield "p", line


def title_of(text: str) -> str:
    """Return the title in the first line."""
    return text.splitlines()[0].removeprefix("# ")


def is_chinese(text: str) -> bool:
    """Tell whether the title has Chinese characters."""
    return any("\u4e00" <= char <= "\u9fff" for char in title_of(text))
