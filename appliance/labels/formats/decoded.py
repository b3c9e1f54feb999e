"""Text files as text: UTF-8 first, then what Chinese systems still write."""

import codecs

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _
from appliance.labels.carried import damaged

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(content: bytes, kind: str) -> str:
    """Return a text file's text without its byte order mark. Raises `InvalidRequest`."""
    encodings = ("utf-16",) if content.startswith(_UTF16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise damaged(kind, _("its characters are in no known encoding"))


def for_writing(content: bytes) -> str:
    """Return the text of a file that is about to be changed, line ends as they are. Raises `InvalidRequest`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            _("The file is not in UTF-8, and a label is written in UTF-8 only."),
            _("Save it as UTF-8 and try again."),
            param="file",
        ) from error
