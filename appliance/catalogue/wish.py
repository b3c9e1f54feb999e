"""What a site wants served: models, users and the service level."""

from typing import Self

from pydantic import Field, model_validator

from appliance.catalogue.model import Precision
from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.units import GIB
from appliance.core.validation import Fault

MOST_SEQUENCES = 256


class ServiceLevel(Section):
    """What each user is to get. A user is one conversation whose answer is being written."""

    users: int | None = Field(default=None, ge=1)
    """Users of each chat model at once; None asks how many there can be."""
    ttft_ms: float = Field(default=2000.0, gt=0)
    """Longest time to the first token, in milliseconds, expected rather than worst."""
    tokens_per_s: float = Field(default=8.0, gt=0)
    """Tokens a second that each user's answer is written with; people read about 5."""
    prompt_tokens: int = Field(default=1500, ge=1)
    """Tokens of a prompt with its history and passages."""
    answer_tokens: int = Field(default=300, ge=1)
    """Tokens of an answer."""

    @property
    def tokens(self) -> int:
        """Tokens of one whole conversation turn."""
        return self.prompt_tokens + self.answer_tokens


class ModelWish(Section):
    """One model behind an alias. What is None, the planner chooses."""

    alias: str = Field(min_length=1)
    model: str = Field(min_length=1)
    """Name in the catalogue, or of a package that the catalogue knows."""
    precision: Precision | None = None
    replicas: int | None = Field(default=None, ge=1)
    tensor_parallel: int | None = Field(default=None, ge=1)
    context: int | None = Field(default=None, ge=64)
    """Longest prompt and answer together; None: up to 32,768, what fits."""
    sequences: int | None = Field(default=None, ge=1)
    """Sequences the engine decodes together (`max_num_seqs`); None takes what users need, at most 256."""
    compiled: bool = False
    memory_share: float = Field(default=0.9, gt=0, le=1)
    """Part of a card's memory that engines may take together (`gpu_memory_utilization`)."""
    cache_bytes: int = Field(default=GIB, ge=1)
    """KV cache on CPU; more is planned where context or users need it."""


class Wish(Section):
    """All that is wanted."""

    models: tuple[ModelWish, ...] = Field(min_length=1)
    level: ServiceLevel = ServiceLevel()

    @model_validator(mode="after")
    def _aliases_once(self) -> Self:
        aliases = [wish.alias for wish in self.models]
        for alias in aliases:
            if aliases.count(alias) > 1:
                raise Fault(_("the alias {alias} is given twice", alias=ascii(alias[:100])))
        return self
