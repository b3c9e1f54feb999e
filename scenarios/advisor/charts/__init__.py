"""Charts: each a picture with a Chinese font and a Vega-Lite specification of the same data."""

from .bars import bars, stacked
from .donut import donut
from .heat import heat
from .lines import drawdown, line

__all__ = ["bars", "donut", "drawdown", "heat", "line", "stacked"]
