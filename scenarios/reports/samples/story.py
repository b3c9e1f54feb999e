"""What happens around a made-up company: its people, partners, loans, cases, and what its papers disagree about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from appliance.scenario.words import Words
from appliance.scenario.yaml_files import read_yaml

from ..showing import day_title
from .companies import Company

PEOPLE: Final = Path(__file__).with_name("people.yaml")
_OTHER_LEGAL: Final = ("陆景明", "Lu Jingming")
_EARLIER_CAPITAL: Final = 0.9
"""Share of the registered capital that the older articles still state."""


@dataclass(frozen=True)
class Case:
    """A court case; the amount in yuan."""

    number: Words
    filed_on: str
    court: Words
    cause: Words
    defendant: bool
    opponent: Words
    amount: float
    status: Words


@dataclass(frozen=True)
class Story:
    """All that the papers of one folder tell beside the statements; amounts in yuan."""

    company: Company
    language: str
    capital: float
    earlier_capital: float
    earlier_representative: str
    loans: float
    """Of the balance at the end of 2025."""
    loans_stated: float
    """Of the credit report."""
    taxable_revenue: dict[int, float]
    requested: float
    months: int
    collateral: float
    guarantees: float
    facilities: tuple[tuple[str, float, float, str], ...]
    """Bank, limit, used, due."""
    contracts: tuple[tuple[str, str, float, str], ...]
    """Kind (sale, purchase), party, amount, signed on."""
    managers: tuple[tuple[str, str], ...]
    cases: tuple[Case, ...]
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def chinese(self) -> bool:
        """Return whether its papers are Chinese."""
        return self.language.startswith("zh")

    @property
    def related(self) -> str:
        """Return the name of its largest owner, to whom money flows."""
        owner = self.company.profile.owners[0]
        return owner.zh if self.chinese else owner.en

    def money(self, yuan: float) -> str:
        """Write an amount as papers do: 12,345,678.90元 or CNY 12,345,678.90."""
        return f"{yuan:,.2f}元" if self.chinese else f"CNY {yuan:,.2f}"

    def large(self, yuan: float) -> str:
        """Write an amount in 万元, in English in millions."""
        return f"{yuan / 1e4:,.2f}万元" if self.chinese else f"CNY {yuan / 1e6:,.2f} million"

    def day(self, iso: str) -> str:
        """Write a day as the papers do."""
        return day_title(iso, self.language)

    def word(self, chinese: str, english: str) -> str:
        """Return one of two texts by language."""
        return chinese if self.chinese else english


@cache
def people() -> dict[str, tuple[Words, ...]]:
    """Return the persons and firms of people.yaml by role."""
    raw = read_yaml(PEOPLE)
    return {
        role: tuple(Words.model_validate(one) for one in (entry if isinstance(entry, list) else [entry]))
        for role, entry in raw.items()
    }


def story_of(company: Company, language: str) -> Story:
    """Return what the papers of a company tell, in a language."""
    last = company.of(company.years[-1])
    names = {role: tuple(one.within(language) for one in words) for role, words in people().items()}
    chinese = language.startswith("zh")
    loans = _loans(last)
    stated = round(loans + max(4e6, loans * 0.028), -4)
    sales = round(last["revenue"], -4)
    bank = names["banks"]
    posts = (("董事长", "Chairman"), ("总经理", "General manager"), ("财务总监", "Chief financial officer"),
             ("技术总监", "Chief engineer"), ("销售总监", "Sales director"))  # fmt: skip
    chief = company.profile.legal_representative[0 if chinese else 1]
    others = [name for name in names["managers"] if name != chief]
    return Story(
        company=company, language=language, capital=company.profile.capital * 1e4,
        earlier_capital=round(company.profile.capital * _EARLIER_CAPITAL, -2) * 1e4,
        earlier_representative=_OTHER_LEGAL[0 if chinese else 1], loans=loans, loans_stated=stated,
        taxable_revenue={year: round(company.of(year)["revenue"] * share, 2)
                         for year, share in zip(company.years, (1.0, 1.0, 0.952), strict=True)},
        requested=round(last["total_assets"] * 0.035, -6), months=36, collateral=round(last["total_assets"] * 0.06, -5),
        guarantees=round(last["total_assets"] * 0.018, -6),
        facilities=((bank[0], round(stated * 0.62, -6), round(stated * 0.5, -4), "2026-09-20"),
                    (bank[1], round(stated * 0.4, -6), round(stated * 0.32, -4), "2026-11-15"),
                    (bank[2], round(stated * 0.25, -6), stated - round(stated * 0.5, -4) - round(stated * 0.32, -4),
                     "2027-05-30")),
        contracts=(("sale", names["customers"][0], round(sales * 0.052, -4), "2025-10-16"),
                   ("sale", names["customers"][1], round(sales * 0.034, -4), "2025-12-05"),
                   ("purchase", names["suppliers"][0], round(sales * 0.041, -4), "2025-11-03")),
        managers=tuple((who, post[0 if chinese else 1]) for who, post in zip([chief, *others], posts, strict=False)),
        cases=_cases(sales), names=names,
    )  # fmt: skip


def _loans(books: Mapping[str, float]) -> float:
    names = ("short_term_borrowings", "long_term_borrowings", "noncurrent_liabilities_due_within_year", "bonds_payable")
    return round(sum(books[name] for name in names), 2)


def _cases(sales: float) -> tuple[Case, ...]:
    """Return five cases, of which two are against the company and open."""
    people_of = people()
    low, high = people_of["court_low"][0], people_of["court"][0]
    customers, suppliers = people_of["customers"], people_of["suppliers"]
    goods = Words(zh="买卖合同纠纷", en="sales contract dispute")
    labour = Words(zh="劳动争议", en="labour dispute")
    works = Words(zh="建设工程施工合同纠纷", en="construction contract dispute")
    open_now, closed = Words(zh="一审审理中", en="first instance pending"), Words(zh="已结案", en="closed")
    enforced, appeal = Words(zh="执行中", en="being enforced"), Words(zh="二审审理中", en="appeal pending")
    worker = Words(zh="员工（自然人）", en="an employee (natural person)")

    def number(year: int, court: str, kind: str, serial: int) -> Words:
        english = {"民初": "Civ First", "民终": "Civ Appeal", "执": "Enf"}[kind]
        return Words(zh=f"（{year}）{court}{kind}{serial}号", en=f"({year}) {english} No. {serial}")

    rows = (
        (2025, "岚0104", "民初", 2317, "2025-09-11", low, goods, True, suppliers[2], 0.0061, open_now),
        (2025, "泽01", "民终", 884, "2025-11-20", high, works, True, suppliers[4], 0.0038, appeal),
        (2025, "岚0104", "民初", 1562, "2025-05-28", low, goods, False, customers[2], 0.0047, open_now),
        (2024, "岚0104", "执", 706, "2024-08-06", low, goods, False, customers[3], 0.0023, enforced),
        (2024, "岚0104", "民初", 419, "2024-03-14", low, labour, True, worker, 0.00014, closed),
    )
    return tuple(
        Case(number(*row[:4]), row[4], row[5], row[6], row[7], row[8], round(sales * row[9], -2), row[10])
        for row in rows
    )
