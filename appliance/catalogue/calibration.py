"""What was measured on this machine: `appliance calibrate` writes it, the planner reads it.

The file is JSON, one object:

    {"format": 1, "measured_at": "2026-11-26T10:00:00Z",
     "devices": [{"device": "NVIDIA L20", "memory_bytes_per_s": 7.4e11, "flops": 9.1e13,
                  "layer_s": 9e-05, "engine_bytes": null}]}

`device` is a card's name as the driver gives it, or `cpu`. A value that was not measured is null.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from appliance.config.section import Section
from appliance.core.errors import ConfigError
from appliance.core.files import write_durably
from appliance.core.messages import _

CPU_DEVICE = "cpu"


class DeviceCalibration(Section):
    """Measurements of one kind of card, or of the processors. None: not measured."""

    device: str = Field(min_length=1)
    """The card's name as its driver gives it, or `cpu`."""
    memory_bytes_per_s: float | None = Field(default=None, gt=0)
    """Bytes of weights and cache that a decoding engine reads in a second: reached, not printed on a box."""
    flops: float | None = Field(default=None, gt=0)
    """Operations a second that a prefilling engine reaches with 16-bit weights."""
    layer_s: float | None = Field(default=None, gt=0)
    """Time that each layer of a model that is not compiled adds to a step beyond reading and computing, in seconds."""
    engine_bytes: int | None = Field(default=None, gt=0)
    """Memory of an engine's processes without weights, cache and activations."""


class Calibration(Section):
    """The whole file."""

    format: Literal[1] = 1
    measured_at: str
    """When, in UTC (ISO 8601)."""
    devices: tuple[DeviceCalibration, ...] = ()

    def of(self, device: str) -> DeviceCalibration | None:
        """Return what was measured of `device`, None where nothing was."""
        return next((found for found in self.devices if found.device == device), None)


def read_calibration(path: Path) -> Calibration | None:
    """Read the file; None where there is none. Raises `ConfigError`."""
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ConfigError(
            _("The calibration {path} cannot be used: {reason}", path=path, reason=" ".join(str(error).split())),
            _("Remove the file, or measure again."),
        ) from error


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file, whole or not at all. Raises `DiskFull`."""
    write_durably(path, (calibration.model_dump_json(indent=2) + "\n").encode())
