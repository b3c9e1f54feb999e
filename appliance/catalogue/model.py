"""What the catalogue says of a model: one YAML file each. Frozen, strict, and every figure has its source."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from appliance.config.section import Section
from appliance.core.messages import _
from appliance.core.validation import Fault

Precision = Literal["fp32", "bf16", "fp16", "fp8", "int8", "int4"]
Kind = Literal["chat", "embedder", "reranker"]
Positive = Annotated[int, Field(ge=1)]


class Source(Section):
    """Where figures come from."""

    url: str = Field(min_length=1)
    """Page or file that states them."""
    unverified: bool = False
    """True where the page was not at hand when the figure was entered: known, not looked up."""


class GroupedQueries(Section):
    """Attention whose query heads share key and value heads; as many as heads: plain multi-head attention."""

    kind: Literal["gqa"]


class LatentAttention(Section):
    """Multi-head latent attention (DeepSeek): keys and values of a token are one compressed vector."""

    kind: Literal["mla"]
    query_rank: Positive
    """`q_lora_rank`: width of the compressed query."""
    kv_rank: Positive
    """`kv_lora_rank`: width of the compressed key and value, which is what the cache holds."""
    rope_size: Positive
    """`qk_rope_head_dim`: the part with positions, which the cache holds too."""
    nope_size: Positive
    """`qk_nope_head_dim`: the part of a head without positions."""
    value_size: Positive
    """`v_head_dim`."""


class SlidingWindow(Section):
    """Grouped queries where most layers look back over a window only."""

    kind: Literal["sliding"]
    window: Positive
    """Tokens that a windowed layer sees."""
    windowed_layers: Positive
    """How many layers are windowed; the others see everything."""


Attention = Annotated[GroupedQueries | LatentAttention | SlidingWindow, Field(discriminator="kind")]


class Experts(Section):
    """A mixture of experts."""

    routed: Positive
    """Experts a layer that the router chooses among."""
    per_token: Positive
    """Routed experts that one token passes through."""
    shared: int = Field(default=0, ge=0)
    """Experts that every token passes through."""
    size: Positive
    """`moe_intermediate_size`: inner width of one expert."""
    dense_layers: int = Field(default=0, ge=0)
    """First layers that have a plain feed-forward network."""

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.per_token > self.routed:
            raise Fault(_("per_token must not be greater than routed"))
        return self


class Encoder(Section):
    """What BERT-like models have besides: they read both ways and keep no cache."""

    positions: Positive
    """Rows of the position table."""
    token_types: Positive
    """Rows of the token type table."""
    pooler: bool
    """A layer over the first token; a reranker has its classifier there."""


class Architecture(Section):
    """Shape of the network, named as the field names it; sizes are numbers of values."""

    layers: Positive
    hidden_size: Positive
    intermediate_size: Positive
    heads: Positive
    kv_heads: Positive
    head_size: Positive
    vocabulary: Positive
    """Rows of the embedding table."""
    attention: Attention
    experts: Experts | None = None
    """None for a dense model."""
    encoder: Encoder | None = None
    """None for a decoder."""
    tied_embeddings: bool = False
    """Output layer and embedding table are one."""
    has_head: bool = True
    """False for embedders and rerankers, which write no tokens."""
    qkv_bias: bool = False
    qk_norm: bool = False
    norms_per_layer: Positive = 2
    next_token_layers: int = Field(default=0, ge=0)
    """Layers for speculative decoding that a checkpoint holds; they are not loaded unless asked for."""
    extra_parameters: int = Field(default=0, ge=0)
    """What else is loaded: a vision tower and its projector."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.heads % self.kv_heads:
            raise Fault(_("heads must be a multiple of kv_heads"))
        if isinstance(self.attention, SlidingWindow) and self.attention.windowed_layers > self.layers:
            raise Fault(_("windowed_layers must not be greater than layers"))
        if self.experts is not None and self.experts.dense_layers > self.layers:
            raise Fault(_("dense_layers must not be greater than layers"))
        return self


class Checkpoint(Section):
    """Published weights in one precision."""

    precision: Precision
    repository: str
    """Name at the publisher."""
    bytes: int | None = Field(default=None, ge=1)
    """Published size (`total_size` of the index, or of the file); None where it was not found."""
    loaded_as_published: bool = False
    """Every table is quantised, in a format of its own: the published size is what is loaded."""
    weight_only: bool = False
    """Only the weights have this precision, and are unpacked to 16 bits to compute (GPTQ)."""
    holds_head_twice: bool = False
    """The file repeats a tied output layer, which is not loaded."""
    source: Source


class Sources(Section):
    """Where each group of figures comes from."""

    architecture: Source
    """`config.json`: architecture and context."""
    parameters: Source
    licence: Source
    """Licence and languages."""
    parsers: Source
    """Tool and reasoning parsers."""


class ModelEntry(Section):
    """One model of the catalogue."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: str
    family: str
    """Models of one family may stand in for each other."""
    kind: Kind
    industry: Literal["general", "finance"] = "general"
    engine: Literal["vllm", "built-in"] = "vllm"
    """What computes it; built-in: the appliance itself, in the embedder's process, on CPU."""
    packages: tuple[str, ...] = ()
    """Names of this appliance's packages that hold it."""
    parameters: Positive
    """As the publisher states them, often rounded; `architecture.count_parameters` gives the exact number."""
    active_parameters: Positive
    """Those that one token passes through, as stated."""
    architecture: Architecture
    context: Positive
    """Longest prompt and answer together, in tokens, without stretching."""
    checkpoints: tuple[Checkpoint, ...] = Field(min_length=1)
    """Published weights, the preferred precision first."""
    licence: str
    """SPDX name where there is one."""
    languages: tuple[str, ...] = Field(min_length=1)
    tool_parser: str | None = None
    """vLLM's parser of tool calls; None where it has none for this model."""
    reasoning_parser: str | None = None
    """vLLM's parser of the thinking part; None for a model that does not think aloud."""
    sources: Sources

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """Precisions that are published, the preferred one first."""
        return tuple(dict.fromkeys(checkpoint.precision for checkpoint in self.checkpoints))

    def checkpoint(self, precision: Precision) -> Checkpoint | None:
        """Return the published weights in `precision`, None where there are none."""
        return next((found for found in self.checkpoints if found.precision == precision), None)

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of the groups of figures that were not looked up."""
        groups = [name for name in Sources.model_fields if getattr(self.sources, name).unverified]
        return (*groups, *(f"checkpoint {c.precision}" for c in self.checkpoints if c.source.unverified))
