"""PNG: XMP in an iTXt chunk. Chunks are moved as they are; the picture is never decoded."""

import struct
import zlib
from collections.abc import Iterator

from appliance.core.messages import _
from appliance.core.units import MIB
from appliance.labels.carried import Carried, damaged, too_large
from appliance.labels.content import ContentLabel
from appliance.labels.xmp import labels_in, with_label

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"XML:com.adobe.xmp"
_HEAD = struct.Struct(">I4s")
_CHECK_BYTES = 4
_MOST_XMP = MIB

Chunk = tuple[bytes, bytes]


def read(content: bytes) -> Carried:
    """Find the labels of all XMP chunks. Raises `InvalidRequest`."""
    packets = [packet for chunk in _chunks(content) if (packet := _packet(*chunk)) is not None]
    return Carried(tuple(value for packet in packets for value in labels_in(packet)), None)


def write(content: bytes, label: ContentLabel) -> bytes:
    """Write the label into the XMP that the file has, or into new XMP before the picture. Raises `InvalidRequest`."""
    chunks = list(_chunks(content))
    packets = [packet for chunk in chunks if (packet := _packet(*chunk)) is not None]
    kept = [chunk for chunk in chunks if _packet(*chunk) is None]
    text = b"\x00\x00\x00\x00\x00".join((_KEYWORD, with_label(packets[0] if packets else None, label)))
    kept.insert(1, (b"iTXt", text))
    return SIGNATURE + b"".join(_written(*chunk) for chunk in kept)


def _chunks(content: bytes) -> Iterator[Chunk]:
    """Yield each chunk's type and data, up to IEND. Raises `InvalidRequest` for a cut or altered file."""
    if not content.startswith(SIGNATURE):
        raise damaged("PNG", _("it does not begin as one"))
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        if place + _HEAD.size > len(content):
            raise damaged("PNG", _("it ends too early"))
        size, kind = _HEAD.unpack_from(content, place)
        start, end = place + _HEAD.size, place + _HEAD.size + size
        check = content[end : end + _CHECK_BYTES]
        if len(check) < _CHECK_BYTES:
            raise damaged("PNG", _("it ends too early"))
        if place == len(SIGNATURE) and kind != b"IHDR":
            raise damaged("PNG", _("it does not begin as one"))
        data = content[start:end]
        if zlib.crc32(data, zlib.crc32(kind)) != int.from_bytes(check, "big"):
            raise damaged("PNG", _("a checksum is wrong"))
        yield kind, data
        place = end + _CHECK_BYTES


def _written(kind: bytes, data: bytes) -> bytes:
    return _HEAD.pack(len(data), kind) + data + zlib.crc32(data, zlib.crc32(kind)).to_bytes(_CHECK_BYTES, "big")


def _packet(kind: bytes, data: bytes) -> bytes | None:
    """Return the XMP of an iTXt chunk, unpacked; None for any other chunk."""
    if kind != b"iTXt" or not data.startswith(_KEYWORD + b"\x00"):
        return None
    flags, rest = data[len(_KEYWORD) + 1 : len(_KEYWORD) + 3], data[len(_KEYWORD) + 3 :]
    texts = rest.split(b"\x00", 2)  # language, translated keyword, text
    if len(flags) != 2 or len(texts) != 3:
        raise damaged("PNG", _("its text chunk is cut off"))
    text = texts[2]
    if flags[0]:
        unpacking = zlib.decompressobj()
        try:
            text = unpacking.decompress(text, _MOST_XMP + 1)
        except zlib.error as error:
            raise damaged("PNG", error) from error
    if len(text) > _MOST_XMP:
        raise too_large("PNG", "1 MiB")
    return text
