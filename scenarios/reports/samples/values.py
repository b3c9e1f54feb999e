"""What stands at the placeholders of the papers' texts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from .story import Story

SIGNERS: Final = (("严思齐", "Yan Siqi"), ("高若木", "Gao Ruomu"))
_AGES: Final = (("1年以内", "Within 1 year", 0.83), ("1至2年", "1 to 2 years", 0.11), ("2至3年", "2 to 3 years", 0.04),
                ("3年以上", "Over 3 years", 0.02))  # fmt: skip
_STOCK: Final = (("原材料", "Raw materials", 0.28), ("在产品", "Work in progress", 0.31),
                 ("库存商品", "Finished goods", 0.33), ("发出商品", "Goods dispatched", 0.08))  # fmt: skip
_LOANS: Final = (("抵押借款", "Mortgage loans", 0.35), ("保证借款", "Guaranteed loans", 0.45),
                 ("信用借款", "Unsecured loans", 0.2))  # fmt: skip
_STEEL: Final = (("合金结构钢", "Alloy steel"), ("轴承钢", "Bearing steel"), ("铸件毛坯", "Castings"))
_MATERIALS: Final = (("主要原材料", "Main materials"), ("辅助材料", "Auxiliary materials"), ("包装材料", "Packaging"))
_PRODUCTS: Final = (0.47, 0.34, 0.19)
_DEBTORS: Final = (0.16, 0.1, 0.08, 0.05, 0.04)
_BUILDINGS: Final = (("1号厂房", "Workshop 1", 18600, 2010, 0.27), ("2号厂房", "Workshop 2", 15200, 2012, 0.22),
                     ("3号厂房", "Workshop 3", 9800, 2016, 0.15), ("4号厂房", "Workshop 4", 7400, 2019, 0.12),
                     ("综合楼", "Office building", 5300, 2012, 0.1))  # fmt: skip


def common(story: Story) -> dict[str, str]:
    """Return the values that papers share."""
    company, profile, zh = story.company, story.company.profile, story.chinese
    chief = profile.legal_representative[0 if zh else 1]
    products = profile.products if zh else profile.products_en
    managers = dict(enumerate(story.managers, 1))
    city = story.word(profile.city, profile.city_en)
    limited = "股份有限公司" in profile.zh
    return {
        "company": company.name_in(story.language), "code": company.credit_code, "city": city,
        "type": story.word("股份有限公司（非上市）", "Company limited by shares (unlisted)") if limited
        else story.word("有限责任公司", "Limited liability company"),
        "legal": chief, "legal_old": story.earlier_representative, "legal_on": story.day("2025-08-20"),
        "capital": _capital(story, story.capital), "capital_old": _capital(story, story.earlier_capital),
        "founded": story.day(profile.founded), "changed_on": story.day("2025-08-20"),
        "articles_on": story.day("2021-06-18"), "first_year": profile.founded[:4],
        "address": story.word(f"{profile.city}云溪区创业大道{88 + company.number}号",
                              f"{88 + company.number} Enterprise Avenue, {profile.city_en}"),
        "scope": story.word("；".join(f"{one}的研发、制造、销售" for one in products) + "；货物进出口；技术服务",
                            "Development, manufacture and sale of " + ", ".join(products) + "; import and export"),
        "industry": story.word(profile.industry, profile.industry_en), "employees": f"{profile.employees:,}",
        "products": story.word("、", ", ").join(products), **{f"p{at}": one for at, one in enumerate(products, 1)},
        **{f"m{at}": who for at, (who, _post) in managers.items()},
        **{f"m{at}_post": post for at, (_who, post) in managers.items()},
        "manager_rows": _rows((who, post, story.day("2025-08-20" if at == 1 else "2022-07-01"))
                              for at, (who, post) in managers.items()),
        "owners_list": story.word("、", ", ").join(one.zh if zh else one.en for one in profile.owners),
        "owner1": story.related, "owner1_share": f"{profile.owners[0].share:.2%}",
        "owner_rows_old": owner_rows(story, story.earlier_capital), "related": story.related,
        "bank1": story.names["banks"][0], "auditor": story.names["auditor"][0],
        "appraiser": story.names["appraiser"][0],
        "auditor_code": story.word("信衡", "XH"), "appraiser_code": story.word("正度", "ZD"),
        "signer1": SIGNERS[0][0 if zh else 1], "signer2": SIGNERS[1][0 if zh else 1],
        "report_number": f"2026{company.number:02d}0417000318", "credit_on": story.day("2026-04-17"),
        "loans_stated": story.money(story.loans_stated), "guarantees": story.money(story.guarantees),
        "guarantees_wan": f"{story.guarantees / (1e4 if zh else 1e3):,.2f}",
        "facility_rows": _rows((bank, _thousands(story, limit), _thousands(story, used), story.day(due))
                               for bank, limit, used, due in story.facilities),
        "requested": story.large(story.requested), "months": str(story.months),
        "purpose": story.word("二期车间建设及配套流动资金", "construction of workshop phase two and working capital"),
        "collateral": story.money(story.collateral), "building_rows": _buildings(story),
        "vat": f"{profile.traits.vat:.0%}",
    } | _money(story)  # fmt: skip


def owner_rows(story: Story, capital: float) -> str:
    """Return rows of owner, amount, way and share."""
    return _rows(
        (one.zh if story.chinese else one.en, _thousands(story, capital * one.share), story.word("货币", "cash"),
         f"{one.share:.2%}")
        for one in story.company.profile.owners
    )  # fmt: skip


def audit(story: Story, year: int) -> dict[str, str]:
    """Return the values of an audit report: opinion, day, and rows of the notes."""
    company = story.company
    books, before = company.of(year), company.of(year - 1)
    special = year == company.years[-1]
    plain = story.word("标准无保留意见", "unqualified opinion")
    noted = story.word("带强调事项段的无保留意见", "unqualified opinion with an emphasis of matter")

    def two(name: str, parts: Sequence[tuple[str, str, float]]) -> str:
        split = [_split(one[name], [share for *_names, share in parts]) for one in (books, before)]
        return _rows(
            (zh if story.chinese else en, f"{now:,.2f}", f"{then:,.2f}")
            for (zh, en, _share), now, then in zip(parts, *split, strict=True)
        )

    due = books["accounts_receivable"]
    ages = _split(due, [share for *_names, share in _AGES])
    products = [(one, one, share) for one, share in zip(_products(story), _PRODUCTS, strict=True)]
    return {
        "year": str(year), "next_year": str(year + 1), "audit_number": f"{story.company.number:02d}{year % 100}6",
        "audit_date": story.day(f"{year + 1}-03-18"), "opinion": noted if special else plain,
        "head": story.word("合并及母公司" if len(company.scopes) > 1 else "", "consolidated "),
        "emphasis": emphasis(story, year) if special else "", "n3": "四" if special else "三",
        "n4": "五" if special else "四", "legal_year": common(story)["legal" if special else "legal_old"],
        "cash_rows": two("cash", (("库存现金", "Cash in hand", 0.002), ("银行存款", "Bank deposits", 0.898),
                                  ("其他货币资金", "Other cash", 0.1))),
        "age_rows": _rows((zh if story.chinese else en, f"{amount:,.2f}", f"{share:.2%}")
                          for (zh, en, share), amount in zip(_AGES, ages, strict=True)),
        "debtor_rows": _rows((who, f"{due * share:,.2f}", f"{share:.2%}")
                             for who, share in zip(story.names["customers"], _DEBTORS, strict=False)),
        "stock_rows": two("inventories", _STOCK), "loan_rows": two("short_term_borrowings", _LOANS),
        "product_rows": two("revenue", products),
        "related_due": story.money(round(books["other_receivables"] * 0.62, 2)),
    }  # fmt: skip


def emphasis(story: Story, year: int) -> str:
    """Return the paragraph of the audit report that points at the money lent to the owner."""
    due = story.money(round(story.company.of(year)["other_receivables"] * 0.62, 2))
    return story.word(
        f"# 三、强调事项\n\n我们提醒财务报表使用者关注，如财务报表附注六所述，截至{year}年12月31日，贵公司其他应收款中"
        f"应收{story.related}款项{due}，属于关联方资金往来。本段内容不影响已发表的审计意见。",
        f"# Emphasis of matter\n\nWe draw attention to note 6: at 31 December {year} other receivables include {due} "
        f"due from {story.related}, a related party. Our opinion is not modified in respect of this matter.",
    )


def contract(story: Story, number: int) -> dict[str, str]:
    """Return the values of one of the contracts."""
    kind, party, amount, signed = story.contracts[number]
    materials = _STEEL if "机械" in story.company.profile.zh else _MATERIALS
    names = _products(story) if kind == "sale" else tuple(story.word(zh, en) for zh, en in materials)
    parts = _split(amount, [0.5, 0.3, 0.2])
    rows = []
    for at, (name, part) in enumerate(zip(names, parts, strict=True)):
        count = (40, 25, 10)[at] if kind == "sale" else (1800, 950, 400)[at]
        rows.append((name, f"HT-{at + 1}20", f"{count:,}", f"{part / count:,.2f}", f"{part:,.2f}"))
    return {
        "party": party, "amount": story.money(amount), "signed_on": story.day(signed), "goods_rows": _rows(rows),
        "contract_number": f"{'XS' if kind == 'sale' else 'CG'}-{signed[:4]}-{number * 37 + 112:04d}",
    }  # fmt: skip


def tax(story: Story) -> dict[str, str]:
    """Return the values of the tax return of the last year; its revenue is below that of the statements."""
    year = story.company.years[-1]
    books, revenue = story.company.of(year), story.taxable_revenue[year]
    cost = round(books["operating_cost"] * 0.955, 2)
    admin = books["administrative_expenses"] + books["research_expenses"]
    profit = revenue - cost - books["taxes_and_surcharges"] - books["selling_expenses"] - admin - books["finance_costs"]
    base = max(0.0, round(profit * 0.93, 2))
    amounts = {
        "tax_revenue": revenue, "tax_cost": cost, "tax_surcharges": books["taxes_and_surcharges"],
        "tax_selling": books["selling_expenses"], "tax_admin": admin, "tax_finance": books["finance_costs"],
        "tax_profit": profit, "tax_base": base, "tax_due": base * 0.15, "tax_paid": base * 0.15,
    }  # fmt: skip
    return {name: f"{amount:,.2f}" for name, amount in amounts.items()}


def _money(story: Story) -> dict[str, str]:
    names = {"revenue": "revenue", "profit": "net_profit", "assets": "total_assets", "liabilities": "total_liabilities",
             "equity": "total_equity"}  # fmt: skip
    write: Callable[[float], str] = story.large
    amounts = {
        f"{short}_{year}": write(story.company.of(year)[name])
        for short, name in names.items()
        for year in story.company.years
    }
    return amounts | {"related_paid": write(max(2e6, round(story.company.of(2025)["revenue"] * 0.006, -5)) * 3.8)}


def _capital(story: Story, yuan: float) -> str:
    return f"{yuan / 1e4:,.0f}万元" if story.chinese else f"CNY {yuan:,.0f}"


def _thousands(story: Story, yuan: float) -> str:
    """Write an amount for a column that is in 万元, in English in thousands."""
    return f"{yuan / (1e4 if story.chinese else 1e3):,.2f}"


def _products(story: Story) -> tuple[str, str, str]:
    return story.company.profile.products if story.chinese else story.company.profile.products_en


def _split(amount: float, shares: Sequence[float]) -> list[float]:
    """Return parts of an amount that add up to it to the fen."""
    parts = [round(amount * share, 2) for share in shares[:-1]]
    return [*parts, round(amount - sum(parts), 2)]


def _buildings(story: Story) -> str:
    land = 1 - sum(share for *_rest, share in _BUILDINGS)
    rows = [
        (str(at), story.word(zh, en), story.word("钢筋混凝土", "concrete"), f"{size:,}", str(year),
         _thousands(story, story.collateral * share))
        for at, (zh, en, size, year, share) in enumerate(_BUILDINGS, 1)
    ]  # fmt: skip
    rows.append((str(len(rows) + 1), story.word("工业用地使用权", "Industrial land use right"), "—", "62,400", "2008",
                 _thousands(story, story.collateral * land)))  # fmt: skip
    return _rows(rows)


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("|" + "|".join(row) for row in rows)
