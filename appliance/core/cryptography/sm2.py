"""SM2 signatures (GB/T 32918.2-2016, curve of GB/T 32918.5-2017, user id of GM/T 0009) with gmssl's arithmetic.

gmssl is used for points and the signature equations only. What it leaves open is done here: random numbers from the
system instead of `random`, the ranges of r and s, points that must lie on the curve, public keys that begin with 04.
"""

import base64
import hashlib
import secrets
from typing import Final

from gmssl.sm2 import CryptSM2, default_ecc_table  # type: ignore[import-untyped]

_P = int(default_ecc_table["p"], 16)
_A = int(default_ecc_table["a"], 16)
_B = int(default_ecc_table["b"], 16)
ORDER: Final = int(default_ecc_table["n"], 16)

# SubjectPublicKeyInfo up to the point: id-ecPublicKey on the curve 1.2.156.10197.1.301, uncompressed.
DER_PREFIX: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_HALF = 32


def _arithmetic(private: int, point: bytes) -> CryptSM2:
    # Set afterwards: the constructor strips every 0 and 4 that a public key begins with, not only the prefix 04.
    made = CryptSM2(f"{private:064x}", "")
    made.public_key = point.hex()
    return made


class Sm2Verifier:
    """An SM2 public key, as the 64 bytes x ‖ y. Raises ValueError for a point that is not on the curve."""

    suite = "chinese"

    def __init__(self, point: bytes) -> None:
        x, y = int.from_bytes(point[:_HALF], "big"), int.from_bytes(point[_HALF:], "big")
        if len(point) != 2 * _HALF or max(x, y) >= _P or (y * y - (x * x * x + _A * x + _B)) % _P:
            raise ValueError("not a point of the SM2 curve")
        self._arithmetic = _arithmetic(0, point)
        self._der = DER_PREFIX + point
        self.key_id = hashlib.sha256(self._der).hexdigest()[:16]

    @classmethod
    def from_der(cls, der: bytes) -> "Sm2Verifier":
        """Read SubjectPublicKeyInfo with an uncompressed point. Raises ValueError for anything else."""
        if not der.startswith(DER_PREFIX):
            raise ValueError("not an SM2 public key")
        return cls(der[len(DER_PREFIX) :])

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether `signature` (r ‖ s) is that of `message`."""
        r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
        if len(signature) != 2 * _HALF or not (0 < r < ORDER and 0 < s < ORDER):
            return False
        return bool(self._arithmetic.verify_with_sm3(signature.hex(), message))

    def to_pem(self) -> str:
        """Return the key as PEM (RFC 5480), which OpenSSL reads."""
        lines = base64.b64encode(self._der).decode()
        folded = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
        return f"-----BEGIN PUBLIC KEY-----\n{folded}\n-----END PUBLIC KEY-----\n"


class Sm2Signer:
    """An SM2 private key, a number from 1 to n - 2."""

    suite = "chinese"

    def __init__(self, private: int) -> None:
        if not 0 < private < ORDER - 1:
            raise ValueError("a private key of SM2 lies between 1 and n - 2")
        point = bytes.fromhex(_arithmetic(private, b"")._kg(private, default_ecc_table["g"]))
        self._arithmetic = _arithmetic(private, point)
        self._verifier = Sm2Verifier(point)
        self.key_id = self._verifier.key_id

    def sign(self, message: bytes) -> bytes:
        """Return r ‖ s, 64 bytes."""
        while True:
            signature = self.sign_with(message, 1 + secrets.randbelow(ORDER - 1))
            if signature is not None:
                return signature

    def sign_with(self, message: bytes, number: int) -> bytes | None:
        """Sign with the random `number` (1..n-1), never the same twice; None: the standard asks for another one."""
        signature = self._arithmetic.sign_with_sm3(message, f"{number:064x}")
        return None if signature is None else bytes.fromhex(signature)

    def verifier(self) -> Sm2Verifier:
        """Return the public key."""
        return self._verifier
