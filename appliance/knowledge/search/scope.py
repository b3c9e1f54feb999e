"""Which versions of documents a search may see; decided by the store, applied before anything is scored."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scope:
    """Versions that a search may see: those in `only`; where that is None, all but those in `without`."""

    only: frozenset[int] | None = None
    without: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing can be seen."""
        return self.only is not None and not self.only

    @cached_property
    def condition(self) -> str | None:
        """The filter in SQL, None for no filter."""
        if self.only is not None:
            return f"version IN ({listed(self.only)})" if self.only else "false"
        return f"version NOT IN ({listed(self.without)})" if self.without else None

    def holds(self, versions: NDArray[numpy.int64]) -> NDArray[numpy.bool_]:
        """Return which of `versions` can be seen."""
        named = self.without if self.only is None else self.only
        found = numpy.isin(versions, numpy.fromiter(named, numpy.int64, len(named)))
        return ~found if self.only is None else found


EVERYTHING = Scope()


def listed(versions: Iterable[int]) -> str:
    """Return keys for a list in SQL."""
    return ", ".join(str(int(version)) for version in sorted(versions))
