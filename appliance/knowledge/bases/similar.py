"""Near-duplicates: other documents with nearly the same text, by MinHash signatures."""

from collections.abc import Iterable

import numpy

from appliance.knowledge.models import Similar
from appliance.state.documents import Filed, VersionRow

SIMILAR = 0.8
_MOST = 10


def similar_to(filed: Filed, others: Iterable[Filed]) -> list[Similar]:
    """Return those of `others` whose newest searchable text is like that of `filed`, most alike first, at most 10."""
    own = _signed(filed)
    if own is None or not own.signature:
        return []
    signed = [
        version
        for other in others
        if other.document.id != filed.document.id
        and (version := _signed(other)) is not None
        and version.signature is not None
        and len(version.signature) == len(own.signature)
    ]
    if not signed:
        return []
    matrix = numpy.frombuffer(b"".join(version.signature or b"" for version in signed), "<u4")
    shares = (matrix.reshape(len(signed), -1) == numpy.frombuffer(own.signature, "<u4")).mean(axis=1)
    return [
        Similar(document_id=signed[at].document_id, document=signed[at].name, similarity=round(float(shares[at]), 2))
        for at in numpy.argsort(-shares, kind="stable")[:_MOST]
        if shares[at] >= SIMILAR
    ]


def _signed(filed: Filed) -> VersionRow | None:
    return next((version for version in reversed(filed.versions) if version.signature), None)
