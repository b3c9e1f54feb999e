"""Signed statements about the chain: how far it goes, and with which hash."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from appliance.core.cryptography.suite import Signer, Verifier

Purpose = Literal["head", "checkpoint", "export"]

_FORM: Final = "appliance audit statement 1"
_TYPES: Final = {
    "purpose": str, "number": int, "seq": int, "hash": str, "at": str, "suite": str, "key_id": str, "signature": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """The signer says: the record `seq` of this chain has the hash `hash`.

    `purpose` says what it may be used for: `head` ends the log and `number` counts its checkpoints; `checkpoint` has
    its own `number`, from 1; `export` ends an export whose first record is `number`.
    """

    purpose: Purpose
    number: int
    seq: int
    hash: str
    at: str
    suite: str
    key_id: str
    signature: bytes = b""

    def message(self) -> bytes:
        """Return the bytes that are signed."""
        parts = [_FORM, self.purpose, self.number, self.seq, self.hash, self.at, self.suite, self.key_id]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":"), default=repr).encode(
            "utf-8", "surrogatepass"
        )

    def signed_by(self, key: Verifier) -> bool:
        """Tell whether `key` signed it."""
        return isinstance(self.signature, bytes) and key.verify(self.message(), self.signature)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data; the signature is hexadecimal."""
        names = ("purpose", "number", "seq", "hash", "at", "suite", "key_id")
        return {**{name: getattr(self, name) for name in names}, "signature": self.signature.hex()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Statement":
        """Read what `to_dict` gave. Raises ValueError."""
        for name, kind in _TYPES.items():
            if type(data.get(name)) is not kind:
                raise ValueError(f"not a statement: {name}")
        return cls(**{**{name: data[name] for name in _TYPES}, "signature": bytes.fromhex(data["signature"])})


def signed(signer: Signer, purpose: Purpose, number: int, seq: int, record_hash: str, at: str) -> Statement:
    """Return the statement with its signature."""
    bare = Statement(purpose, number, seq, record_hash, at, signer.suite, signer.key_id)
    return replace(bare, signature=signer.sign(bare.message()))
