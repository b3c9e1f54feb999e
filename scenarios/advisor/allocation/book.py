"""The bank's limits and settings of allocation: the shipped `limits.yaml` and the bank's own."""

from pathlib import Path

from pydantic import Field

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_yaml

from ..models import AssetClass, ClientLevel, Share
from .request import Limits, Section

SHIPPED = Path(__file__).with_name("limits.yaml")


class SmallestTrade(Section):
    """Below which a trade is left out: the larger of the two."""

    amount: float = Field(default=0.0, ge=0.0)
    share: Share = 0.0


class LimitBook(Section):
    """What `limits.yaml` says."""

    limits: Limits
    smallest_trade: SmallestTrade
    look_back_days: int = Field(ge=250, le=5000)
    risk_aversion: dict[ClientLevel, float] = Field(min_length=5)
    nobody: ClientLevel
    class_indices: dict[AssetClass, str]
    disclosures: tuple[Words, ...] = Field(min_length=1)

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "LimitBook":
        """Read the shipped file and, where it exists, the bank's own, whose sections replace the shipped ones.

        Raises `ConfigError`, which names file, entry and fault.
        """
        if own is None or not own.exists():
            return checked(shipped, cls, read_yaml(shipped))
        return checked(own, cls, read_yaml(shipped) | read_yaml(own))
