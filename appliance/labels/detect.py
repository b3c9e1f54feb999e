"""The format of a file, told by its content. The ending of its name decides only between kinds of plain text."""

import json
import re
from pathlib import PurePath

from appliance.core.errors import InvalidRequest, Unsupported
from appliance.core.messages import _
from appliance.labels.formats import jpeg, markdown, plain, png
from appliance.labels.formats.decoded import decoded
from appliance.labels.office_zip import opened, protected

ENDINGS = {
    "json": (".json",),
    "sse": (".sse", ".txt", ".log"),
    "md": (".md", ".markdown", ".txt"),
    "txt": (".txt", ".md", ".markdown", ".text", ".log"),
    "html": (".html", ".htm"),
    "docx": (".docx",),
    "xlsx": (".xlsx",),
    "pptx": (".pptx",),
    "pdf": (".pdf",),
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
}
"""Formats that can carry a label, with the endings that a file of such content may have."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_MAIN_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body|meta)\b", re.I | re.DOTALL
)
_STREAM = re.compile(r"(?:\s*(?::.*|event:.*|id:.*|retry:.*)\n)*\s*data:")
_PDF_START = 1024
_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MARKDOWN_ENDINGS = (".md", ".markdown")


def format_of(content: bytes, name: str = "") -> str:
    """Return one of `ENDINGS`. Raises `InvalidRequest` for an empty file, `Unsupported` for one that takes no label."""
    if not content.strip(b"\x00\t\r\n "):
        raise InvalidRequest(
            _("The file is empty."),
            _("Check where it comes from; it may have been cut off."),
            param="file",
            code="empty_document",
        )
    for start, kind in ((png.SIGNATURE, "png"), (jpeg.SIGNATURE, "jpeg")):
        if content.startswith(start):
            return kind
    if content.startswith(_ZIP):
        return _office_kind(content)
    if b"%PDF-" in content[:_PDF_START]:
        return "pdf"
    if content.startswith(_OLE):
        raise protected()
    if b"\x00" in content and not content.startswith(_TEXT_BOMS):
        raise _no_format()
    return _text_kind(decoded(content, "txt"), name)


def ending_fits(kind: str, name: str) -> bool:
    """Tell whether a file name's ending says the same as its content; a name without an ending says nothing."""
    ending = PurePath(name).suffix.lower()
    return not ending or ending in ENDINGS[kind] or ending not in {e for ends in ENDINGS.values() for e in ends}


def _office_kind(content: bytes) -> str:
    with opened(content) as parts:
        for name, kind in _MAIN_PARTS.items():
            if name in parts.names:
                return kind
    raise _no_format()


def _text_kind(text: str, name: str) -> str:
    if text.lstrip()[:1] in ("{", "[") and _is_json(text):
        return "json"
    if _STREAM.match(text):
        return "sse"
    if _PAGE.match(text):
        return "html"
    if markdown.has_front_matter(text):
        return "md"
    wanted = PurePath(name).suffix.lower()
    return "md" if wanted in _MARKDOWN_ENDINGS and plain.without_label(text) == text else "txt"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _no_format() -> Unsupported:
    return Unsupported(
        _("Files of this type carry no label here."),
        _("Labels are read from: {formats}.", formats=", ".join(ENDINGS)),
        param="file",
    )
