"""What cards can do, by their data sheets: the planner's table of bandwidths and speeds."""

import re
from functools import cache
from importlib import resources

from pydantic import Field

from appliance.catalogue.loading import parse_strictly
from appliance.catalogue.model import Precision, Source
from appliance.config.section import Section


class Tflops(Section):
    """Dense matrix speed, in 10^12 operations a second; None where the card does not compute so."""

    bf16: float | None = Field(default=None, gt=0)
    fp16: float | None = Field(default=None, gt=0)
    fp8: float | None = Field(default=None, gt=0)
    int8: float | None = Field(default=None, gt=0)


class CardType(Section):
    """One kind of card."""

    name: str
    vendor: str
    match: tuple[str, ...] = Field(min_length=1)
    """Patterns searched in the name that the driver gives."""
    memory_gib: float = Field(gt=0)
    bandwidth: float = Field(gt=0)
    """Memory bandwidth in GB/s."""
    tflops: Tflops
    link: float = Field(gt=0)
    """Bandwidth to the next card in GB/s, one direction: NVLink, HCCS or PCIe."""
    precisions: tuple[Precision, ...] = Field(min_length=1)
    source: Source

    def flops(self, precision: Precision) -> float:
        """Return operations a second on weights of `precision`; 4-bit weights are computed in 16 bits."""
        speeds = self.tflops
        sixteen = speeds.bf16 or speeds.fp16 or 0.0
        chosen = {"fp8": speeds.fp8, "int8": speeds.int8}.get(precision) or sixteen
        return (chosen / 2 if precision == "fp32" else chosen) * 1e12


class CardTypes(Section):
    """The table."""

    cards: tuple[CardType, ...] = Field(min_length=1)


@cache
def load_card_types() -> tuple[CardType, ...]:
    """Return the table that ships with the appliance. Raises `ConfigError` where it is wrong."""
    text = (resources.files("appliance.catalogue") / "accelerators.yaml").read_text(encoding="utf-8")
    return parse_strictly(CardTypes, text, "accelerators.yaml", (CardTypes, CardType, Tflops, Source)).cards


def card_type(vendor: str, name: str) -> CardType | None:
    """Return what is known of a card by the name that its driver gives; None for a card that is not in the table."""
    for known in load_card_types():
        if known.vendor == vendor and any(re.search(pattern, name, re.IGNORECASE) for pattern in known.match):
            return known
    return None
