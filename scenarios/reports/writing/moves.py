"""Words of rises, falls, denials and claims, read from `phrasing.yaml`."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

_FILE: Final = Path(__file__).with_name("phrasing.yaml")


class Lists(BaseModel):
    """The lists of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claims: tuple[str, ...]
    denials: str
    directions: dict[str, str]
    task: Words


@cache
def lists() -> Lists:
    """Return the lists, read once."""
    return read_as(_FILE, Lists)


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of claims, denials, up or down."""
    own = lists()
    whole = {"claims": "|".join(own.claims), "denials": own.denials, **own.directions}
    return re.compile(whole[name], re.IGNORECASE)
