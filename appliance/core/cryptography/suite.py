"""What a suite of algorithms offers. Callers know these protocols only, never an algorithm."""

from typing import Protocol


class Verifier(Protocol):
    """A public key."""

    suite: str
    key_id: str
    """16 hexadecimal digits: the beginning of SHA-256 over the key's DER form."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the holder of the private key signed exactly `message`."""
        ...

    def to_pem(self) -> str:
        """Return the key as PEM (SubjectPublicKeyInfo, RFC 5280)."""
        ...


class Signer(Protocol):
    """A private key."""

    suite: str
    key_id: str

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        ...

    def verifier(self) -> Verifier:
        """Return the public key."""
        ...


class Cipher(Protocol):
    """A secret key for authenticated encryption."""

    def encrypt(self, text: bytes, context: bytes) -> bytes:
        """Return nonce, ciphertext and tag; `context` is bound to them but not in them."""
        ...

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Return what `encrypt` was given. Raises ValueError where key, context or any byte is another."""
        ...


class Suite(Protocol):
    """Algorithms that belong together. Every secret key is made from 32 random bytes."""

    name: str

    def digest(self, data: bytes) -> bytes:
        """Return the hash of `data`, 32 bytes."""
        ...

    def signer(self, seed: bytes) -> Signer:
        """Return the private key that belongs to `seed`, always the same."""
        ...

    def cipher(self, secret: bytes) -> Cipher:
        """Return the cipher of the key that belongs to `secret`, always the same."""
        ...
