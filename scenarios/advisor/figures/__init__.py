"""Figures that code computes, each with its formula, its inputs and where they came from."""

from .drawdowns import Drawdown, drawdowns
from .exposure import Exposure, exposures
from .formulas import Formula, Formulas, formulas
from .making import LEAST_VALUES, PERIODS, Maker, fact, used
from .performance import performance
from .rolling import Rolling, rolling
from .writing import shown

__all__ = [
    "LEAST_VALUES",
    "PERIODS",
    "Drawdown",
    "Exposure",
    "Formula",
    "Formulas",
    "Maker",
    "Rolling",
    "drawdowns",
    "exposures",
    "fact",
    "formulas",
    "performance",
    "rolling",
    "shown",
    "used",
]
