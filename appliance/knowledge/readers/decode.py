"""Bytes of a text file to text."""

import codecs

from appliance.knowledge.readers.collect import unreadable

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(content: bytes, name: str) -> str:
    """Decode by byte order mark, else as UTF-8, else as GB 18030, the encoding of older Chinese files.

    Raises `InvalidRequest` for bytes that are none of these.
    """
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise unreadable(name, f"not text in {' or '.join(encodings)}")
