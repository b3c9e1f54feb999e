"""Made-up papers, written as a task."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from appliance.core.errors import InvalidRequest
from appliance.core.messages import _

MOST: Final = 20
"""How many companies there are."""
OTHERS: Final[Mapping[str, str]] = {
    "fund": "fund-commentary", "market": "morning-note", "aml": "aml-case", "sme": "sme-loan",
    "contract": "contract-check", "valuation": "valuation-reconciliation",
}  # fmt: skip
"""Samples beside the companies, each with the template that it is for."""
_UNNAMED: Final = ("fund", "market")
"""Whose papers do not say whose they are."""
_NAME: Final = re.compile(r"company-([1-9]\d?)")


def write_sample(folder: str, sample: str, language: str) -> str:
    """Write the papers of `company-1` … or one of `OTHERS` into a folder; return whom they are about.

    Empty where the papers say it themselves. Raises `InvalidRequest`.
    """
    from ..samples.companies import company as company_of
    from ..samples.folders import write_folder

    named = _NAME.fullmatch(sample)
    if named is not None and int(named[1]) <= MOST:  # the twentieth is the first of the list, which counts from 0
        write_folder(company_of(int(named[1]) % MOST), Path(folder), language=language)
        return ""
    if sample not in OTHERS:
        raise InvalidRequest(
            _("There is no sample {name}.", name=repr(sample[:40])),
            _("Take company-1 to company-{most}, or one of: {names}.", most=MOST, names=", ".join(OTHERS)),
            param="sample", code="sample_not_found",
        )  # fmt: skip
    written = _writers()[sample](Path(folder), language)
    return written.subject if sample in _UNNAMED else ""


def _writers() -> Mapping[str, Callable[[Path, str], Any]]:
    from ..samples import others

    return {
        "fund": others.write_fund, "market": others.write_market, "aml": others.write_aml, "sme": others.write_sme,
        "contract": others.write_loan_contract, "valuation": others.write_valuations,
    }  # fmt: skip
