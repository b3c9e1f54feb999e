"""A page of a PDF as a picture with places marked. Run as a module it is the confined process that draws it."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.core.errors import InvalidRequest, NotFound
from appliance.core.messages import _
from appliance.knowledge.content import Box
from appliance.knowledge.intake.confined import answer_confined, run_confined
from appliance.knowledge.readers.formats import FORMATS
from appliance.knowledge.readers.limits import DEFAULT_LIMITS, Limits

_DOTS_PER_POINT = 144 / 72
_LONGEST_SIDE = 2400  # pixels
_YELLOW = (255, 225, 50)
_MARGIN = 1.5  # points around a mark


def page_png(path: Path, page: int, marks: Sequence[Box], limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return page `page` (from 1) of the PDF at `path` as PNG with 144 dots an inch, `marks` highlighted.

    Raises `InvalidRequest` for other formats and for files that cannot be drawn within `limits`, `NotFound` for a page
    that the document does not have.
    """
    arguments = [str(path), str(page), json.dumps(list(marks))]
    return run_confined(__spec__.name, arguments, path.name, limits, param="page")


def _draw(arguments: Sequence[str], limits: Limits) -> bytes:
    path, page, marks = Path(arguments[0]), int(arguments[1]), json.loads(arguments[2])
    content = path.read_bytes()
    if b"%PDF-" not in content[:1024]:
        raise InvalidRequest(
            _("There are no pictures of this document's pages."),
            _(
                "They exist for: {endings}. Download the original file to see others.",
                endings=", ".join(ending for ending, known in FORMATS.items() if known.reader == "pdf"),
            ),
            param="page",
            code="no_page_pictures",
        )
    return _png(content, path.name, page, marks)


def _png(content: bytes, name: str, page: int, marks: Sequence[Box]) -> bytes:
    # Imported here: the appliance's own process draws nothing.
    from PIL import Image, ImageChops, ImageDraw

    from appliance.knowledge.readers.pdf import open_pdf

    document = open_pdf(content, name)
    if not 1 <= page <= len(document):
        raise NotFound(
            _("The document has no page {page}.", page=page),
            _("Its last page is {last}.", last=len(document)),
            param="page",
        )
    sheet = document[page - 1]
    scale = min(_DOTS_PER_POINT, _LONGEST_SIDE / max(sheet.get_size()))
    picture = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    # Multiplied, so that the marks are like a highlighter's and the words stay black.
    marker = Image.new("RGB", picture.size, "white")
    draw = ImageDraw.Draw(marker)
    for left, top, right, bottom in marks:
        box = (left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN)
        draw.rectangle([side * scale for side in box], fill=_YELLOW)
    buffer = io.BytesIO()
    ImageChops.multiply(picture, marker).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    answer_confined(sys.argv[1:], _draw)
