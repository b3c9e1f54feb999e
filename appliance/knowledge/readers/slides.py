"""PowerPoint (.pptx): each slide a page with its title as heading, bullets, tables and the speaker's notes."""

import io
from collections.abc import Iterable, Iterator

import pptx
from lxml.etree import XMLSyntaxError
from pptx.exc import PythonPptxError
from pptx.presentation import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.slide import Slide
from pptx.table import Table
from pptx.text.text import TextFrame

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers import office_zip
from appliance.knowledge.readers.collect import Collector, unreadable
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.tables import GridCell, Strip, add_table, cell_of

_DEEPEST = 8  # groups within groups


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a pptx. Raises `InvalidRequest`."""
    office_zip.check(content, name, limits, "ppt/presentation.xml")
    collector = Collector(name, limits)
    try:
        presentation = pptx.Presentation(io.BytesIO(content))
        slides = len(presentation.slides)
        if slides > limits.pages:
            raise collector.too_large(f"{limits.pages} slides")
        _read_slides(presentation, collector)
    except (
        PythonPptxError, XMLSyntaxError, KeyError, ValueError, IndexError, AttributeError, TypeError, OSError,
    ) as error:  # fmt: skip
        raise unreadable(name, str(error)) from error
    return collector.finish(slides)


def _read_slides(presentation: Presentation, collector: Collector) -> None:
    """The first slide's title is the presentation's; those of the others stand one level below."""
    for number, slide in enumerate(presentation.slides, start=1):
        title = slide.shapes.title
        if title is not None:
            collector.add(title.text_frame.text, "heading", level=1 if number == 1 else 2, page=number)
        for shape in _shapes(slide.shapes, 0):
            if title is not None and shape.shape_id == title.shape_id:
                continue
            if isinstance(shape, GraphicFrame) and shape.has_table:
                strips = enumerate(_strips(shape.table), start=1)
                add_table(collector, strips, page=number, count_data_only=True)
            elif isinstance(shape, Shape):
                _paragraphs(shape.text_frame, collector, number, "item" if shape.is_placeholder else "text")
        _notes(slide, collector, number)


def _shapes(shapes: Iterable[BaseShape], depth: int) -> Iterator[BaseShape]:
    """Yield shapes in reading order, from the top and then from the left; those of a group stay together."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if isinstance(shape, GroupShape) and depth < _DEEPEST:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _paragraphs(frame: TextFrame, collector: Collector, page: int, kind: str) -> None:
    for paragraph in frame.paragraphs:
        text = paragraph.text.replace("\v", "\n")
        collector.add(text, "item" if kind == "item" or paragraph.level else "text", page=page)


def _notes(slide: Slide, collector: Collector, page: int) -> None:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if frame is not None:
        _paragraphs(frame, collector, page, "text")


def _strips(table: Table) -> Iterator[Strip]:
    """Yield the rows; a merged cell is the same object in each place that it covers."""
    columns = len(table.columns)
    covered: dict[tuple[int, int], GridCell | None] = {}
    for row_number, row in enumerate(table.rows):
        strip: list[GridCell | None] = []
        for column, cell in zip(range(columns), row.cells, strict=False):
            if cell.is_spanned:
                strip.append(covered.get((row_number, column)))
                continue
            made = cell_of(cell.text.replace("\v", "\n"))
            if cell.is_merge_origin:
                for down in range(min(cell.span_height, len(table.rows) - row_number)):
                    for right in range(min(cell.span_width, columns - column)):
                        covered[row_number + down, column + right] = made
            strip.append(made)
        yield strip
