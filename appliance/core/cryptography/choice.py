"""Suites by name and public keys from PEM."""

import base64
import re
from collections.abc import Iterable
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from appliance.core.cryptography.chinese import Chinese
from appliance.core.cryptography.international import Ed25519Verifier, International
from appliance.core.cryptography.sm2 import DER_PREFIX, Sm2Verifier
from appliance.core.cryptography.suite import Suite, Verifier
from appliance.core.errors import ConfigError
from appliance.core.messages import _

DEFAULT_SUITE: Final = "international"
SUITES: Final[dict[str, Suite]] = {suite.name: suite for suite in (International(), Chinese())}

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----", re.ASCII)


def suite_named(name: str) -> Suite:
    """Return the suite `name`. Raises `ConfigError`."""
    if name not in SUITES:
        raise ConfigError(
            _("There is no suite of algorithms {name}.", name=ascii(name)),
            _("Choose one of: {names}.", names=", ".join(SUITES)),
        )
    return SUITES[name]


def read_public_keys(text: str) -> dict[str, Verifier]:
    """Return the public keys in `text` (PEM blocks) by their ids. Raises ValueError for none or a bad one."""
    keys = [_public_key(body) for body in _PEM.findall(text)]
    if not keys:
        raise ValueError("no public key in PEM")
    return {key.key_id: key for key in keys}


def write_public_keys(keys: Iterable[Verifier]) -> str:
    """Return what `read_public_keys` reads."""
    return "".join(key.to_pem() for key in keys)


def _public_key(body: str) -> Verifier:
    der = base64.b64decode("".join(body.split()), validate=True)
    if der.startswith(DER_PREFIX):
        return Sm2Verifier.from_der(der)
    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError("neither an Ed25519 nor an SM2 key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("neither an Ed25519 nor an SM2 key")
    return Ed25519Verifier(key)
