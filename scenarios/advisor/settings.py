"""Settings of the pack: read from YAML, the shipped values with the bank's own over them."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.yaml_files import checked, read_yaml

SHIPPED: Final = Path(__file__).with_name("settings.yaml")


class Settings(BaseModel):
    """The values of settings.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

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
        values = read_yaml(shipped)
        if own is not None and own.is_file():
            values |= checked(own, cls, read_yaml(own)).model_dump(exclude_unset=True)
        return checked(shipped, cls, values)
