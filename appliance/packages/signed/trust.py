"""The public keys that this appliance takes packages from: files in one folder, put there by an administrator."""

from collections.abc import Mapping
from pathlib import Path

from appliance.core.errors import PackageError
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.packages.signed.minisign import PublicKey, Signature, parse_public_key
from appliance.packages.signed.tar import refused


class Trust:
    """Pinned keys, `*.pub` in `folder`; they are read anew for each package."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keys(self) -> Mapping[str, PublicKey]:
        """Return the keys by id. Raises `PackageError` for a file that is no key: better none than fewer."""
        found = {}
        for path in sorted(self._folder.glob("*.pub")):
            key = parse_public_key(path.read_text(encoding="utf-8", errors="replace"))
            found[key.key_id] = key
        return found

    def add(self, text: str) -> PublicKey:
        """Take a key in. Raises `PackageError`."""
        key = parse_public_key(text)
        write_durably(self._folder / f"{key.key_id}.pub", key.to_text().encode())
        return key

    def remove(self, key_id: str) -> None:
        """Take a key out: nothing more is installed that it signed. Raises `PackageError` where it is not there."""
        path = self._folder / f"{key_id}.pub"
        if key_id not in self.keys() or not path.exists():
            raise PackageError(
                _("There is no trusted key {key}.", key=ascii(key_id[:40])),
                _("`appliance package keys` lists them."),
                code="unknown_key",
            )
        path.unlink()

    def check(self, message: bytes, signature: Signature) -> PublicKey:
        """Return the trusted key that signed `message`. Raises `PackageError`."""
        key = self.keys().get(signature.key_id)
        if key is None:
            raise PackageError(
                _("The package is signed with a key that is not trusted here: {key}.", key=signature.key_id),
                _(
                    "Ask its maker for the key's .pub file, compare it by another way, then run "
                    "`appliance package trust FILE`."
                ),
                code="untrusted_key",
            )
        if not signature.is_by(key, message):
            raise refused(_("its signature does not fit its manifest"))
        return key
