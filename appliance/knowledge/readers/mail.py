"""Mail (.eml): subject, sender, receivers and date, the text, and the names of what is attached."""

import email
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.policy import default

from appliance.knowledge.content import Extracted
from appliance.knowledge.readers.collect import Collector, has_words, unreadable
from appliance.knowledge.readers.decode import decode
from appliance.knowledge.readers.limits import Limits
from appliance.knowledge.readers.plain import add_text
from appliance.knowledge.readers.webpage import add_markup

_NAMED = ("From", "To", "Cc", "Date")
_DEEPEST = 3  # mails within mails
_MOST_PARTS = 500
_HEADER_CHARACTERS = 64_000


def read(content: bytes, name: str, limits: Limits) -> Extracted:
    """Read a mail. What is attached is named, not read. Raises `InvalidRequest`."""
    collector = Collector(name, limits)
    try:
        message = email.message_from_bytes(content, policy=default)
        if not message.keys():
            raise unreadable(name, "no header of a mail")
        _Mail(collector, name).add(message, 0)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise unreadable(name, str(error)) from error
    return collector.finish()


class _Mail:
    """Writes a mail and those that it carries."""

    def __init__(self, collector: Collector, name: str) -> None:
        self._collector = collector
        self._name = name
        self._parts = 0

    def add(self, message: EmailMessage, depth: int) -> None:
        self._check_headers(message)
        self._collector.add(str(message.get("Subject", "")), "heading", level=depth + 1)
        for header in _NAMED:
            if message.get(header):
                self._collector.add(f"{header}: {message[header]}")
        body = self._body(message)
        attached = [part for part in message.iter_attachments() if part is not body] if message.is_multipart() else []
        for part in attached:
            self._attachment(part, depth)

    def _body(self, message: EmailMessage) -> MIMEPart | None:
        """Write the text of a mail: the plain one where it has words, else the HTML."""
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            if body is not None and has_words(text := self._text(body)):
                if kind == "plain":
                    add_text(text, self._collector)
                else:
                    add_markup(text, self._name, self._collector)
                return body
        return None

    def _attachment(self, part: MIMEPart, depth: int) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise self._collector.too_large(f"{_MOST_PARTS} attachments")
        self._check_headers(part)
        file_name = part.get_filename()
        if file_name:
            self._collector.add(f"Attachment: {file_name}", "item")
        if part.get_content_type() == "message/rfc822":
            if depth < _DEEPEST:
                self.add(part.get_content(), depth + 1)
        elif part.get_content_type() == "text/plain" and not file_name:
            add_text(self._text(part), self._collector)

    def _text(self, part: MIMEPart) -> str:
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        charset = str(part.get_content_charset() or "utf-8")
        try:
            # Mail programs say GB 2312 and write the larger GB 18030.
            return content.decode("gb18030" if charset.startswith("gb") else charset)
        except (LookupError, UnicodeDecodeError):
            return decode(content, self._name)

    def _check_headers(self, message: MIMEPart) -> None:
        if any(len(str(value)) > _HEADER_CHARACTERS for _header, value in message.raw_items()):
            raise unreadable(self._name, f"a header of more than {_HEADER_CHARACTERS:,} characters")
