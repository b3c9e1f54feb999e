"""Tokens `PREFIX-ID.SECRET`: of keys and sessions. Only an HMAC of the whole token is kept."""

import hmac
import re
import secrets
from typing import Final

SECRET_BYTES: Final = 32
NOBODY: Final = bytes(32)
"""What an unknown id is compared with."""
MOST_CHARACTERS: Final = 128
"""Longer input is cut before it is hashed: its digest cannot match."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LENGTH = 12


def new_public_id(prefix: str) -> str:
    """Return `PREFIX-` and 12 random characters: 60 bits, no secret."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _position in range(_LENGTH))


def new_token(prefix: str) -> tuple[str, str]:
    """Return the public id of a new token, and the token."""
    public_id = new_public_id(prefix)
    return public_id, f"{public_id}.{secrets.token_urlsafe(SECRET_BYTES)}"


def pattern_of(prefix: str) -> re.Pattern[str]:
    """Return the form of tokens of this prefix; group 1 is the public id."""
    return re.compile(rf"({prefix}-[a-z2-7]{{{_LENGTH}}})\.[A-Za-z0-9_-]{{32,64}}", re.ASCII)


def digest_of(pepper: bytes, token: str) -> bytes:
    """Return HMAC-SHA256(pepper, token), 32 bytes."""
    return hmac.digest(pepper, token.encode("utf-8", "replace"), "sha256")


def matches(stored: bytes | None, pepper: bytes, token: str) -> bool:
    """Tell in constant time whether `stored` is the token's digest; None, an unknown id, costs the same and is not."""
    found = hmac.compare_digest(NOBODY if stored is None else stored, digest_of(pepper, token[:MOST_CHARACTERS]))
    return found and stored is not None
