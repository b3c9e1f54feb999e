"""Settings of the pack: read from YAML, the shipped values with the bank's own over them."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.yaml_files import checked, read_yaml

SHIPPED: Final = Path(__file__).with_name("settings.yaml")


class Settings(BaseModel):
    """The values of settings.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bank: str = Field(default="", max_length=100)
    """Name of the bank on the reports."""
    sign_off: Literal["all", "template", "optional"] = "template"
    """Which reports leave only once a reviewer has released them: all, those whose outline says so, none."""
    most_files: int = Field(default=200, ge=1, le=2000)
    """Files in one folder."""
    most_file_mib: int = Field(default=40, ge=1, le=64)
    most_folder_mib: int = Field(default=500, ge=1, le=10_000)
    """All files of one folder."""
    most_folders: int = Field(default=200, ge=1, le=10_000)
    """Folders of one key."""
    most_jobs: int = Field(default=500, ge=1, le=10_000)
    """Jobs of one key that are kept."""
    jobs_at_once: int = Field(default=2, ge=1, le=16)
    """Jobs of all tenants that run at a time; each fills all processors."""

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "Settings":
        """Read both files; `own` need not exist. Raises `ConfigError`, naming file, field and fix."""
        values = read_yaml(shipped)
        if own is not None and own.is_file():
            values |= checked(own, cls, read_yaml(own)).model_dump(exclude_unset=True)
        return checked(shipped, cls, values)
