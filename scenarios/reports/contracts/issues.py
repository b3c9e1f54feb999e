"""What a check found, before it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..models import Figure, Place
from .book import Severity


@dataclass(frozen=True)
class Issue:
    """One thing found; `rule` names its texts in texts.yaml, `values` fill them."""

    rule: str
    severity: Severity
    values: Mapping[str, object] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    figures: tuple[Figure, ...] = ()
    clause: str = ""
    """Id of the standard's clause that it is about; empty: of the contract as a whole."""
