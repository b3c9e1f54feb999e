"""Numbers of parameters from the shape of a network: where they lie decides how they are quantised and split."""

from dataclasses import dataclass
from functools import cache

from appliance.catalogue.model import Architecture, LatentAttention


@dataclass(frozen=True)
class LayerParameters:
    """Parameters of one layer.

    `split` are matrices that tensor parallelism divides; `key_value` divides only as far as there are heads; `copied`
    are matrices that every shard holds; `plain` are norms, biases and routers, copied and never quantised.
    `expert` is one routed expert, part of neither.
    """

    split: int
    key_value: int
    copied: int
    plain: int
    expert: int = 0

    @property
    def total(self) -> int:
        """All but the routed experts."""
        return self.split + self.key_value + self.copied + self.plain


@dataclass(frozen=True)
class Parameters:
    """Parameters of a network."""

    embedding: int
    """Embedding tables; a tied output layer is here."""
    head: int
    """Output layer, where it is not tied; a pooler or classifier."""
    final: int
    """Last norm and what is loaded besides (`extra_parameters`)."""
    dense: LayerParameters
    dense_layers: int
    sparse: LayerParameters | None
    """A layer with experts."""
    sparse_layers: int
    routed: int
    per_token: int

    @property
    def total(self) -> int:
        """Everything that is loaded."""
        layers = self.dense.total * self.dense_layers
        if self.sparse is not None:
            layers += (self.sparse.total + self.sparse.expert * self.routed) * self.sparse_layers
        return self.embedding + self.head + self.final + layers

    @property
    def active(self) -> int:
        """What one token passes through; an embedding table is looked up, not passed through, and counts as read."""
        layers = self.dense.total * self.dense_layers
        if self.sparse is not None:
            layers += (self.sparse.total + self.sparse.expert * self.per_token) * self.sparse_layers
        return self.embedding + self.head + self.final + layers


@cache
def count_parameters(shape: Architecture) -> Parameters:
    """Return the parameters of a network of this shape."""
    hidden, experts = shape.hidden_size, shape.experts
    dense = _layer(shape, _feed_forward(shape, shape.intermediate_size))
    sparse = None
    if experts is not None:
        shared = _feed_forward(shape, experts.size) * experts.shared
        router = (hidden + 1) * experts.routed if _corrects(shape) else hidden * experts.routed
        one = _feed_forward(shape, experts.size)
        layer = _layer(shape, shared)
        sparse = LayerParameters(layer.split, layer.key_value, layer.copied, layer.plain + router, one)
    dense_layers = shape.layers if experts is None else experts.dense_layers
    embedding, head, final = _ends(shape)
    return Parameters(
        embedding=embedding,
        head=head,
        final=final + shape.extra_parameters,
        dense=dense,
        dense_layers=dense_layers,
        sparse=sparse,
        sparse_layers=shape.layers - dense_layers,
        routed=experts.routed if experts else 0,
        per_token=experts.per_token if experts else 0,
    )


def next_token_parameters(shape: Architecture) -> tuple[int, int]:
    """Return the parameters of layers for speculative decoding in a checkpoint: matrices, and the rest.

    Each is a layer with experts, a projection of two hidden states to one, three norms, and copies of both ends.
    """
    counted = count_parameters(shape)
    layer = counted.sparse or counted.dense
    matrices = layer.split + layer.key_value + layer.copied + layer.expert * counted.routed
    hidden = shape.hidden_size
    rest = layer.plain + 2 * hidden * hidden + 3 * hidden + counted.embedding + counted.head
    return matrices * shape.next_token_layers, rest * shape.next_token_layers


def _corrects(shape: Architecture) -> bool:
    """Say whether the router has a bias an expert: so in models that also have shared experts."""
    return shape.experts is not None and shape.experts.shared > 0


def _feed_forward(shape: Architecture, inner: int) -> int:
    return (2 if shape.encoder is not None else 3) * shape.hidden_size * inner


def _layer(shape: Architecture, feed_forward: int) -> LayerParameters:
    hidden, plain = shape.hidden_size, shape.norms_per_layer * shape.hidden_size
    if isinstance(shape.attention, LatentAttention):
        return _latent_layer(shape, shape.attention, feed_forward)
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    if shape.qkv_bias:
        plain += queries + 2 * keys
    if shape.qk_norm:
        plain += 2 * shape.head_size
    if shape.encoder is not None:  # every matrix and norm has a bias
        plain += 2 * hidden + shape.intermediate_size + shape.norms_per_layer * hidden
    return LayerParameters(2 * hidden * queries + feed_forward, 2 * hidden * keys, 0, plain)


def _latent_layer(shape: Architecture, latent: LatentAttention, feed_forward: int) -> LayerParameters:
    hidden = shape.hidden_size
    queries = latent.query_rank * shape.heads * (latent.nope_size + latent.rope_size)
    values = latent.kv_rank * shape.heads * (latent.nope_size + latent.value_size)
    output = shape.heads * latent.value_size * hidden
    copied = hidden * latent.query_rank + hidden * (latent.kv_rank + latent.rope_size)
    plain = shape.norms_per_layer * hidden + latent.query_rank + latent.kv_rank
    return LayerParameters(queries + values + output + feed_forward, 0, copied, plain)


def _ends(shape: Architecture) -> tuple[int, int, int]:
    """Return embedding tables, output layer, and what is after the last layer."""
    hidden, table = shape.hidden_size, shape.vocabulary * shape.hidden_size
    if shape.encoder is not None:
        rows = shape.encoder.positions + shape.encoder.token_types
        head = (hidden + 1) * hidden if shape.encoder.pooler else 0
        return table + rows * hidden + 2 * hidden, head, 0
    head = table if shape.has_head and not shape.tied_embeddings else 0
    return table, head, hidden
