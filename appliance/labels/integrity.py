"""The integrity code in ReservedCode1: whether the labelled text is still the text that was labelled.

`sha256:` and the base64url form, without padding, of the SHA-256 of the text in UTF-8 after: Unicode NFC, line ends as
LF, no white space at line ends, no empty lines at the start and the end. It guards against changes by mistake and
against a label that was moved to another text; it is no signature, because anyone can compute it.
"""

import base64
import hashlib
import json
import unicodedata
from typing import Literal

PREFIX = "sha256:"

Integrity = Literal["intact", "changed", "no_code", "unchecked"]
"""`unchecked`: the code is another producer's, or the format has no text that it could be checked against."""


def integrity_code(text: str) -> str:
    """Return the code of `text`, the content without its label."""
    digest = hashlib.sha256(normalised(text).encode("utf-8", "surrogatepass")).digest()
    return PREFIX + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def check_integrity(code: str, text: str | None) -> Integrity:
    """Compare a label's ReservedCode1 with the content; None stands for a format that has no text to compare."""
    if not code:
        return "no_code"
    if text is None or not code.startswith(PREFIX):
        return "unchecked"
    return "intact" if code == integrity_code(text) else "changed"


def normalised(text: str) -> str:
    """Return what the code is computed over: what survives editors and mail that keep the words."""
    lines = unicodedata.normalize("NFC", text.removeprefix("\ufeff")).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no white space, so that a rewritten file of the same data has the same code."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
