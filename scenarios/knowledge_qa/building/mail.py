"""Mail messages."""

from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import Path


def make_eml(text: str, attachments: Path) -> bytes:
    """Return the message of `Header: value` lines, an empty line and the body.

    `Attachment: NAME` adds a CSV file of the folder. Message-ID and boundary follow from the text.
    """
    head, _empty, body = text.partition("\n\n")
    mark = sha256(text.encode()).hexdigest()[:24]
    message = EmailMessage(SMTP)
    names = []
    for line in head.splitlines():
        name, _colon, value = line.partition(":")
        if name == "Attachment":
            names.append(value.strip())
        else:
            message[name] = value.strip()
    message["Message-ID"] = f"<{mark}@example.com>"
    message.set_content(body, charset="utf-8", cte="quoted-printable")
    for name in names:
        content = (attachments / name).read_text(encoding="utf-8")
        message.add_attachment(content, subtype="csv", filename=name, charset="utf-8", cte="quoted-printable")
    if names:
        message.set_boundary(f"=-{mark}")
    return message.as_bytes()
