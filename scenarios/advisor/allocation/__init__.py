"""Allocation: weights by skfolio within limits, their test on the past, trades, and which limits conflict."""

from .book import LimitBook
from .proposing import propose
from .request import AllocationRequest, Backtest, Limits, Liquidity, Range
from .result import Proposal

__all__ = ["AllocationRequest", "Backtest", "LimitBook", "Limits", "Liquidity", "Proposal", "Range", "propose"]
