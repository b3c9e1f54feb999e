"""File types that can be read, told by the name's ending and by the first bytes."""

import codecs
import importlib.util
from dataclasses import dataclass
from pathlib import PurePosixPath

from appliance.core.errors import InvalidRequest, Unsupported
from appliance.core.messages import _

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


@dataclass(frozen=True)
class Format:
    """One readable type; `reader` is the module below `appliance.knowledge.readers`."""

    reader: str
    media_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS = {
    ".md": Format("markdown", "text/markdown"),
    ".markdown": Format("markdown", "text/markdown"),
    ".txt": Format("plain", "text/plain"),
    ".html": Format("webpage", "text/html"),
    ".htm": Format("webpage", "text/html"),
    ".docx": Format("word", f"{_OFFICE}.wordprocessingml.document"),
    ".pdf": Format("pdf", "application/pdf"),
    ".xlsx": Format("sheet", f"{_OFFICE}.spreadsheetml.sheet"),
    ".pptx": Format("slides", f"{_OFFICE}.presentationml.presentation"),
    ".csv": Format("separated", "text/csv"),
    ".eml": Format("mail", "message/rfc822"),
}
_ZIPPED = ("word", "sheet", "slides")


def format_of(name: str) -> Format:
    """Return the format of a file name. Raises `Unsupported` for an ending that no reader takes."""
    ending = PurePosixPath(name).suffix.lower()
    known = FORMATS.get(ending)
    if known is None:
        raise Unsupported(
            _("{name} is of a type that cannot be read here.", name=name),
            _("Convert it to one of: {endings}.", endings=", ".join(FORMATS)),
            param="name",
        )
    return known


def scans_can_be_read() -> bool:
    """Tell whether text recognition (the extra `ocr`) is part of this installation."""
    return importlib.util.find_spec("rapidocr") is not None


def check_first_bytes(name: str, content: bytes) -> None:
    """Refuse a file that is empty or is not what its name says. Raises `InvalidRequest`."""
    if not content.strip(b"\x00\t\r\n "):
        raise InvalidRequest(
            _("{name} is empty.", name=name),
            _("Check the upload; the file may have been cut off."),
            param="file",
            code="empty_document",
        )
    reader = format_of(name).reader
    if reader in _ZIPPED and content.startswith(_OLE):
        raise InvalidRequest(
            _("{name} is encrypted or in the old binary Office format.", name=name),
            _("Remove the password, save it as .docx, .xlsx or .pptx, and add it again."),
            param="file",
            code="encrypted_document",
        )
    if reader == "pdf":
        fits = b"%PDF-" in content[:1024]
    elif reader in _ZIPPED:
        fits = content.startswith(_ZIP)
    else:
        fits = not content.startswith((_ZIP, _OLE, b"%PDF-", *_PICTURES)) and (
            b"\x00" not in content or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        )
    if not fits:
        raise InvalidRequest(
            _("{name} is not what its ending says.", name=name),
            _("Give the file the ending of its real type, or export it again."),
            param="file",
            code="mislabelled_document",
        )
