"""Texts of prompts and answers: how much of them is kept, and how it is sealed."""

from collections.abc import Callable
from typing import Literal

from appliance.core.cryptography.suite import Cipher

ContentPolicy = Literal["none", "masked", "full"]


def content_of(policy: ContentPolicy, text: str, mask: Callable[[str], str]) -> str | None:
    """Return what may be kept of `text`: nothing, the text with personal data masked by `mask`, or all of it."""
    if policy == "none":
        return None
    return mask(text) if policy == "masked" else text


def seal(cipher: Cipher, text: str, kind: str, request_id: str | None) -> bytes:
    """Encrypt `text`, bound to the record's kind and request."""
    return cipher.encrypt(text.encode("utf-8", "replace"), _context(kind, request_id))


def unseal(cipher: Cipher, sealed: bytes, kind: str, request_id: str | None) -> str:
    """Return the text. Raises ValueError where the key or the record is another."""
    return cipher.decrypt(sealed, _context(kind, request_id)).decode()


def _context(kind: str, request_id: str | None) -> bytes:
    return f"appliance audit content 1\n{kind}\n{request_id or ''}".encode()
