"""What a conversation remembers between two turns: small, plain, and kept by whoever holds the conversation."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from .tools import Id, ToolName


class Pending(BaseModel):
    """A form that is not complete: what was asked for, and what was offered to choose from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: ToolName
    arguments: dict[str, Any] = Field(default_factory=dict)
    asks: str = Field(max_length=40)
    choices: tuple[Id, ...] = ()


class Refusal(BaseModel):
    """A purchase that the rules refused; it stays refused whatever is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: Id
    product: Id
    amount: float


class State(BaseModel):
    """What is being spoken of. A new conversation begins with `State()`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: Id | None = None
    product: Id | None = None
    tool: ToolName | None = None
    arguments: dict[str, Any] = Field(default_factory=dict, description="Those of the last call of `tool`.")
    pending: Pending | None = None
    refusal: Refusal | None = Field(default=None, description="The last refusal, while nothing else was decided.")
    turns: int = Field(default=0, ge=0)
