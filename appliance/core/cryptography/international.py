"""The suite `international`: SHA-256 (FIPS 180-4), Ed25519 (RFC 8032), AES-256-GCM (NIST SP 800-38D)."""

import hashlib

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.core.cryptography.sealing import NONCE_BYTES, check_secret, new_nonce, split

NAME = "international"


class Ed25519Verifier:
    """An Ed25519 public key."""

    suite = NAME

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = hashlib.sha256(der).hexdigest()[:16]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is that of `message`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def to_pem(self) -> str:
        """Return the key as PEM (RFC 8410)."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Ed25519Signer:
    """An Ed25519 private key."""

    suite = NAME

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(check_secret(seed))
        self._verifier = Ed25519Verifier(self._key.public_key())
        self.key_id = self._verifier.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._key.sign(message)

    def verifier(self) -> Ed25519Verifier:
        """Return the public key."""
        return self._verifier


class AesGcm:
    """AES-256-GCM."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(check_secret(secret))

    def encrypt(self, text: bytes, context: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = new_nonce()
        return nonce + self._cipher.encrypt(nonce, text, context)

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Return the text. Raises ValueError."""
        split(sealed)
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
        except InvalidTag as error:
            raise ValueError("the key, the context or the bytes are not those of the encryption") from error


class International:
    """SHA-256, Ed25519, AES-256-GCM."""

    name = NAME

    def digest(self, data: bytes) -> bytes:
        """Return SHA-256 of `data`."""
        return hashlib.sha256(data).digest()

    def signer(self, seed: bytes) -> Ed25519Signer:
        """Return the private key whose seed (RFC 8032, 5.1.5) is `seed`."""
        return Ed25519Signer(seed)

    def cipher(self, secret: bytes) -> AesGcm:
        """Return the cipher whose key is `secret`."""
        return AesGcm(secret)
