"""The key that backups are encrypted to: its secret half is written to one file, which the operator takes away."""

from pathlib import Path

from appliance.config.home import Home
from appliance.config.site import SiteConfig
from appliance.core.clock import iso, utc_now
from appliance.core.cryptography.age import Identity
from appliance.core.errors import Conflict, InvalidRequest
from appliance.core.files import write_durably
from appliance.core.messages import _
from appliance.operations.accounts import nothing_there, open_accounts


def create_backup_key(home: Home, site: SiteConfig, file: Path, password: str | None = None) -> str:
    """Write a new identity to `file` (0600), with a password encrypted; return its public key.

    The appliance keeps neither. Raises `Conflict` where the file is there, `InvalidRequest` where it cannot be written.
    """
    if file.exists():
        raise Conflict(_("The file {file} is there already.", file=file), _("Name another, or move it away."))
    identity = Identity.generate()
    try:
        write_durably(file, identity.to_file(iso(utc_now()), password))
    except OSError as error:
        raise InvalidRequest(
            _("The file {file} cannot be written: {reason}.", file=file, reason=error.strerror or str(error)),
            _("Name another place."),
        ) from error
    if not nothing_there(home, site):
        with open_accounts(home, site) as accounts:
            accounts.note("backup.key.create", identity.recipient, None)
    return identity.recipient
