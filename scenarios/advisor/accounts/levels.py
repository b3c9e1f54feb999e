"""Which holdings the bank's rules would not let the client buy today, by level and kind of investor."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Final

from ..data.dataset import Dataset
from ..models import Product
from ..suitability.case import Case
from ..suitability.client_rules import LeastTolerant, Match, Professional
from ..suitability.loading import RuleBook
from ..suitability.position import Position as Before
from ..suitability.speaking import Speaker
from .positions import Account

_LEVEL_RULES: Final = (Match, LeastTolerant, Professional)
_NOTHING: Final = Before((), 0.0, None, (), ())  # none of these rules looks at what is held


@dataclass(frozen=True)
class Fit:
    """Whether a product fits; None: that cannot be told. Reasons are of the rules that are broken or unknown."""

    suitable: bool | None
    reasons: tuple[str, ...]


@cache
def shipped_rules() -> RuleBook:
    """Return the rules that come with the pack, read once. Raises `ConfigError`."""
    return RuleBook.load()


def fit_of(dataset: Dataset, account: Account, product: Product, rules: RuleBook, language: str) -> Fit:
    """Judge a product by the rules of level and kind of investor; what asks for a confirmation is allowed."""
    case = Case(
        dataset=dataset, client=account.client, product=product, amount=0.0, amount_cny=None, need_cny=None,
        today=account.as_of, position=_NOTHING, speaker=Speaker(language),
    )  # fmt: skip
    judged = [(rule, rule.check(case)) for rule in rules.rules if isinstance(rule, _LEVEL_RULES)]
    reasons = tuple(dict.fromkeys(found.reason for _rule, found in judged if found.reason))
    if any(found.outcome == "broken" and rule.kind == "prohibit" for rule, found in judged):
        return Fit(False, reasons)
    return Fit(None if any(found.outcome == "unknown" for _rule, found in judged) else True, reasons)


def outdated(account: Account, rules: RuleBook) -> bool:
    """Tell whether the client's assessment is older than the rules let it be."""
    day, valid = account.client.assessed_on, rules.valid_days
    return day is not None and valid is not None and account.as_of > day + timedelta(days=valid)
