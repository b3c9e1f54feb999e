"""Settings of this part: read from YAML, the shipped values with the bank's own over them."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.core.errors import ConfigError
from appliance.core.messages import Message, _

from .limits import CARD_WITHIN_S

SHIPPED = Path(__file__).with_name("settings.yaml")


class Settings(BaseModel):
    """The values of settings.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    abandoned_after_idle_s: float = Field(default=1800, ge=1, le=86_400)
    """An open call in which nobody said anything for this long is ended as abandoned."""
    abandoned_after_s: float = Field(default=14_400, ge=1, le=86_400)
    """An open call that began this long ago is ended as abandoned."""
    leaves_memory_after_s: float = Field(default=600, ge=1, le=86_400)
    """An open call that nobody touched for this long leaves memory; it is read from its records when it goes on."""
    card_within_s: float = Field(default=CARD_WITHIN_S, ge=0.05, le=10)
    """A turn that waited this long for its knowledge card goes out without one."""

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Settings":
        """Read both files. Raises `ConfigError`, naming file, field and fix."""
        values = _values(shipped)
        if own is not None:
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
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)]
        raise _wrong(path, "; ".join(faults)) from error


def _wrong(path: Path, reason: Message | str) -> ConfigError:
    return ConfigError(
        _("The settings in {path} cannot be used: {reason}.", path=path, reason=reason),
        _("The settings are: {names}.", names=", ".join(Settings.model_fields)),
    )
