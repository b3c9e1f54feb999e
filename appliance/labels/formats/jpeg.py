"""JPEG: XMP in an APP1 segment. Segments are moved as they are; the picture is never decoded."""

import struct

from appliance.core.messages import _
from appliance.labels.carried import Carried, damaged, no_place
from appliance.labels.content import ContentLabel
from appliance.labels.xmp import labels_in, with_label

SIGNATURE = b"\xff\xd8\xff"
_START = b"\xff\xd8"
_END = b"\xff\xd9"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_APP0, _APP1, _SCAN = 0xE0, 0xE1, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
_MOST_SEGMENT = 0xFFFF - 2  # the length counts itself

Segment = tuple[int, bytes]


def read(content: bytes) -> Carried:
    """Find the labels of all XMP segments. Raises `InvalidRequest`."""
    segments, _scans = _split(content)
    packets = [packet for segment in segments if (packet := _packet(*segment)) is not None]
    return Carried(tuple(value for packet in packets for value in labels_in(packet)), None)


def write(content: bytes, label: ContentLabel) -> bytes:
    """Write the label into the XMP that the file has, or into new XMP. Raises `InvalidRequest`, `Unsupported`."""
    segments, scans = _split(content)
    packets = [packet for segment in segments if (packet := _packet(*segment)) is not None]
    kept = [segment for segment in segments if _packet(*segment) is None]
    data = _XMP + with_label(packets[0] if packets else None, label)
    if len(data) > _MOST_SEGMENT:
        raise no_place("JPEG", _("Its metadata fill the segment; remove some."))
    # JFIF and Exif want to be first.
    place = next((n for n, (marker, _data) in enumerate(kept) if marker not in (_APP0, _APP1)), len(kept))
    kept.insert(place, (_APP1, data))
    return _START + b"".join(_written(*segment) for segment in kept) + scans


def _split(content: bytes) -> tuple[list[Segment], bytes]:
    """Return the segments before the first scan, and everything from it on. Raises `InvalidRequest`."""
    if not content.startswith(SIGNATURE):
        raise damaged("JPEG", _("it does not begin as one"))
    segments: list[Segment] = []
    place = len(_START)
    while place + 4 <= len(content):
        if content[place] != 0xFF:
            raise damaged("JPEG", _("a segment does not begin where it should"))
        marker = content[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
        elif marker == _SCAN:
            if content.rfind(_END) < place:
                break
            return segments, content[place:]
        elif marker in _WITHOUT_LENGTH:
            segments.append((marker, b""))
            place += 2
        else:
            (size,) = struct.unpack_from(">H", content, place + 2)
            if size < 2 or place + 2 + size > len(content):
                break
            segments.append((marker, content[place + 4 : place + 2 + size]))
            place += 2 + size
    raise damaged("JPEG", _("it ends too early"))


def _written(marker: int, data: bytes) -> bytes:
    if marker in _WITHOUT_LENGTH:
        return bytes((0xFF, marker))
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def _packet(marker: int, data: bytes) -> bytes | None:
    return data[len(_XMP) :] if marker == _APP1 and data.startswith(_XMP) else None
