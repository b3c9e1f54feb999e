"""A contract as lines with their places, cut into numbered clauses."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..composing import shortened
from ..fields.numerals import CHARACTERS, whole
from ..models import Passage, Place, Reading

Style = Literal["article", "english", "digit", "numeral", "heading"]
_STYLES: Final[tuple[tuple[Style, re.Pattern[str]], ...]] = (
    (
        "article",
        re.compile(rf"第\s*([{CHARACTERS}\d]+)\s*条(?!第|款|项|的|所|规定|约定|之)[\s、:：.．]*(.*)", re.DOTALL),
    ),
    ("english", re.compile(r"(?:Article|Clause|Section)\s+(\d{1,3})(?![\d.]*\d)\s*[.:)–—-]?\s*(.*)", re.I | re.DOTALL)),
    ("digit", re.compile(r"(\d{1,2})\s*(?:[.．、]|\s)\s*(?!\d)(.*)", re.DOTALL)),
    ("numeral", re.compile(r"([一二三四五六七八九十]{1,3})、\s*(.*)", re.DOTALL)),
)
_SUB: Final = re.compile(r"(\d{1,2})[.．](\d{1,2})(?![\d%％])(?:[.．](\d{1,2}))?[.．、]?\s*(.*)", re.DOTALL)
_LONGEST_TITLE: Final = 40
_SIGNING: Final = re.compile(
    r"[^，。；]{0,14}[（(](?:签字|签章|盖章|公章)[^）)]{0,10}[）)](?!之日|后|生效|时)|\S{0,12}(?:签字|盖章|签章)\s*[:：]"
    r"|.{0,6}以下无正文|.{0,6}签署页|.{0,20}signature page|signed by|for (?:and on behalf of )?the \w+\s*[:：(]"
    r"|in witness whereof",
    re.IGNORECASE,
)


def number_of(text: str) -> int | None:
    """Return the whole number that digits or Chinese numerals write; None where they write none."""
    return int(text) if text.isascii() and text.isdigit() else whole(text)


@dataclass(frozen=True)
class Line:
    """One paragraph, or one row of a table."""

    text: str
    where: Place
    level: int = 0

    def place(self, quote: str = "") -> Place:
        """Return where it stands, with the words that matter."""
        return self.where.model_copy(update={"quote": shortened(quote or self.text)})


@dataclass(frozen=True)
class Clause:
    """A clause: its number (0: none), as it is printed, its title, and its lines, of which the first has the title."""

    number: int
    printed: str
    title: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The whole text, one line each paragraph."""
        return "\n".join(line.text for line in self.lines)

    @property
    def name(self) -> str:
        """Number and title as they are printed."""
        return " ".join(filter(None, (self.printed, self.title)))


@dataclass(frozen=True)
class ContractText:
    """A contract. `before` stands ahead of the first clause; `style` is how clauses are numbered."""

    lines: tuple[Line, ...]
    before: tuple[Line, ...]
    clauses: tuple[Clause, ...]
    style: Style | None
    chinese: bool

    @property
    def signing(self) -> tuple[Line, ...]:
        """The lines from the first place for signatures behind the last title; empty where there is none."""
        start = _signing_start(self.lines, self.lines.index(self.clauses[-1].lines[0]) if self.clauses else 0)
        return () if start is None else self.lines[start:]

    def sub_numbers(self) -> Iterator[tuple[tuple[int, ...], Line]]:
        """Yield numbers such as 3.2 at the start of lines."""
        for line in self.lines:
            found = _SUB.match(line.text)
            if found is not None and self.style in ("digit", "english", "article", "heading"):
                yield tuple(int(part) for part in found.groups()[:3] if part), line


def contract_text(reading: Reading) -> ContractText:
    """Return the lines of a file, cut into clauses by the numbering that it has most of."""
    lines = _lines(reading)
    style, heads = _heads(lines)
    end = _signing_start(lines, heads[-1] if heads else 0)
    bounds = [*heads, len(lines) if end is None or end in heads else end]
    clauses = []
    for start, end in itertools.pairwise(bounds):
        number, printed, title = _head(lines[start], style)
        clauses.append(Clause(number, printed, title, lines[start:end]))
    text = "".join(line.text for line in lines)
    chinese = sum("\u4e00" <= char <= "\u9fff" for char in text) * 4 > len(text)
    return ContractText(lines, lines[: bounds[0]], tuple(clauses), style, chinese)


def _signing_start(lines: Sequence[Line], after: int) -> int | None:
    return next((at for at in range(after, len(lines)) if _SIGNING.match(lines[at].text)), None)


def _lines(reading: Reading) -> tuple[Line, ...]:
    lines = [_line(reading, passage) for passage in reading.passages if passage.text.strip()]
    known = {_bare(line.text) for line in lines}
    for grid in reading.grids:
        for number, page, row in zip(grid.row_numbers, grid.pages, grid.rows, strict=True):
            text = " ".join(dict.fromkeys(cell.strip() for cell in row if cell.strip()))
            if text and _bare(text) not in known:
                where = Place(
                    file=reading.file.id, name=reading.file.name, page=page, sheet=grid.sheet, cell=f"R{number}"
                )
                lines.append(Line(text, where))
    return tuple(lines)


def _line(reading: Reading, passage: Passage) -> Line:
    where = Place(file=reading.file.id, name=reading.file.name, page=passage.page, line=passage.line)
    return Line(passage.text.strip(), where, passage.level)


def _bare(text: str) -> str:
    return re.sub(r"[\s:：;；|]", "", text)


def _heads(lines: Sequence[Line]) -> tuple[Style | None, list[int]]:
    """Return the numbering that is in use and the lines that open a clause."""
    for style, pattern in _STYLES:
        heads = [at for at, line in enumerate(lines) if pattern.match(line.text)]
        if len(heads) >= 2:
            return style, heads
    heads = [at for at, line in enumerate(lines) if line.level > 1 or (line.level == 1 and at > 0)]
    return ("heading", heads) if len(heads) >= 2 else (None, [])


def _head(line: Line, style: Style | None) -> tuple[int, str, str]:
    """Return number, printed number and title of a line that opens a clause."""
    pattern = dict(_STYLES).get(style) if style is not None else None
    found = pattern.match(line.text) if pattern is not None else None
    if found is None:
        return 0, "", shortened(line.text, _LONGEST_TITLE)
    rest = found.group(2).strip()
    title = re.split(r"[\n。；;]|(?<=\w)[:：]|\s{2,}|(?<=[\u4e00-\u9fff])\s|\.\s", rest, maxsplit=1)[0].strip()
    printed = line.text[: found.start(2)].strip(" 、:：.．\t\n")
    return number_of(found.group(1)) or 0, printed, title if len(title) <= _LONGEST_TITLE else ""
