"""Signatures by which near-duplicate documents are found (MinHash over word triples)."""

from collections.abc import Iterable
from itertools import islice

import numpy
from datasketch import MinHash

from appliance.knowledge.language.terms import words

_PERMUTATIONS = 64
_SHINGLE = 3  # words
_BATCH = 10_000


def signature(text: str) -> bytes:
    """Return a signature of 256 bytes; empty for a text without words."""
    terms = [term for _kind, term in words(text)]
    if not terms:
        return b""
    triples = {" ".join(terms[at : at + _SHINGLE]).encode() for at in range(max(1, len(terms) - _SHINGLE + 1))}
    sketch = MinHash(num_perm=_PERMUTATIONS, scheme="affine32")
    for batch in _batches(triples):
        sketch.update_batch(batch)
    return numpy.asarray(sketch.hashvalues, "<u4").tobytes()


def similarity(a: bytes, b: bytes) -> float:
    """Return the estimated share of common word triples of two documents (Jaccard), 0..1."""
    if not a or len(a) != len(b):
        return 0.0
    return float((numpy.frombuffer(a, "<u4") == numpy.frombuffer(b, "<u4")).mean())


def _batches(entries: Iterable[bytes]) -> Iterable[list[bytes]]:
    left = iter(entries)
    while batch := list(islice(left, _BATCH)):
        yield batch
