"""Counter mode with authentication (GCM), the same way for every block cipher."""

import secrets

NONCE_BYTES = 12
TAG_BYTES = 16
SECRET_BYTES = 32


def new_nonce() -> bytes:
    """Return a random nonce of 96 bits: one key may seal 2³² texts (NIST SP 800-38D, 8.3)."""
    return secrets.token_bytes(NONCE_BYTES)


def split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    """Return nonce, ciphertext and tag. Raises ValueError where there is too little for them."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise ValueError("too short for a nonce and a tag")
    return sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]


def check_secret(secret: bytes) -> bytes:
    """Return `secret`. Raises ValueError where it does not have 32 bytes."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(secret)}")
    return secret
