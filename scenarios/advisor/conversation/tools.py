"""The tools that a conversation chooses from: typed arguments, texts in both languages, JSON schemas."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_yaml

from ..allocation.request import Limits, Method
from ..models import AssetClass, Currency, ProductLevel

ToolName = Literal[
    "suitability", "fund_diagnosis", "compare_funds", "account_diagnosis", "allocation", "stress", "market_notes",
    "stock_notes", "product_list", "client_facts", "figure_explained", "help",
]  # fmt: skip
TOOLS: Final[tuple[ToolName, ...]] = get_args(ToolName)
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Scenario = Id
"""Name of a scenario in the list of stress scenarios."""
Window = Annotated[str, StringConstraints(pattern=r"^(?:all|ytd|[1-9]\d?[my]|since:\d{4}-\d{2}-\d{2})$", max_length=16)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_FILE: Final = Path(__file__).with_name("tools.yaml")


class Arguments(BaseModel):
    """Arguments of a tool; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SuitabilityArguments(Arguments):
    """May a client buy a product for an amount."""

    client: Id
    product: Id
    amount: float = Field(gt=0.0, le=1e12, allow_inf_nan=False)


class FundArguments(Arguments):
    """One product, and over which window; null: all that are usual."""

    product: Id
    window: Window | None = None


class CompareArguments(Arguments):
    """Two to eight products."""

    products: tuple[Id, ...] = Field(min_length=2, max_length=8)
    window: Window | None = None


class AccountArguments(Arguments):
    """One client; null: the newest day."""

    client: Id
    as_of: Day | None = None


class AllocationArguments(Arguments):
    """A client, or products; without a method the bank's usual one."""

    client: Id | None = None
    products: tuple[Id, ...] = Field(default=(), max_length=50)
    method: Method | None = None
    limits: Limits = Limits()


class StressArguments(Arguments):
    """One client; null: all scenarios."""

    client: Id
    scenario: Scenario | None = None


class NotesArguments(Arguments):
    """What to look for in the bank's reports."""

    query: str = Field(min_length=1, max_length=1000)


class StockArguments(Arguments):
    """One security, and what to look for."""

    security: Id
    query: str = Field(default="", max_length=1000)


class ListArguments(Arguments):
    """Filters; what is left out is not asked for. `client` keeps what the level of that client allows."""

    client: Id | None = None
    min_level: ProductLevel | None = None
    max_level: ProductLevel | None = None
    asset_class: AssetClass | None = None
    term_days: int | None = Field(default=None, ge=0, le=36500)
    currency: Currency | None = None


class ClientArguments(Arguments):
    """One client."""

    client: Id


class FigureArguments(Arguments):
    """One formula of the list of formulas."""

    name: Id


class NoArguments(Arguments):
    """Nothing."""


class Tool(BaseModel):
    """What one tool is called and does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Words
    description: Words
    example: Words


ARGUMENTS: Final[Mapping[ToolName, type[Arguments]]] = {
    "suitability": SuitabilityArguments, "fund_diagnosis": FundArguments, "compare_funds": CompareArguments,
    "account_diagnosis": AccountArguments, "allocation": AllocationArguments, "stress": StressArguments,
    "market_notes": NotesArguments, "stock_notes": StockArguments, "product_list": ListArguments,
    "client_facts": ClientArguments, "figure_explained": FigureArguments, "help": NoArguments,
}  # fmt: skip


class ToolBox:
    """All tools, as `tools.yaml` describes them."""

    def __init__(self, tools: Mapping[ToolName, Tool], arguments: Mapping[str, Words]) -> None:
        self.tools = tools
        self._arguments = arguments

    def title(self, name: ToolName, language: str) -> str:
        """Return what people call a tool."""
        return self.tools[name].title.within(language)

    def arguments(self, name: ToolName, values: Mapping[str, object]) -> Arguments:
        """Return checked arguments. Raises `pydantic.ValidationError`."""
        return ARGUMENTS[name].model_validate(values)

    def functions(self, language: str) -> list[dict[str, Any]]:
        """Return the tools as function calling describes them, each with the JSON schema of its arguments."""
        return [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": tool.description.within(language),
                    "parameters": self._schema(name, language),
                },
            }
            for name, tool in self.tools.items()
        ]

    def _schema(self, name: ToolName, language: str) -> dict[str, Any]:
        schema = ARGUMENTS[name].model_json_schema()
        schema.pop("description", None)
        for argument, of in schema.get("properties", {}).items():
            of["description"] = self._arguments[argument].within(language)
        return schema


@cache
def tool_box() -> ToolBox:
    """Return the tools that the pack ships. Raises `pydantic.ValidationError` for a faulty file."""
    read = read_yaml(_FILE)
    arguments = TypeAdapter(dict[str, Words]).validate_python(read.pop("arguments"))
    tools = TypeAdapter(dict[ToolName, Tool]).validate_python(read)
    return ToolBox({name: tools[name] for name in TOOLS}, arguments)
