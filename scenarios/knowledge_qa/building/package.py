"""Office files with the same bytes each time: fixed author, dates and zip entries."""

import io
import zipfile
from datetime import datetime
from typing import Any

AUTHOR = "Qinglan Bank"
MADE_AT = datetime(2026, 5, 1)  # noqa: DTZ001 - Office files hold naive times


def saved(document: Any) -> bytes:  # noqa: ANN401 - a document of docx, pptx or openpyxl
    """Return the file of a document that has `save(stream)`."""
    buffer = io.BytesIO()
    document.save(buffer)
    return _same_times(buffer.getvalue())


def _same_times(archive: bytes) -> bytes:
    """Return the zip with one fixed time in every entry and in the core properties."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml" and b"<dcterms:modified" in content:
                before, _mark, rest = content.partition(b"<dcterms:modified")
                attributes, _close, after = rest.partition(b">")
                stamp = MADE_AT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                content = before + _mark + attributes + b">" + stamp + after[after.index(b"<") :]
            new.writestr(zipfile.ZipInfo(entry.filename, (2026, 5, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
