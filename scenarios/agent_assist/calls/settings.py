"""Settings of this part: read from YAML, the shipped values with the bank's own over them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ..reading.files import read_yaml
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
        values = read_yaml(shipped, cls).model_dump()
        if own is not None:
            values |= read_yaml(own, cls).model_dump(exclude_unset=True)
        return cls.model_validate(values)
