"""Mail (.eml) with what is attached to it: the tables of attachments bear the attachment's name."""

import email
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.policy import default
from pathlib import PurePosixPath

from appliance.core.errors import RequestError
from appliance.knowledge.readers import mail
from appliance.knowledge.readers.collect import has_words, unreadable
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.raw import texts
from appliance.knowledge.readers.raw.model import Gatherer

_MOST_PARTS = 50
_DEEPEST = 3


def gather(content: bytes, into: Gatherer) -> None:
    """Add the text of a mail, the tables in it and in its xlsx and csv attachments. Raises `InvalidRequest`."""
    into.add_blocks(mail.read(content, into.name, into.limits).blocks)
    try:
        _message(email.message_from_bytes(content, policy=default), into, 0)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise unreadable(into.name, str(error)) from error


def _message(message: EmailMessage, into: Gatherer, depth: int) -> None:
    body = message.get_body(("html",))
    if body is not None and "<table" in (markup := _text(body, into.name)):
        own = Gatherer(into.name, into.limits)
        texts.gather_markup(markup, own)
        for grid in own.grids:
            _take(grid.rows, into, None, grid.above)
    else:
        plain = message.get_body(("plain",))
        if plain is not None and has_words(text := _text(plain, into.name)):
            own = Gatherer(into.name, into.limits)
            texts.gather_plain(text, own)
            for grid in own.grids:
                _take(grid.rows, into, None, grid.above)
    for number, part in enumerate(message.iter_attachments() if message.is_multipart() else ()):
        if number >= _MOST_PARTS:
            return
        if part.get_content_type() == "message/rfc822" and depth < _DEEPEST:
            _message(part.get_content(), into, depth + 1)
        else:
            _attached(part, into)


def _attached(part: MIMEPart, into: Gatherer) -> None:
    """Add the tables of an attachment; one that cannot be read is said in the text."""
    from appliance.knowledge.readers.raw import sheets  # openpyxl loads for mails with a workbook only

    name = part.get_filename() or ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not name:
        return
    own = Gatherer(name, into.limits)
    ending = PurePosixPath(name).suffix.lower()
    try:
        if ending == ".xlsx":
            sheets.gather(payload, own)
        elif ending in (".csv", ".tsv"):
            texts.gather_csv(payload, own)
        else:
            return
    except RequestError as error:
        into.add_text(str(error))
        return
    for grid in own.grids:
        _take(grid.rows, into, f"{name} / {grid.sheet}" if grid.sheet else name, (), grid.row_numbers)


def _take(
    rows: tuple[tuple[str, ...], ...],
    into: Gatherer,
    sheet: str | None,
    above: tuple[str, ...],
    numbers: tuple[int, ...] = (),
) -> None:
    from appliance.knowledge.readers.tables import strip_of

    counted = numbers or tuple(range(1, len(rows) + 1))
    into.add_grid(
        ((number, strip_of(row), None) for number, row in zip(counted, rows, strict=True)), sheet=sheet, above=above
    )


def _text(part: MIMEPart, name: str) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset() or "utf-8")
    try:
        return content.decode("gb18030" if charset.startswith("gb") else charset)
    except (LookupError, UnicodeDecodeError):
        return decode(content, name)
