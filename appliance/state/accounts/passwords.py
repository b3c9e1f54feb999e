"""Passwords: which ones are taken, and their argon2id hashes (RFC 9106's low-memory parameters)."""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.core.errors import InvalidRequest
from appliance.core.messages import Message, _

MOST_CHARACTERS = 128
FEWEST_DISTINCT = 5
_AT_ONCE = 4  # each hash takes 64 MiB for some tens of milliseconds

_BAD = frozenset(
    {
        "password", "passw", "passwort", "admin", "administrator", "welcome", "letmein", "changeme", "secret", "master",
        "default", "login", "qwerty", "qwertyuiop", "asdfghjkl", "zxcvbnm", "iloveyou", "appliance", "llmappliance",
        "mima", "woaini", "zhongguo", "bank", "test", "root", "user", "guest",
    }
)  # fmt: skip
_ROWS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True)
class PasswordRules:
    """What a new password must be."""

    min_length: int = 12
    """In characters."""


class Passwords:
    """Hashes and verifies passwords. The same characters typed on another keyboard are the same password (NFKC)."""

    def __init__(self, rules: PasswordRules | None = None, hasher: PasswordHasher | None = None) -> None:
        self._rules = rules or PasswordRules()
        self._hasher = hasher or PasswordHasher()
        self._gate = threading.BoundedSemaphore(_AT_ONCE)

    def check(self, name: str, password: str) -> None:
        """Raise `InvalidRequest` for a password that nobody, or nobody of this name, may have."""
        fault = _fault(name, password, self._rules)
        if fault is not None:
            raise InvalidRequest(
                _("This password cannot be used: {reason}.", reason=fault),
                _("Several words with something between them are long and easy to keep in mind."),
                param="password",
                code="weak_password",
            )

    def hash(self, name: str, password: str) -> str:
        """Return the hash of a new password for the user `name`, in PHC format. Raises as `check`."""
        self.check(name, password)
        with self._gate:
            return self._hasher.hash(_bytes(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether `password` is the one of the hash; without one (no such user) it takes the same work."""
        nobody = self._nobody
        try:
            with self._gate:
                self._hasher.verify(stored or nobody, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_dated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def rehash(self, password: str) -> str:
        """Return a new hash of a password that has just been verified: today's rules do not apply to it."""
        with self._gate:
            return self._hasher.hash(_bytes(password))

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(b"nobody")


def _bytes(password: str) -> bytes:
    # What follows the limit cannot be right: it is cut, so that nobody makes the server normalise megabytes.
    return unicodedata.normalize("NFKC", password[: MOST_CHARACTERS + 1]).encode("utf-8", "surrogatepass")


def _fault(name: str, password: str, rules: PasswordRules) -> Message | None:
    """Return what is wrong with a new password, or None."""
    if len(password) < rules.min_length:
        return _("it has {actual} characters and needs {least}", actual=len(password), least=rules.min_length)
    if len(password) > MOST_CHARACTERS:
        return _("it has more than {most} characters", most=MOST_CHARACTERS)
    if not password.isprintable():
        return _("it has characters that cannot be typed everywhere")
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < FEWEST_DISTINCT:
        return _("it has fewer than {least} different characters", least=FEWEST_DISTINCT)
    words = set(_NOT_LETTERS.split(folded)) - {""}
    if words and words <= {name.casefold(), *_NOT_LETTERS.split(name.casefold())}:
        return _("it is made of the user's name")
    if words and words <= _BAD:
        return _("it is one of those that are tried first")
    if any(folded[: rules.min_length] in row + row for row in (*_ROWS, *(row[::-1] for row in _ROWS))):
        return _("it is a row of the keyboard")
    return None
