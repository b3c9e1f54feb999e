"""PDF: `/AIGC` in the Info dictionary, which stands as an object of its own, so that a search of the bytes finds it."""

import io
import logging
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import IndirectObject, NameObject, TextStringObject

from appliance.core.messages import Message, _
from appliance.labels.carried import Carried, damaged
from appliance.labels.content import LABEL_KEY, ContentLabel
from appliance.labels.office_zip import protected
from appliance.labels.wording import has_explicit

_KEY = f"/{LABEL_KEY}"
_PAGES_AT_AN_END = 2  # where a notice is looked for
# What pypdf lets through from files that were altered.
_BROKEN = (
    PyPdfError, ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, OSError,
    RuntimeError, struct.error, zlib.error,
)  # fmt: skip


class _Literal(TextStringObject):
    """ASCII text that is written as it reads, so that a search of the bytes finds it."""

    def write_to_stream(self, stream: IO[Any]) -> None:
        """Write the string with its brackets."""
        stream.write(b"(" + re.sub(rb"[\\()]", rb"\\\g<0>", self.encode("ascii")) + b")")


def read(content: bytes) -> Carried:
    """Find the label in the Info dictionary, and the notice on the first and last pages. Raises `InvalidRequest`."""
    with _reading(content) as reader:
        value = reader.metadata.get(_KEY) if reader.metadata is not None else None
        values = () if value is None else (str(value),)
        return Carried(values, has_explicit(_ends(reader)), problems=_hidden(reader) if values else ())


def write(content: bytes, label: ContentLabel) -> bytes:
    """Set the label and write the file anew, without object streams and without its earlier versions.

    Raises `InvalidRequest`.
    """
    with _reading(content) as reader:
        if reader.is_encrypted:  # written anew it would lose its restrictions
            raise protected()
        writer = PdfWriter(clone_from=reader)
        if writer.metadata is None:
            writer.metadata = {}
        # `add_metadata` would write each sign of the JSON as an octal number.
        info = writer._info
        if info is None:
            raise damaged("PDF", _("its Info dictionary cannot be read"))
        info[NameObject(_KEY)] = _Literal(label.to_value())
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()


@contextmanager
def _reading(content: bytes) -> Iterator[PdfReader]:
    # What pypdf mends on its way is of no interest to who reads a label.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise protected()
        yield reader
    except RecursionError as error:
        raise damaged("PDF", _("its objects are nested too deeply")) from error
    except _BROKEN as error:
        raise damaged("PDF", str(error) or type(error).__name__) from error


def _ends(reader: PdfReader) -> str:
    """Return the text of the pages at both ends."""
    count = len(reader.pages)
    places = sorted({*range(min(_PAGES_AT_AN_END, count)), *range(max(0, count - _PAGES_AT_AN_END), count)})
    return "\n".join(reader.pages[place].extract_text() for place in places)


def _hidden(reader: PdfReader) -> tuple[Message, ...]:
    info = reader.trailer.raw_get("/Info") if "/Info" in reader.trailer else None
    if isinstance(info, IndirectObject) and info.idnum in reader.xref_objStm:
        return (_("the label stands inside an object stream, where a search of the file does not find it"),)
    return ()
