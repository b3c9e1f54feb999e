"""Files encrypted to public keys, in the format of the program age (age-encryption.org/v1); any age opens them.

A file's body is authenticated in pieces of 64 KiB and at its end, so one that was cut off or altered is noticed. It
does not say who wrote it: whoever knows a public key can encrypt to it.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, Final, Protocol

import pyrage

from appliance.core.errors import ApplianceError, InvalidRequest
from appliance.core.messages import Message, _

_SECRET: Final = "AGE-SECRET-KEY-1"  # noqa: S105 - what secret keys begin with
_LOCKED: Final = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_NO_KEY: Final = "No matching keys found"


@dataclass(frozen=True)
class Identity:
    """A secret key (`AGE-SECRET-KEY-1…`) and the public one (`age1…`) that belongs to it."""

    secret: str
    recipient: str

    @classmethod
    def generate(cls) -> "Identity":
        """Make a new one."""
        made = pyrage.x25519.Identity.generate()
        return cls(str(made), str(made.to_public()))

    @classmethod
    def parse(cls, content: bytes, password: str | None = None) -> "Identity":
        """Read an identity file, encrypted with a password or not. Raises `InvalidRequest`."""
        if content.startswith(_LOCKED):
            content = _unlocked(content, password)
        lines = content.decode("utf-8", "replace").splitlines()
        secrets = [line.strip() for line in lines if line.strip().upper().startswith(_SECRET)]
        if len(secrets) != 1:
            raise _unusable(_("it does not hold one secret key AGE-SECRET-KEY-1…"))
        try:
            return cls(secrets[0], str(pyrage.x25519.Identity.from_str(secrets[0]).to_public()))
        except pyrage.IdentityError as error:
            raise _unusable(_("its secret key is damaged")) from error

    def to_file(self, created: str, password: str | None = None) -> bytes:
        """Return an identity file as age-keygen writes it; with a password encrypted, as `age --passphrase` does."""
        plain = f"# created: {created}\n# public key: {self.recipient}\n{self.secret}\n".encode()
        if password is None:
            return plain
        locked: bytes = pyrage.passphrase.encrypt(plain, password, armored=True)
        return locked


class Readable(Protocol):
    """What can be read from its start to its end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


class Writable(Protocol):
    """What can be written to."""

    def write(self, data: bytes, /) -> int:
        """Write bytes, return how many."""

    def flush(self) -> None:
        """Hand on what is buffered."""


def seal(source: Readable, target: Writable, recipients: Sequence[str]) -> None:
    """Read `source` to its end and write it to `target`, encrypted to each of `recipients`.

    Raises `InvalidRequest` for a recipient that is none, and whatever reading and writing raise.
    """
    try:
        keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as error:
        raise InvalidRequest(
            _("One of the recipients is not the public key of an age identity."),
            _("It begins with age1 and has 62 characters; `appliance backup key create` shows it."),
        ) from error
    reader, writer = _Watched(source.read), _Watched(target.write, target.flush)
    try:
        pyrage.encrypt_io(reader, writer, keys)
    except (pyrage.EncryptError, OSError) as error:
        # The library keeps the words of an error and loses its kind.
        raise reader.failure or writer.failure or error from error


@contextmanager
def opened(source: IO[bytes], identity: Identity) -> Iterator[IO[bytes]]:
    """Give what is in an encrypted file as a stream that is read once.

    What was read may be used only after the block: its end says whether the file was whole. Raises `InvalidRequest`
    for another key, and for a file that is damaged, cut off or not encrypted in this way.
    """
    reading, writing = os.pipe()
    decryption = _Decryption(source, identity, writing)
    decryption.start()
    try:
        with os.fdopen(reading, "rb") as plain:
            yield plain
    except ApplianceError as error:
        decryption.join()
        # What the reader made of a stream that broke off says less than why it did.
        if decryption.fault is not None:
            raise decryption.fault from error
        raise
    finally:
        decryption.join()
    if decryption.fault is not None:
        raise decryption.fault


class _Decryption(threading.Thread):
    """Pushes the content into a pipe; ends early when nobody reads it any more."""

    def __init__(self, source: IO[bytes], identity: Identity, pipe: int) -> None:
        super().__init__(name="decrypt", daemon=True)
        self._source = _Watched(source.read)
        self._key = pyrage.x25519.Identity.from_str(identity.secret)
        self._pipe = pipe
        self.fault: InvalidRequest | None = None

    def run(self) -> None:
        with os.fdopen(self._pipe, "wb", buffering=0) as plain:
            target = _Watched(plain.write, plain.flush)
            try:
                pyrage.decrypt_io(self._source, target, [self._key])
            except (pyrage.DecryptError, OSError) as error:
                if target.failure is None:  # else the reader went away, for a reason of its own
                    self.fault = _undecipherable(self._source.failure or error)


class _Watched:
    """One side of a file, which remembers how reading or writing it failed."""

    def __init__(self, call: Callable[[Any], Any], flush: Callable[[], object] | None = None) -> None:
        self.read = self.write = partial(self._try, call)
        self.flush = partial(self._try, flush)
        self.failure: BaseException | None = None

    def _try(self, call: Callable[..., Any] | None, *arguments: Any) -> Any:  # noqa: ANN401 - bytes or a count
        if self.failure is not None:  # the library may try again while it gives up
            raise self.failure
        try:
            return call(*arguments) if call is not None else None
        except BaseException as error:  # whatever it is: the library would lose its kind, and also an interrupt's
            self.failure = error
            raise


def _unlocked(content: bytes, password: str | None) -> bytes:
    if password is None:
        raise _unusable(_("it needs a password"))
    try:
        plain: bytes = pyrage.passphrase.decrypt(content, password)
    except pyrage.DecryptError as error:
        raise _unusable(_("the password is wrong, or the file is damaged")) from error
    return plain


def _unusable(reason: Message) -> InvalidRequest:
    return InvalidRequest(
        _("The identity file cannot be used: {reason}.", reason=reason),
        _("Give the file that `appliance backup key create` wrote, and its password where it has one."),
        code="identity_unusable",
    )


def _undecipherable(error: BaseException) -> InvalidRequest:
    if str(error) == _NO_KEY:
        return InvalidRequest(
            _("The backup is encrypted to other keys than this one."),
            _("Give the identity whose public key stood in backup.recipients when the backup was made."),
            code="wrong_key",
        )
    return damaged_backup(Message("{reason}", (("reason", str(error)),)))


def damaged_backup(reason: Message) -> InvalidRequest:
    """Return the error for a backup whose content is not what was written."""
    return InvalidRequest(
        _("The backup is damaged or cut off: {reason}.", reason=reason),
        _("Take another copy of it, or an older backup; nothing was changed."),
        code="backup_damaged",
    )
