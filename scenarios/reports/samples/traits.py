"""What a made-up company is like, as companies.yaml describes it."""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from appliance.scenario.yaml_files import checked, read_yaml

FILE: Final = Path(__file__).with_name("companies.yaml")

Health = Literal[
    "healthy", "leveraged", "negative_equity", "loss_making", "fast_growing", "group", "restated", "cyclical"
]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Traits(_Form):
    """Numbers that drive the statements; shares are shares of the year's revenue unless said otherwise."""

    revenue: float
    """Of 2020, in 万元."""
    growth: tuple[float, float, float, float, float]
    """2021 to 2025."""
    margin: tuple[float, float]
    """Gross margin of 2020 and of 2025; straight between."""
    selling: float = 0.05
    administrative: float = 0.05
    research: float = 0.03
    receivable_days: tuple[float, float] = (70.0, 70.0)
    inventory_days: tuple[float, float] = (80.0, 80.0)
    payable_days: float = 60.0
    bills: float = 0.03
    advances: float = 0.03
    contract_assets: float = 0.0
    fixed: float = 0.4
    investing: float = 0.06
    """Spent on plant each year."""
    subsidiaries: float = 0.0
    """Long-term equity investments at the start."""
    goodwill: float = 0.0
    trading: float = 0.0
    property: float = 0.0
    leases: float = 0.02
    equity: float = 0.5
    """Share of the total assets at the start; negative is possible."""
    cash: float = 0.15
    rate: float = 0.043
    long: float = 0.3
    """Share of the loans that is long."""
    bonds: float = 0.0
    payout: float = 0.2
    minority: float = 0.0
    """Share of others in the group's profit."""
    vat: float = 0.13
    other_cash_need: float = 0.0
    """Other receivables on top of the usual ones, growing; what owners draw."""


class Owner(_Form):
    """A shareholder."""

    zh: str
    en: str
    share: float


class Profile(_Form):
    """One entry of companies.yaml."""

    zh: str
    en: str
    city: str
    city_en: str
    industry: str
    industry_en: str
    products: tuple[str, str, str]
    products_en: tuple[str, str, str]
    health: Health
    capital: float
    """Registered capital in 万元."""
    founded: str
    employees: int
    parent: bool = False
    """A group that shows the parent's own statements too."""
    group: bool = False
    restated: bool = False
    language: Literal["zh_CN", "en"] = "zh_CN"
    owners: tuple[Owner, ...]
    legal_representative: tuple[str, str]
    """Chinese, Latin."""
    traits: Traits


class _Profiles(_Form):
    companies: tuple[Profile, ...]


def read_profiles() -> tuple[Profile, ...]:
    """Return all profiles in the order of their numbers."""
    return checked(FILE, _Profiles, read_yaml(FILE)).companies
