"""Settings of the pack: read from YAML, the shipped values with the bank's own over them."""

from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _

SHIPPED: Final = Path(__file__).with_name("settings.yaml")


class Settings(BaseModel):
    """The values of settings.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_bank: bool = True
    """A tenant without data of its own is answered from the sample bank."""
    notes_base: str = Field(default="market-notes", min_length=1, max_length=64)
    """The knowledge base of research reports, announcements and market notes."""
    own_clients_only: bool = False
    """A caller sees only clients whose `advisor` is the caller's user id; who may supervise sees all."""
    names_for_all: bool = False
    """Lists show whole names of clients to everybody, not only to those who may supervise."""

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Settings":
        """Read both files; `own` need not exist. Raises `ConfigError`, naming file, field and fix."""
        values = _values(shipped)
        if own is not None and own.is_file():
            values |= _checked(own, _values(own)).model_dump(exclude_unset=True)
        return _checked(shipped, values)


def _values(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(path, " ".join(str(error).split())) from error
    if not isinstance(values, dict):
        raise _wrong(path, _("it must hold `name: value` lines"))
    return values


def _checked(path: Path, values: dict[str, Any]) -> Settings:
    try:
        return Settings.model_validate(values, strict=True)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise _wrong(path, "; ".join(faults)) from error


def _wrong(path: Path, reason: Message | str) -> ConfigError:
    return ConfigError(
        _("The settings in {path} cannot be used: {reason}", path=path, reason=reason),
        _("The settings are: {names}.", names=", ".join(Settings.model_fields)),
    )
