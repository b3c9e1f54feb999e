"""Target allocations and the bank's house view, from YAML."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

from ..models import AssetClass

_OFF = 1e-6


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Section):
    """The shares that a kind of client should hold, and how far they may drift."""

    title: Words
    weights: dict[AssetClass, float] = Field(min_length=1)
    drift: float = Field(default=0.05, gt=0.0, lt=0.5)

    @model_validator(mode="after")
    def _sums_to_one(self) -> "Target":
        total = sum(self.weights.values())
        if abs(total - 1.0) > _OFF or min(self.weights.values()) < 0.0:
            raise ValueError(_("the weights are to be 0 or more and to sum to 1, not to {total}", total=f"{total:g}"))
        return self


class Targets(_Section):
    """`targets.yaml`: target allocations by name."""

    targets: dict[str, Target] = Field(min_length=1)


class View(_Section):
    """One opinion of the house: what an asset class, or one against another, will return in a year."""

    asset: AssetClass
    against: AssetClass | None = None
    expected: float = Field(gt=-1.0, lt=1.0)
    confidence: float = Field(gt=0.0, lt=1.0)
    reason: Words


class HouseView(_Section):
    """`house_view.yaml`: the opinions of the bank's research."""

    as_of: str = ""
    views: tuple[View, ...] = ()


def load_targets(path: Path) -> Targets:
    """Read the target allocations. Raises `ConfigError`, which names file, entry and fault."""
    return read_as(path, Targets)


def load_house_view(path: Path) -> HouseView:
    """Read the house view; without a file there is none. Raises `ConfigError`."""
    return read_as(path, HouseView) if path.is_file() else HouseView()
