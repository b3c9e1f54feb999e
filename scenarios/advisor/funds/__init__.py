"""Diagnosis of funds: past figures, drawdowns, style, peers, fees, and what is to be said of them."""

from .diagnosis import diagnose, facts
from .pictures import CHARTS
from .shapes import FundDiagnosis, Sentence
from .texts import FundTexts, fund_texts

__all__ = ["CHARTS", "FundDiagnosis", "FundTexts", "Sentence", "diagnose", "facts", "fund_texts"]
