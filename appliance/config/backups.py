"""Settings of backups: the section `backup` of the site file."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.validation import Fault

_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}", re.ASCII)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_HOUR = 60


def _recipient(text: str) -> str:
    if not _RECIPIENT.fullmatch(text):
        raise Fault(_("must be a public key that begins with age1, as `appliance backup key create` shows it"))
    return text


def _clock(value: object) -> object:
    """YAML reads a plain 12:30 as a number to the base of 60."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value // _HOUR:02}:{value % _HOUR:02}"
    return value


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise Fault(_("must be a time of day such as 02:30"))
    return text


def _folder(text: str) -> str:
    if not text.startswith("/"):
        raise Fault(_("must be an absolute path, such as /mnt/backups"))
    return text


Recipient = Annotated[str, AfterValidator(_recipient)]
AbsoluteFolder = Annotated[str, AfterValidator(_folder)]
TimeOfDay = Annotated[str, BeforeValidator(_clock), AfterValidator(_time)]


class BackupSettings(Section):
    """Encrypted backups of the head node (`appliance backup`)."""

    recipients: tuple[Recipient, ...] = ()
    """Public keys (age1…) that backups are encrypted to; whoever has the secret key of one of them can restore."""
    folder: AbsoluteFolder | None = None
    """Folder that backups are written to, on another disk or machine than the home; null: `--to` names it."""
    keep: int = Field(default=14, ge=1)
    """Backups of this appliance that are kept there; older ones go once a newer one has been read back whole."""
    at: TimeOfDay = "02:30"
    """Time of day, by this machine's clock, of the schedule that `appliance backup schedule` writes."""
