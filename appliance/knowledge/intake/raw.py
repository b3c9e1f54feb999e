"""Raw reading in a confined process. Run as a module it is that process: name and path on the command line."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.knowledge.intake.confined import answer_confined, run_confined
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.formats import check_first_bytes, format_of
from appliance.knowledge.readers.limits import DEFAULT_LIMITS, Limits

_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


def read_raw(path: Path, name: str, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """Return text and tables of the file at `path` as plain values, the fields of `readers.raw.model.Raw`.

    Raises `InvalidRequest` or `Unsupported` with the reason for any file that cannot be read within `limits`.
    """
    answer: dict[str, Any] = json.loads(run_confined(__spec__.name, [name, str(path)], name, limits))
    return answer


def _read(arguments: Sequence[str], limits: Limits) -> bytes:
    name, path = arguments
    size = Path(path).stat().st_size
    if size > limits.file_bytes:
        raise InvalidRequest(
            _("{name} is over the limit for one document: {limit}.", name=name, limit=f"{limits.file_bytes:,} bytes"),
            _("Split it and add the parts."),
            param="file",
            code="document_too_large",
        )
    content = Path(path).read_bytes()
    kind = _kind(name, content)
    from appliance.knowledge.readers.raw.model import Gatherer

    into = Gatherer(name, limits)
    pages: int | None = None
    scanned: list[int] = []
    if kind == "pdf":
        from appliance.knowledge.readers.raw import pages as pdf

        pages, scanned = pdf.gather(content, into)
    elif kind == "sheet":
        from appliance.knowledge.readers.raw import sheets

        sheets.gather(content, into)
    else:
        _gather_text(kind, content, into)
    return json.dumps(into.finish(pages, scanned).to_json(), ensure_ascii=False).encode("utf-8", "replace")


def _gather_text(kind: str, content: bytes, into: Any) -> None:  # noqa: ANN401 - a Gatherer, imported late
    from appliance.knowledge.readers.raw import mails, texts

    if kind == "word":
        texts.gather_word(content, into)
    elif kind == "separated":
        texts.gather_csv(content, into)
    elif kind == "mail":
        mails.gather(content, into)
    elif kind == "webpage":
        texts.gather_markup(decode(content, into.name), into)
    elif kind == "markdown":
        texts.gather_markdown(decode(content, into.name).replace("\r\n", "\n"), into)
    elif kind == "slides":
        from appliance.knowledge.readers import slides

        into.add_blocks(slides.read(content, into.name, into.limits).blocks)
    else:
        texts.gather_plain(decode(content, into.name), into)


def _kind(name: str, content: bytes) -> str:
    """Return the reader of a file. An .xls may be a web page or an xlsx under another name. Raises `RequestError`."""
    if name.lower().endswith(".xls"):
        if content.startswith(_ZIP):
            return "sheet"
        if content.startswith(_OLE) or not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise InvalidRequest(
                _("{name} is a workbook of the old binary format, which is not read.", name=name),
                _("Open it, save it as .xlsx and add it again."),
                param="file",
                code="old_workbook",
            )
        return "webpage"
    if name.lower().endswith(".tsv"):
        return "separated"
    check_first_bytes(name, content)
    return format_of(name).reader


if __name__ == "__main__":
    answer_confined(sys.argv[1:], _read)
