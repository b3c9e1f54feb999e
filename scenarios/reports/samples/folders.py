"""Whole folders: the 25 papers of a company for a due diligence, and what was hidden in them."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import tables
from .altered import contradicting, negative_equity
from .bookkeeping import FIRST, LAST
from .books import write_book
from .companies import Company, truth
from .companies import company as company_of
from .flows import Accounts
from .making import Desk, Paper, audit, basic, enforcement, from_text, general, licence, of_table, statements
from .planted import Disagreement, Planted
from .sheets import sheets_of
from .story import story_of

FAULTS: Final = frozenset(
    {"wrong_company", "scan", "missing_cash_flow", "contradicting_statements", "merged_headers", "negative_equity"}
)


@dataclass(frozen=True)
class Entry:
    """A paper of the list: kind, file names, and what writes it."""

    kind: str
    zh: str
    en: str
    write: Paper


PAPERS: Final = (
    Entry("licence", "营业执照.pdf", "business-licence.pdf", licence),
    Entry("audit_report", "审计报告-2025年度.pdf", "audit-report-2025.pdf", audit(2025)),
    Entry("articles", "公司章程.docx", "articles-of-association.docx", from_text("articles")),
    Entry("credit_report", "企业信用报告.pdf", "credit-report.pdf", from_text("credit")),
    Entry("statements", "财务报表-2025年.xlsx", "statements-2025.xlsx", statements(2025)),
    Entry("bank_statement", "银行流水-基本户-2025年.csv", "bank-statement-basic-2025.csv", basic),
    Entry("loan_application", "贷款申请书.docx", "loan-application.docx", from_text("application")),
    Entry("audit_report", "审计报告-2024年度.pdf", "audit-report-2024.pdf", audit(2024)),
    Entry("statements", "财务报表-2024年.xlsx", "statements-2024.xlsx", statements(2024)),
    Entry("statements", "财务报表-2023年.xlsx", "statements-2023.xlsx", statements(2023)),
    Entry("litigation", "涉诉信息查询.xlsx", "litigation-search.xlsx",
          of_table(lambda path, story: tables.write_cases(path, story, story.cases))),
    Entry("tax_return", "企业所得税年度申报表-2025年.pdf", "income-tax-return-2025.pdf", from_text("tax")),
    Entry("collateral", "抵押物估价报告.pdf", "collateral-appraisal.pdf", from_text("collateral")),
    Entry("bank_statement", "银行流水-一般户-2025年.xlsx", "bank-statement-general-2025.xlsx", general),
    Entry("ownership", "股东名册及股权结构.xlsx", "shareholders.xlsx", of_table(tables.write_owners)),
    Entry("management", "高级管理人员简历.docx", "management.docx", from_text("management")),
    Entry("site_visit", "现场走访记录.md", "site-visit.md", from_text("site_visit")),
    Entry("industry", "行业简报.pdf", "industry-note.pdf", from_text("industry")),
    Entry("contract", "销售合同-1.pdf", "sales-contract-1.pdf", from_text("sale", 0)),
    Entry("contract", "采购合同.docx", "purchase-contract.docx", from_text("purchase", 2)),
    Entry("contract", "销售合同-2.docx", "sales-contract-2.docx", from_text("sale", 1)),
    Entry("tax_return", "增值税申报汇总-2023至2025年.xlsx", "vat-filings-2023-2025.xlsx", of_table(tables.write_vat)),
    Entry("litigation", "执行信息查询.html", "enforcement-search.html", enforcement),
    Entry("other", "股东会决议.docx", "shareholders-resolution.docx", from_text("resolution")),
    Entry("other", "对外担保及关联交易说明.docx", "guarantees-and-related-parties.docx", from_text("guarantees")),
)  # fmt: skip
"""The most needed first: a smaller folder holds the first of them."""
EARLIER: Final = (
    *(
        Entry("audit_report", f"审计报告-{year}年度.pdf", f"audit-report-{year}.pdf", audit(year))
        for year in (2023, 2022, 2021)
    ),
    *(
        Entry("statements", f"财务报表-{year}年.xlsx", f"statements-{year}.xlsx", statements(year))
        for year in (2022, 2021)
    ),
)
"""What a larger folder has on top."""


def write_folder(
    company: Company, folder: Path, *, language: str = "zh_CN", files: int = 25, faults: Collection[str] = ()
) -> Planted:
    """Write the papers of a company and return what was hidden in them; `files` fewer than 25 are the most needed.

    A paper of another company comes on top of them. Raises `ValueError` for a fault that there is not.
    """
    names = [entry.en for entry in PAPERS[:files]]
    return write_papers(company, folder, names, language=language, faults=faults)


def write_papers(
    company: Company, folder: Path, names: Collection[str], *, language: str = "zh_CN", faults: Collection[str] = (),
    lines: int = 3600,
) -> Planted:  # fmt: skip
    """Write the papers whose English file names are given; `lines` are those of both bank accounts together.

    Raises `ValueError` for a fault that there is not.
    """
    if unknown := set(faults) - FAULTS:
        raise ValueError(f"There is no fault {', '.join(sorted(unknown))}; there are {', '.join(sorted(FAULTS))}.")
    folder.mkdir(parents=True, exist_ok=True)
    sound = negative_equity(company) if "negative_equity" in faults else company
    story = story_of(sound, language)
    accounts = Accounts(story, lines)
    planted = Planted(company=company.name_in(language), language=language, patterns=accounts.patterns)
    own = contradicting(sound) if "contradicting_statements" in faults else sound
    desk = Desk(folder, story, own, frozenset(faults), planted, accounts)
    for entry in (entry for entry in (*PAPERS, *EARLIER) if entry.en in names):
        _write(desk, entry)
    planted.truth = truth(sound)
    _say(desk)
    if "wrong_company" in faults:
        _add_wrong(desk)
    return planted


def write_larger_folder(company: Company, folder: Path, *, language: str = "zh_CN") -> Planted:
    """Write the 25 papers and those of three earlier years: enough for a report of a hundred pages."""
    names = [entry.en for entry in (*PAPERS, *EARLIER)]
    planted = write_papers(company, folder, names, language=language, lines=6000)
    planted.truth = truth(company, tuple(range(FIRST, LAST + 1)))
    return planted


def _write(desk: Desk, entry: Entry) -> None:
    name = entry.zh if desk.story.chinese else entry.en
    entry.write(desk, desk.folder / name)
    desk.planted.files.append(name)
    desk.planted.kinds[name] = entry.kind


def _add_wrong(desk: Desk) -> None:
    """Add the statements of another company, under a name that does not show it."""
    other = company_of((desk.company.number + 8) % 18)
    name = desk.story.word("财务报表-2025年-补充.xlsx", "statements-2025-supplement.xlsx")
    write_book(desk.folder / name, sheets_of(other, desk.layout("merged_headers"), 2025))
    desk.planted.files.append(name)
    desk.planted.kinds[name] = "statements"
    desk.planted.other_company.append(name)


def _say(desk: Desk) -> None:
    """Note in `planted` what is right, and what the papers say otherwise."""
    story, planted, company = desk.story, desk.planted, desk.company
    chief = company.profile.legal_representative[0 if story.chinese else 1]
    planted.facts |= {
        "company_name": company.name_in(story.language), "credit_code": company.credit_code,
        "legal_representative": chief, "registered_capital": story.capital, "founded_on": company.profile.founded,
        "employees": float(company.profile.employees), "outstanding_loans": story.loans_stated, "overdue_amount": 0.0,
        "guarantees_given": story.guarantees, "credit_report_on": "2026-04-17", "requested_amount": story.requested,
        "requested_term_months": float(story.months), "auditor": story.names["auditor"][0], "audit_date": "2026-03-18",
        "collateral_value": story.collateral, "taxable_revenue": story.taxable_revenue[2025],
    }  # fmt: skip
    year = company.years[-1]
    revenue = company.of(year)["revenue"]
    kinds = {kind: name for name, kind in reversed(planted.kinds.items())}
    told: list[tuple[str, str | float, str | float, str, str]] = [
        ("registered_capital", story.capital, story.earlier_capital, "licence", "articles"),
        ("legal_representative", chief, story.earlier_representative, "licence", "articles"),
        ("legal_representative", chief, story.earlier_representative, "licence", "credit_report"),
        (f"loans@{year}-12-31", story.loans, story.loans_stated, "statements", "credit_report"),
        (f"revenue@{year}-12-31", revenue, story.taxable_revenue[year], "statements", "tax_return"),
    ]
    if "contradicting_statements" in desk.faults:
        told.append(
            (f"revenue@{year}-12-31", revenue, desk.unaudited.of(year)["revenue"], "audit_report", "statements")
        )
    planted.conflicts += [
        Disagreement(about, (first, second), (kinds[left], kinds[right]))
        for about, first, second, left, right in told
        if left in kinds and right in kinds
    ]
    audited = [name for name, kind in planted.kinds.items() if kind == "audit_report"]
    if not any(str(company.years[0]) in name for name in audited):
        planted.gaps.append(f"audit_report@{company.years[0]}" if audited else "audit_report")
    if desk.accounts.patterns.missing_month:
        planted.gaps.append(f"bank_statement@{desk.accounts.patterns.missing_month}")
    if "missing_cash_flow" in desk.faults:
        planted.gaps.append("cash_flow_statement")
