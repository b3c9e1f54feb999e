"""Signatures and keys in minisign's format, so that the public tool can check and make them.

Format: https://jedisct1.github.io/minisign/ (Ed25519 over BLAKE2b-512 of the message, RFC 8032 and RFC 7693).
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from appliance.core.errors import PackageError
from appliance.core.messages import Message, _

_KEY: Final = b"Ed"
_HASHED: Final = b"ED"
_SCRYPT: Final = b"Sc"
_PLAIN: Final = b"\0\0"
_CHECKSUM: Final = b"B2"
_UNTRUSTED: Final = "untrusted comment: "
_TRUSTED: Final = "trusted comment: "
_OPERATIONS: Final = 33_554_432  # libsodium's "sensitive" limits, which minisign takes for the key's password
_MEMORY: Final = 1_073_741_824
_LONGEST_TEXT: Final = 4096


@dataclass(frozen=True)
class PublicKey:
    """A key that packages are checked with. `number` are its 8 bytes of identity."""

    number: bytes
    raw: bytes

    @property
    def key_id(self) -> str:
        """16 hexadecimal digits, as minisign prints them."""
        return self.number[::-1].hex().upper()

    def to_text(self) -> str:
        """Return the content of a `.pub` file."""
        code = base64.b64encode(_KEY + self.number + self.raw).decode()
        return f"{_UNTRUSTED}minisign public key {self.key_id}\n{code}\n"

    def _verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """A signature file. `comment` is what the signer has signed beside the message."""

    number: bytes
    signature: bytes
    comment: str
    over_all: bytes

    @property
    def key_id(self) -> str:
        """The key that it says it was made with."""
        return self.number[::-1].hex().upper()

    def to_text(self) -> str:
        """Return the content of a `.minisig` file."""
        first = base64.b64encode(_HASHED + self.number + self.signature).decode()
        second = base64.b64encode(self.over_all).decode()
        return f"{_UNTRUSTED}signature of an appliance package\n{first}\n{_TRUSTED}{self.comment}\n{second}\n"

    def is_by(self, key: PublicKey, message: bytes) -> bool:
        """Tell whether the holder of `key` signed `message` and the comment."""
        return (
            key.number == self.number
            and key._verifies(_digest(message), self.signature)
            and key._verifies(self.signature + self.comment.encode(), self.over_all)
        )


class SecretKey:
    """A key that packages are signed with. It is used where packages are built, never on an appliance."""

    def __init__(self, number: bytes, seed: bytes) -> None:
        self._number = number
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @classmethod
    def generate(cls) -> "SecretKey":
        """Make a key."""
        return cls(os.urandom(8), os.urandom(32))

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey(self._number, self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes, comment: str) -> Signature:
        """Sign `message` and a one-line `comment`."""
        if "\n" in comment or "\r" in comment:
            raise ValueError("a comment is one line")
        signature = self._key.sign(_digest(message))
        return Signature(self._number, signature, comment, self._key.sign(signature + comment.encode()))

    def to_text(self, password: str | None = None) -> str:
        """Return the content of a secret key file, encrypted where there is a password (1 GiB of memory, a second)."""
        seed = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        secret = seed + self.public.raw
        body, salt, costs = self._number + secret + bytes(32), bytes(32), bytes(16)  # as minisign -W does
        if password is not None:
            body = self._number + secret + _check_of(self._number, secret)
            salt, costs = os.urandom(32), _OPERATIONS.to_bytes(8, "little") + _MEMORY.to_bytes(8, "little")
            body = _mixed(body, password, salt, costs)
        function = _PLAIN if password is None else _SCRYPT
        code = base64.b64encode(_KEY + function + _CHECKSUM + salt + costs + body).decode()
        return f"{_UNTRUSTED}minisign secret key\n{code}\n"

    @classmethod
    def parse(cls, text: str, password: str | None = None) -> "SecretKey":
        """Read a secret key file. Raises `PackageError`, also for a password that is missing or wrong."""
        raw = _decoded(_lines(text, 2)[1], 158)
        function, salt, costs, body = raw[2:4], raw[6:38], raw[38:54], raw[54:]
        if raw[:2] != _KEY or raw[4:6] != _CHECKSUM or function not in (_PLAIN, _SCRYPT):
            raise _unusable(_("it is of another kind"))
        if function == _SCRYPT:
            if password is None:
                raise _unusable(_("it needs a password"))
            body = _mixed(body, password, salt, costs)
        number, secret, check = body[:8], body[8:72], body[72:]
        if function == _SCRYPT and check != _check_of(number, secret):
            raise _unusable(_("the password is wrong, or the file is damaged"))
        key = cls(number, secret[:32])
        if key.public.raw != secret[32:]:
            raise _unusable(_("the file is damaged"))
        return key


def parse_public_key(text: str) -> PublicKey:
    """Read a `.pub` file, or its second line alone. Raises `PackageError`."""
    raw = _decoded(_lines(text, 1)[-1], 42)
    if raw[:2] != _KEY:
        raise _unusable(_("it is of another kind"))
    return PublicKey(raw[2:10], raw[10:])


def parse_signature(text: str) -> Signature:
    """Read a `.minisig` file. Raises `PackageError`."""
    lines = _lines(text, 4)
    raw, over_all = _decoded(lines[1], 74), _decoded(lines[3], 64)
    if raw[:2] != _HASHED or not lines[2].startswith(_TRUSTED):
        raise _unusable(_("it is of another kind"))
    return Signature(raw[2:10], raw[10:], lines[2].removeprefix(_TRUSTED), over_all)


def _check_of(number: bytes, secret: bytes) -> bytes:
    return hashlib.blake2b(_KEY + number + secret, digest_size=32).digest()


def _digest(message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=64).digest()


def _lines(text: str, least: int) -> list[str]:
    lines = text.strip("\n").split("\n") if len(text) <= _LONGEST_TEXT else []
    if len(lines) < least:
        raise _unusable(_("it is cut off or not such a file"))
    return [line.rstrip("\r") for line in lines]


def _decoded(code: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unusable(_("it is not base64")) from error
    if len(raw) != size:
        raise _unusable(_("it is cut off or not such a file"))
    return raw


def _mixed(body: bytes, password: str, salt: bytes, costs: bytes) -> bytes:
    """Return `body` encrypted or decrypted with the stream that the password gives (libsodium's scrypt)."""
    operations, memory = int.from_bytes(costs[:8], "little"), int.from_bytes(costs[8:], "little")
    if not 32_768 <= operations <= _OPERATIONS or not 0 < memory <= _MEMORY:
        raise _unusable(_("its password settings are out of range"))
    block = 8
    if operations < memory // 32:
        exponent, parallel = _exponent(operations // (block * 4)), 1
    else:
        exponent = _exponent(memory // (block * 128))
        parallel = min(operations // 4 // (1 << exponent), 0x3FFFFFFF) // block
    limit = 128 * block * ((1 << exponent) + parallel + 2) + (1 << 20)
    stream = hashlib.scrypt(
        password.encode(), salt=salt, n=1 << exponent, r=block, p=max(1, parallel), maxmem=limit, dklen=len(body)
    )
    return bytes(one ^ other for one, other in zip(body, stream, strict=True))


def _exponent(most: int) -> int:
    """Return the smallest power whose double exceeds `most` (libsodium's pickparams)."""
    exponent = 1
    while exponent < 63 and (1 << exponent) <= most // 2:
        exponent += 1
    return exponent


def _unusable(reason: Message) -> PackageError:
    return PackageError(
        _("The key or signature cannot be used: {reason}.", reason=reason),
        _("Use files that minisign or `appliance package keygen` has made."),
        code="bad_signature_file",
    )
