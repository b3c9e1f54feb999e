"""Keys of the audit log as files: one that signs, those that seal content, and the public ones."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from appliance.core.cryptography.choice import SUITES, read_public_keys, suite_named, write_public_keys
from appliance.core.cryptography.suite import Cipher, Signer, Verifier
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.ids import new_id
from appliance.core.messages import _
from appliance.state.secret_files import load_or_create_pepper

_CONTENT_KEY = re.compile(rf"({'|'.join(SUITES)})_[0-9a-z]{{26}}", re.ASCII)


@dataclass(frozen=True)
class AuditKeys:
    """Keys below `folder` (each file 32 bytes, 0600), used with the algorithms of `suite`.

    `public_file` collects the public key of every signing key that was ever used here, so that old signatures can be
    checked after a change of keys or suite.
    """

    folder: Path
    public_file: Path
    suite: str

    @cached_property
    def signer(self) -> Signer:
        """The signing key; the first caller makes it. Raises `ConfigError`."""
        signer = suite_named(self.suite).signer(load_or_create_pepper(self._signing_file))
        known = self.public_keys() if self.public_file.exists() else {}
        if signer.key_id not in known:
            text = write_public_keys([*known.values(), signer.verifier()])
            write_durably(self.public_file, text.encode(), mode=0o644)
        return signer

    @property
    def exist(self) -> bool:
        """Whether a log was ever begun with these keys; asking makes none."""
        return self.public_file.exists()

    def public_keys(self) -> dict[str, Verifier]:
        """Return every public key of this log by its id. Raises `ConfigError`."""
        return load_public_keys(self.public_file)

    def content_cipher(self) -> tuple[str, Cipher]:
        """Return the newest key of this suite that seals content, and its id; the first caller makes it."""
        ids = sorted(path.name for path in self._content_folder.glob(f"{self.suite}_*"))
        return self._cipher(ids[-1] if ids else new_id(self.suite))

    def rotate_content_key(self) -> str:
        """Make a new key for content from now on and return its id; older ones still open what they sealed."""
        return self._cipher(new_id(self.suite))[0]

    def cipher_named(self, key_id: str) -> Cipher | None:
        """Return the key that sealed a content; None: it was destroyed, or is not here."""
        if not _CONTENT_KEY.fullmatch(key_id) or not (self._content_folder / key_id).exists():
            return None
        return self._cipher(key_id)[1]

    def _cipher(self, key_id: str) -> tuple[str, Cipher]:
        suite = suite_named(key_id.partition("_")[0])
        return key_id, suite.cipher(load_or_create_pepper(self._content_folder / key_id))

    @property
    def _signing_file(self) -> Path:
        return self.folder / f"signing-{self.suite}"

    @property
    def _content_folder(self) -> Path:
        return self.folder / "content"


def load_public_keys(path: Path) -> dict[str, Verifier]:
    """Read public keys from a PEM file. Raises `ConfigError`."""
    try:
        return read_public_keys(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            _("The public keys in {path} cannot be read: {reason}.", path=path, reason=error),
            _("Give a file of one or more public keys in PEM, Ed25519 or SM2."),
        ) from error
