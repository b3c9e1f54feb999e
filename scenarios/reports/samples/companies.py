"""Twenty made-up companies with three years of statements that tie, and the truth about them for measuring."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from .bookkeeping import LAST, Bookkeeper, Books
from .sums import ACCOUNTS, add_sums, income_sums
from .traits import Profile, read_profiles

COUNT: Final = 20
YEARS: Final = (2023, 2024, 2025)
Scope = Literal["consolidated", "parent", "unknown"]
_SEED: Final = 20251231


@dataclass(frozen=True)
class Company:
    """A made-up company; amounts in yuan to the fen."""

    number: int
    profile: Profile
    credit_code: str
    scopes: tuple[Scope, ...]
    statements: Mapping[tuple[Scope, int], Mapping[str, float]]
    """By scope and year, 2020 to 2025, every account of the three statements."""
    first_given: Mapping[int, Mapping[str, float]]
    """The statements of a year as its own report gave them, where a later one restated them."""
    years: tuple[int, ...] = YEARS

    @property
    def name(self) -> str:
        """Return its name in the language of its papers."""
        return self.name_in(self.profile.language)

    @property
    def scope(self) -> Scope:
        """Return whose statements come first: the group's, or those of a company without subsidiaries."""
        return self.scopes[0]

    def name_in(self, language: str) -> str:
        """Return its name in `zh_CN`, `zh` or, for any other language, in English."""
        return self.profile.zh if language.startswith("zh") else self.profile.en

    def of(self, year: int, scope: Scope | None = None) -> Mapping[str, float]:
        """Return the accounts of a year."""
        return self.statements[scope or self.scope, year]


@dataclass(frozen=True)
class Truth:
    """One value that an extraction must find; `months` is 0 for balances."""

    account: str
    period: str
    months: int
    scope: Scope
    value: float
    restated: bool = False


@cache
def company(number: int) -> Company:
    """Return one of the companies 0 to 19; always the same for the same number. Raises `IndexError` for others."""
    if not 0 <= number < COUNT:
        raise IndexError(number)
    profile = read_profiles()[number]
    traits = profile.traits
    seed = _SEED + number * 101
    kept: dict[tuple[Scope, int], Books] = {}
    scopes: tuple[Scope, ...] = ("consolidated",) if profile.group or profile.parent else ("unknown",)
    for year, books in Bookkeeper(traits, profile.capital, seed).years().items():
        kept[scopes[0], year] = books
    if profile.parent:
        scopes = (*scopes, "parent")
        alone = traits.model_copy(
            update={"revenue": traits.revenue * 0.58, "minority": 0.0, "goodwill": 0.0,
                    "subsidiaries": traits.subsidiaries + 0.35, "fixed": traits.fixed * 0.6}
        )  # fmt: skip
        for year, books in Bookkeeper(alone, profile.capital, seed + 1).years().items():
            kept["parent", year] = books
    first = {LAST - 1: _before_restating(kept[scopes[0], LAST - 1])} if profile.restated else {}
    return Company(
        number=number, profile=profile, credit_code=_credit_code(number), scopes=scopes,
        statements={key: _yuan(books) for key, books in kept.items()},
        first_given={year: _yuan(books) for year, books in first.items()},
    )  # fmt: skip


def truth(of: Company, years: tuple[int, ...] | None = None) -> list[Truth]:
    """Return every value of the statements of `years` (its three), zeros too, as the latest report gives it."""
    return [
        Truth(account, f"{year}-12-31", 0 if statement == "balance" else 12, scope, of.statements[scope, year][account],
              restated=year in of.first_given and scope == of.scope
              and of.first_given[year][account] != of.statements[scope, year][account])
        for scope in of.scopes
        for year in years or of.years
        for statement, accounts in ACCOUNTS.items()
        for account in accounts
    ]  # fmt: skip


def _yuan(books: Books) -> Mapping[str, float]:
    return {name: amount / 100 for name, amount in books.items()}


def _before_restating(books: Books) -> Books:
    """Return a year as first given: stock counted too high and cost too low, which the next report put right."""
    first = dict(books)
    wrong = round(books["inventories"] * 0.06)
    first["inventories"] += wrong
    first["retained_earnings"] += wrong
    first["operating_cost"] -= wrong
    income_sums(add_sums(first))
    first["net_profit_parent"] += wrong
    return first


def _credit_code(number: int) -> str:
    """Return a well-formed unified social credit code of a region that does not exist (000000)."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    code = f"91000000MA{number * 7919 % 100000:05d}X"[:16] + letters[(number * 7 + 3) % 31]
    code = code.ljust(17, "0")
    weight, total = 1, 0
    for letter in code:
        total += letters.index(letter) * weight
        weight = weight * 3 % 31
    return code + letters[-total % 31]
