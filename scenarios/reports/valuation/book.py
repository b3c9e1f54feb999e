"""How valuation tables are read and matched: matching.yaml, with the bank's own over ours."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.core.messages import _
from appliance.core.validation import Fault
from appliance.scenario.words import Words
from appliance.scenario.yaml_files import checked, read_yaml

SHIPPED: Final = Path(__file__).with_name("matching.yaml")
OWN: Final = "matching.yaml"
ColumnType = Literal["code", "name", "day", "money", "units", "price", "item", "currency", "rate"]
Rule = Literal[
    "currency", "unit", "rounding", "shifted", "swapped", "dividend", "accrued", "units_difference", "follows"
]
Phrase = Annotated[str, Field(min_length=1, max_length=80)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Entry):
    """A column: what it holds, and how tables call it."""

    type: ColumnType
    title: Words
    synonyms: tuple[Phrase, ...] = Field(min_length=1)
    effect: Literal[1, -1] = Field(
        default=1, description="Of an accrued item: 1 adds to the net asset value, -1 lowers it."
    )


class Tolerance(_Entry):
    """What counts as equal."""

    absolute: Decimal = Field(ge=0)
    per_mille: Decimal = Field(ge=0)


class MatchingBook(_Entry):
    """The values of matching.yaml."""

    columns: dict[str, Column]
    tolerances: dict[str, Tolerance]
    explanations: tuple[Rule, ...]
    factors: tuple[Annotated[int, Field(gt=1)], ...]
    shift_days: int = Field(ge=1, le=15)
    near: float = Field(gt=0.5, le=1.0)
    header_rows: int = Field(ge=1, le=100)
    totals: tuple[Phrase, ...]
    drop: tuple[Phrase, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for needed in ("code", "name", "day"):
            if needed not in self.columns:
                raise Fault(_("the column {name} is missing", name=needed))
        unknown = next((name for name in self.tolerances if name not in self.columns), None)
        if unknown is not None:
            raise Fault(_("there is no column {name}", name=unknown))
        return self

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns whose values are compared, in their order."""
        return tuple(name for name, column in self.columns.items() if name in self.tolerances and column.type != "item")

    @property
    def items(self) -> tuple[str, ...]:
        """The columns of accrued items."""
        return tuple(name for name, column in self.columns.items() if column.type == "item")

    def title(self, column: str, language: str) -> str:
        """Return what a column is called."""
        return self.columns[column].title.within(language)

    @classmethod
    def load(cls, shipped: Path = SHIPPED, own: Path | None = None) -> "MatchingBook":
        """Read both files; `own` is the bank's file and need not exist. Raises `ConfigError`."""
        values = read_yaml(shipped)
        if own is None or not own.is_file():
            return checked(shipped, cls, values)
        theirs = read_yaml(own)
        return checked(own, cls, {**values, **_merged(values, theirs)})


def _merged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Lay single columns and tolerances over ours; other fields replace ours as a whole."""
    merged = dict(theirs)
    for name in ("columns", "tolerances"):
        if isinstance(theirs.get(name), dict):
            merged[name] = {**ours[name], **theirs[name]}
    return merged
