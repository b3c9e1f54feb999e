"""A reader of tar archives that knows regular files and nothing else. Everything else is refused, by name.

Headers: POSIX.1-1988 ustar, sizes beyond 8 GiB in base 256 as GNU tar writes them.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from appliance.core.errors import PackageError
from appliance.core.messages import Message, _

BLOCK: Final = 512
_PIECE: Final = 1 << 20
_KINDS: Final[dict[bytes, Message]] = {
    b"1": _("a hard link"),
    b"2": _("a symbolic link"),
    b"3": _("a device"),
    b"4": _("a device"),
    b"5": _("a folder"),
    b"6": _("a named pipe"),
}


@dataclass(frozen=True)
class Member:
    """One regular file of an archive."""

    name: str
    size: int


class TarReader:
    """Reads members in the order of the archive, from a file that is read once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = 0
        self._padding = 0

    def next(self) -> Member | None:
        """Go to the next member; None at the end mark. Raises `PackageError`."""
        self._skip()
        header = self._exactly(BLOCK)
        if header == bytes(BLOCK):
            if self._exactly(BLOCK) != bytes(BLOCK) or self._file.read(_PIECE).strip(b"\0"):
                raise refused(_("something follows its end mark"))
            return None
        member = _member(header)
        self._left = member.size
        self._padding = -member.size % BLOCK
        return member

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of the member. Raises `PackageError` where the file ends before it does."""
        while self._left:
            piece = self._exactly(min(self._left, _PIECE))
            self._left -= len(piece)
            yield piece

    def _skip(self) -> None:
        for _piece in self.pieces():
            pass
        if self._exactly(self._padding).strip(b"\0"):
            raise refused(_("there are bytes between its members"))
        self._padding = 0

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise refused(_("it is cut off"))
        return data


def _member(header: bytes) -> Member:
    if header[257:262] != b"ustar" or header[148:156] != _checksum(header):
        raise refused(_("it is not a tar archive, or a header is damaged"))
    name = _text(header[0:100])
    if header[257:263] == b"ustar\0" and header[345:500].strip(b"\0"):
        name = f"{_text(header[345:500])}/{name}"
    kind = header[156:157]
    if kind not in (b"0", b"\0"):
        raise refused(
            _("its member {name} is {kind}", name=ascii(name), kind=_KINDS.get(kind, _("of an unknown kind")))
        )
    return Member(name, _number(header[124:136]))


def _checksum(header: bytes) -> bytes:
    total = sum(header[:148]) + sum(header[156:]) + 8 * 32
    return b"%06o\0 " % total


def _text(field: bytes) -> str:
    try:
        return field.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError as error:
        raise refused(_("the name of a member is not UTF-8")) from error


def _number(field: bytes) -> int:
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    if not digits or digits.strip(b"01234567"):
        raise refused(_("the size of a member is not a number"))
    return int(digits, 8)


def refused(reason: Message) -> PackageError:
    """Return the error for an archive that is not to be used."""
    return PackageError(
        _("The package is refused: {reason}.", reason=reason),
        _("Get the file again from where it was made; nothing was installed."),
        code="package_refused",
    )


def header_of(name: str, size: int) -> bytes:
    """Return the header of a regular file: no owner, no time, so that equal content gives equal bytes.

    Raises ValueError for a name that does not fit, or does not beside so large a size.
    """
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    # GNU's form has room for large sizes, the POSIX one for long names; neither then needs a member of its own for it.
    return info.tobuf(tarfile.GNU_FORMAT if len(name.encode()) <= 100 else tarfile.USTAR_FORMAT, "utf-8", "strict")
