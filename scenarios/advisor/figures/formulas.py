"""The list of formulas: what each figure is called, how it is defined, and what other libraries give for it."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_as

SHIPPED: Final = Path(__file__).with_name("formulas.yaml")
Library = Literal["quantstats", "skfolio"]


class Formula(BaseModel):
    """One entry of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Words
    unit: Literal["share", "ratio", "money", "days", "count", "date", "level"]
    formula: Words
    kind: Literal["performance", "rolling", "fund", "account", "allocation"] = "performance"
    benchmark: bool = Field(default=False, description="Needs a benchmark.")
    agrees: dict[Library, str] = Field(
        default_factory=dict, description="What gives the same to 1e-8, as an expression over the symbols of the list."
    )
    differs: dict[Library, Words] = Field(default_factory=dict, description="How a library's own definition differs.")


class Formulas(BaseModel):
    """The list: formulas by name, and the notes that say why a figure has no value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notes: dict[str, Words] = Field(default_factory=dict)
    formulas: dict[str, Formula]

    @classmethod
    def load(cls, path: Path) -> "Formulas":
        """Read a list. Raises `ConfigError` with the file and what is wrong."""
        return read_as(path, cls)

    def note(self, name: str, language: str, **values: object) -> str:
        """Return a note in a language."""
        return self.notes[name].within(language).format(**values)


@cache
def formulas() -> Formulas:
    """Return the list that comes with the pack, read once."""
    return Formulas.load(SHIPPED)
