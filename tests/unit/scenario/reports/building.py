"""Dossiers made by hand: a fictitious company, whole or with parts left out, in either language."""

from scenarios.reports.analysis.analysing import analyse
from scenarios.reports.models import (
    Analysis,
    Check,
    Conflict,
    Dossier,
    Fact,
    Figure,
    Finding,
    Gap,
    Input,
    Item,
    Payment,
    Place,
    Question,
    SourceFile,
)
from scenarios.reports.showing import shown

SUBJECT = {"zh_CN": "青禾样例机械有限公司", "en": "Qinghe Sample Machinery Co., Ltd."}
YEARS = ("2023-12-31", "2024-12-31", "2025-12-31")
KINDS = (
    "articles",
    "audit_report",
    "bank_statement",
    "collateral",
    "contract",
    "credit_report",
    "industry",
    "licence",
    "litigation",
    "loan_application",
    "management",
    "ownership",
    "site_visit",
    "statements",
    "tax_return",
)

BALANCE = {
    "cash": (8.2e6, 7.9e6, 6.4e6),
    "notes_receivable": (1.1e6, 1.3e6, 1.2e6),
    "accounts_receivable": (21e6, 26e6, 33e6),
    "prepayments": (2e6, 2.1e6, 2.6e6),
    "inventories": (17e6, 19e6, 24e6),
    "total_current_assets": (49.3e6, 56.3e6, 67.2e6),
    "fixed_assets": (30e6, 32e6, 31e6),
    "intangible_assets": (5e6, 4.8e6, 4.6e6),
    "total_noncurrent_assets": (35e6, 36.8e6, 35.6e6),
    "total_assets": (84.3e6, 93.1e6, 102.8e6),
    "short_term_borrowings": (18e6, 22e6, 28e6),
    "accounts_payable": (14e6, 16e6, 19e6),
    "taxes_payable": (1e6, 1.1e6, 1.3e6),
    "other_payables": (2e6, 2.2e6, 2.4e6),
    "total_current_liabilities": (35e6, 41.3e6, 50.7e6),
    "long_term_borrowings": (10e6, 9e6, 7e6),
    "total_noncurrent_liabilities": (10e6, 9e6, 7e6),
    "total_liabilities": (45e6, 50.3e6, 57.7e6),
    "paid_in_capital": (20e6, 20e6, 20e6),
    "surplus_reserve": (2e6, 2.4e6, 2.8e6),
    "retained_earnings": (17.3e6, 20.4e6, 22.3e6),
    "total_equity": (39.3e6, 42.8e6, 45.1e6),
    "total_liabilities_and_equity": (84.3e6, 93.1e6, 102.8e6),
}
INCOME = {
    "revenue": (88e6, 97e6, 104e6),
    "operating_cost": (66e6, 74e6, 81.5e6),
    "taxes_and_surcharges": (5e5, 5.5e5, 6e5),
    "selling_expenses": (5e6, 5.4e6, 6e6),
    "administrative_expenses": (6e6, 6.4e6, 6.8e6),
    "research_expenses": (3e6, 3.3e6, 3.6e6),
    "finance_costs": (1.4e6, 1.6e6, 2.1e6),
    "interest_expense": (1.4e6, 1.6e6, 2e6),
    "operating_profit": (6.1e6, 5.75e6, 3.4e6),
    "total_profit": (6e6, 5.7e6, 3.3e6),
    "income_tax": (1.2e6, 1.1e6, 6e5),
    "net_profit": (4.8e6, 4.6e6, 2.7e6),
}
CASH = {
    "cash_received_from_sales": (92e6, 101e6, 106e6),
    "operating_inflows": (93e6, 102e6, 107e6),
    "operating_outflows": (88e6, 99e6, 108.5e6),
    "operating_cash_flow": (5e6, 3e6, -1.5e6),
    "capital_expenditure": (3e6, 5e6, 2e6),
    "investing_cash_flow": (-3e6, -5e6, -2e6),
    "borrowings_received": (20e6, 24e6, 30e6),
    "financing_cash_flow": (-1e6, 1.7e6, 2e6),
    "net_cash_change": (1e6, -3e5, -1.5e6),
    "depreciation": (3e6, 3.1e6, 3.2e6),
    "amortisation": (2e5, 2e5, 2e5),
}


class Folder:
    """A dossier that grows; every part can be left out. `dossier()` and `analysis()` give what sections are made of."""

    def __init__(self, language="zh_CN", kinds=KINDS):
        self.language = language
        self.files = tuple(
            SourceFile(id=f"f{at:02d}", name=f"{kind}.pdf", sha256=f"{at:02x}" * 32, size=1000, kind=kind, pages=3)
            for at, kind in enumerate(kinds, start=1)
        )
        self.items, self.facts, self.payments, self.findings, self.figures = [], [], [], [], []
        self.conflicts, self.gaps, self.questions, self.checks = [], [], [], []

    def place(self, kind, quote, **where):
        file = next((one for one in self.files if one.kind == kind), None)
        if file is None:
            return Place(file="f99", name=f"{kind}.pdf", quote=quote, page=1)
        return Place(file=file.id, name=file.name, quote=quote, **{"page": 1, **where})

    def statements(self, years=YEARS, **changed):
        """All accounts of both languages' sample; `changed` exchanges an account's last value, None leaves it out."""
        for statement, accounts in (("balance", BALANCE), ("income", INCOME), ("cash_flow", CASH)):
            for row, (account, values) in enumerate(accounts.items(), start=1):
                for year, value in zip(YEARS, values, strict=True):
                    value = changed.get(account, value) if year == YEARS[-1] else value
                    if year in years and value is not None:
                        self.item(statement, account, year, value, row)
        return self

    def item(self, statement, account, year, value, row=1, **rest):
        printed = f"{value / 1e4:,.6f}"  # nothing is rounded away
        place = self.place("statements", printed, sheet=statement, cell=f"C{row}")
        self.items.append(
            Item(
                account=account,
                statement=statement,
                period=year,
                months=0 if statement == "balance" else 12,
                scope="consolidated",
                value=value,
                printed=printed,
                unit="万元",
                label=account,
                confidence=0.98,
                place=place,
                **rest,
            )
        )
        return self

    def fact(self, kind, name, value, number=None, unit="", group="", quote=None, confidence=0.95):
        text = shown(number, unit, self.language) if number is not None and unit else value
        self.facts.append(
            Fact(
                name=name,
                title=name.replace("_", " "),
                value=value,
                number=number,
                unit=unit,
                shown=text,
                group=group,
                confidence=confidence,
                place=self.place(kind, quote if quote is not None else text, line=len(self.facts) + 1),
            )
        )
        return self

    def company(self):
        """Fields of the licence, and one entry or two of every group."""
        self.fact("licence", "company_name", SUBJECT[self.language])
        self.fact("licence", "credit_code", "91310115MA1K4QXX0E").fact("licence", "legal_representative", "林样本")
        self.fact("licence", "registered_capital", "20000000", 2e7, "CNY", quote="注册资本：贰仟万元整")
        self.fact(
            "licence",
            "founded_on",
            "2012年5月18日" if self.language == "zh_CN" else "2012-05-18",
            quote="二〇一二年五月十八日",
        )
        self.fact("licence", "address", "上海市样例区示例路8号").fact(
            "licence", "business_scope", "通用机械的制造与销售"
        )
        self.fact("licence", "employees", "126", 126, "count")
        for number, (name, share) in enumerate((("林样本", 0.6), ("示例投资有限公司", 0.4)), start=1):
            self.fact("ownership", "shareholder_name", name, group=f"shareholder.{number}")
            self.fact("ownership", "shareholder_share", str(share), share, "share", group=f"shareholder.{number}")
            self.fact(
                "ownership", "shareholder_amount", str(share * 2e7), share * 2e7, "CNY", group=f"shareholder.{number}"
            )
        self.fact("management", "manager_name", "林样本", group="manager.1").fact(
            "management", "manager_post", "董事长", group="manager.1"
        )
        self.fact("loan_application", "requested_amount", "10000000", 1e7, "CNY")
        self.fact("loan_application", "requested_term_months", "12个月" if self.language == "zh_CN" else "12 months")
        self.fact("loan_application", "requested_purpose", "补充流动资金")
        self.fact("audit_report", "audit_opinion", "标准无保留意见").fact("audit_report", "auditor", "样例会计师事务所")
        self.fact("credit_report", "outstanding_loans", "35000000", 3.5e7, "CNY").fact(
            "credit_report", "overdue_amount", "0", 0, "CNY"
        )
        for number in (1, 2):
            group = f"case.{number}"
            self.fact("litigation", "case_number", f"（2025）沪0115民初{1200 + number}号", group=group)
            self.fact("litigation", "case_court", "上海市样例区人民法院", group=group)
            self.fact("litigation", "case_cause", "买卖合同纠纷", group=group).fact(
                "litigation", "case_role", "被告", group=group
            )
            self.fact("litigation", "case_amount", str(number * 650000), number * 650000.0, "CNY", group=group)
            self.fact("litigation", "case_status", "审理中", group=group)
        self.fact("credit_report", "facility_bank", "样例城市商业银行", group="facility.1")
        self.fact("credit_report", "facility_limit", "30000000", 3e7, "CNY", group="facility.1")
        self.fact("credit_report", "facility_used", "28000000", 2.8e7, "CNY", group="facility.1")
        self.fact("collateral", "collateral_type", "工业厂房", group="collateral.1")
        self.fact("collateral", "collateral_value", "26000000", 2.6e7, "CNY", group="collateral.1")
        self.fact("tax_return", "taxable_revenue", "101000000", 1.01e8, "CNY", group="tax.2025")
        self.fact("site_visit", "site_visit_note", "现场看到3条生产线，其中1条停机检修。", group="site_visit_note.1")
        self.fact("industry", "industry_note", "行业产能利用率约为七成。", group="industry_note.1")
        return self

    def flows(self, months=12):
        """Payments of each month, with the figures and a finding that the rules for payments would give."""
        for month in range(1, months + 1):
            for number, (amount, who) in enumerate(
                ((8.6e6 + month * 1e4, "甲样例客户"), (-7.9e6, "乙样例供应商")), start=1
            ):
                day = f"2025-{month:02d}-{10 + number}"
                place = self.place("bank_statement", f"{day} {amount:,.2f} {who}", line=month * 2 + number)
                self.payments.append(Payment(day=day, amount=amount, counterparty=who, purpose="货款", place=place))
        received = [one for one in self.payments if one.amount > 0]
        self.figure("inflow_total", sum(one.amount for one in received), "CNY", received)
        self.figure("payment_count", float(len(self.payments)), "count", self.payments)
        self.figure("counterparty_inflow.1", sum(one.amount for one in received), "CNY", received, title="甲样例客户")
        for one in received:
            self.figure(f"monthly_inflow.{one.day[:7]}", one.amount, "CNY", [one])
        largest = max(received, key=lambda one: one.amount)
        figure = self.figure(
            "largest_month_share", largest.amount / sum(one.amount for one in received), "share", received
        )
        self.findings.append(
            Finding(
                rule="seasonal",
                severity="warning",
                title="收款集中",
                text=f"最大月份收款占比为{figure.shown}。",
                figures=(figure.id,),
                places=(largest.place,),
            )
        )
        return self

    def figure(self, name, value, unit, payments, period="2025-12-31", title=None):
        figure = Figure(
            id=f"{name}@{period}",
            name=name.partition(".")[0],
            title=title or name,
            period=period,
            value=value,
            unit=unit,
            shown=shown(value, unit, self.language),
            formula="sum",
            inputs=tuple(
                Input(symbol="x", value=one.amount, shown=shown(one.amount, "CNY", self.language), place=one.place)
                for one in payments
            ),
        )
        self.figures.append(figure)
        return figure

    def contradiction(self, used=0):
        """The articles give another registered capital than the licence."""
        places = (
            self.place("licence", "注册资本：贰仟万元整", line=4),
            self.place("articles", "注册资本壹仟伍佰万元", line=9),
        )
        mine = next(one for one in self.facts if one.name == "registered_capital")
        self.conflicts.append(
            Conflict(
                about="field:registered_capital",
                title="注册资本",
                values=(mine.shown, shown(1.5e7, "CNY", self.language)),
                places=(mine.place, places[1]),
                used=used,
                reason="营业执照优先于章程。" if used is not None else "",
            )
        )
        return self

    def loose_ends(self):
        """A gap, a question and two checks, one of which does not hold."""
        self.gaps.append(Gap(about="kind:audit_report", title="2023年审计报告", reason="未提供。"))
        self.questions.append(
            Question(
                id="q_1",
                text="2024年末其他应付款是哪个数？",
                about="item:other_payables@2024-12-31",
                choices=("220.00", "222.00"),
                places=(self.place("statements", "220.00 / 222.00 2024"),),
            )
        )
        for holds, difference in ((True, 0.0), (False, 12000.0)):
            self.checks.append(
                Check(
                    name="balance" if holds else "cash",
                    title="资产总计 = 负债和所有者权益总计",
                    period="2025-12-31",
                    scope="consolidated",
                    holds=holds,
                    left=102.8e6,
                    right=102.8e6 - difference,
                    difference=difference,
                    tolerance=1.0,
                    places=(self.place("statements", "10,280.00"),),
                )
            )
        return self

    def dossier(self):
        return Dossier(
            language=self.language,
            subject=SUBJECT[self.language],
            as_of="2026-03-31",
            files=self.files,
            items=tuple(self.items),
            facts=tuple(self.facts),
            payments=tuple(self.payments),
            conflicts=tuple(self.conflicts),
            gaps=tuple(self.gaps),
            questions=tuple(self.questions),
            checks=tuple(self.checks),
        )

    def analysis(self):
        own = analyse(self.dossier(), None)
        return Analysis(
            figures=(*own.figures, *self.figures), findings=(*own.findings, *self.findings), periods=own.periods
        )


def whole_folder(language="zh_CN"):
    """Everything that a folder of a good borrower holds."""
    return Folder(language).statements().company().flows().contradiction().loose_ends()
