"""The suite `chinese`: SM3 (GB/T 32905-2016), SM2 (GB/T 32918-2016), SM4-GCM (GB/T 32907-2016, RFC 8998)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SM3, Hash

from appliance.core.cryptography.sealing import check_secret, new_nonce, split
from appliance.core.cryptography.sm2 import ORDER, Sm2Signer

NAME = "chinese"
_SM4_KEY_BYTES = 16


class Sm4Gcm:
    """SM4-GCM; the key is the beginning of the secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = algorithms.SM4(check_secret(secret)[:_SM4_KEY_BYTES])

    def encrypt(self, text: bytes, context: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = new_nonce()
        encryptor = Cipher(self._key, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(context)
        return nonce + encryptor.update(text) + encryptor.finalize() + encryptor.tag

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Return the text. Raises ValueError."""
        nonce, body, tag = split(sealed)
        decryptor = Cipher(self._key, modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(context)
        try:
            return decryptor.update(body) + decryptor.finalize()
        except InvalidTag as error:
            raise ValueError("the key, the context or the bytes are not those of the encryption") from error


class Chinese:
    """SM3, SM2, SM4-GCM."""

    name = NAME

    def digest(self, data: bytes) -> bytes:
        """Return SM3 of `data`."""
        state = Hash(SM3())
        state.update(data)
        return state.finalize()

    def signer(self, seed: bytes) -> Sm2Signer:
        """Return the private key made from `seed`: 384 bits of SM3 modulo n - 2, so that no number is favoured."""
        check_secret(seed)
        long = self.digest(seed + b"\x01") + self.digest(seed + b"\x02")[:16]
        return Sm2Signer(1 + int.from_bytes(long, "big") % (ORDER - 2))

    def cipher(self, secret: bytes) -> Sm4Gcm:
        """Return the cipher whose key is the first 16 bytes of `secret`."""
        return Sm4Gcm(secret)
