"""Samples for the other reports: fund, market, laundering case, small company, contract, valuations."""

from .others_cases import write_aml, write_sme
from .others_checks import DEVIATIONS, write_loan_contract, write_valuations
from .others_market import write_fund, write_market

__all__ = [
    "DEVIATIONS", "write_aml", "write_fund", "write_loan_contract", "write_market", "write_sme", "write_valuations",
]  # fmt: skip
