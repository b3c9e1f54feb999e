"""Samples for the summary of a money-laundering case and for the review of a small company's loan."""

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from . import folders
from .blocks import parse, to_markdown, write_docx
from .companies import company as company_of
from .marks import mark
from .planted import Others, Planted
from .tables import write_rows

SMALL_COMPANY: Final = 16
SMALL_PAPERS: Final = (
    "business-licence.pdf", "statements-2025.xlsx", "statements-2024.xlsx", "bank-statement-basic-2025.csv",
    "credit-report.pdf", "income-tax-return-2025.pdf", "loan-application.docx", "site-visit.md",
)  # fmt: skip
"""By their English names."""
_SUBJECT: Final = ("泽陵远桥贸易有限公司", "Zeling Yuanqiao Trading Ltd.")
_COUNTERPARTIES: Final = (
    ("云埠锦添百货店", "Yunbu Jintian Store"), ("罗某某", "Luo X"), ("钱某某", "Qian X"),
    ("青屿汇丰源商行", "Qingyu Huifengyuan Traders"), ("北汀离岸服务公司", "Northmere Offshore Services"),
)  # fmt: skip
_START: Final = date(2026, 7, 1)
_MOST_REPORTED: Final = 5_000_000
"""Cash from 50,000 yuan on is reported, in fen: what is planted stays just below."""
_PROFILE_ZH: Final = """
= 客户身份资料与尽职调查表
|案件编号|AML-2026-0417
|客户名称|{subject}
|法定代表人|罗某某
|成立日期|2025年11月6日
|注册资本|人民币100万元
|开户日期|2026年6月18日
|经营范围|日用百货、电子产品批发零售
|风险等级|中
|预计月交易额|人民币10万元
# 开户时了解的情况
客户称主营日用百货批发，员工三人，经营场所为租赁的写字间，面积约四十平方米。
客户预计每月收入约十万元，交易对手主要为本市零售商户，不涉及境外业务。
# 持续尽职调查
2026年9月上门走访时，经营场所上锁，物业称近一个月无人办公。
"""
_PROFILE_EN: Final = """
= Customer profile and due diligence form (know your customer)
|Case number|AML-2026-0417
|Customer|{subject}
|Legal representative|Luo X
|Date of establishment|2025-11-06
|Registered capital|CNY 1,000,000
|Account opened on|2026-06-18
|Business scope|wholesale and retail of daily goods and electronics
|Risk level|medium
|Expected monthly turnover|CNY 100,000
# What was said when the account was opened
The customer said that it sells daily goods to local retailers; three employees, a rented office of forty square metres.
The customer expects a turnover of about CNY 100,000 a month and no business abroad.
# Ongoing due diligence
At a visit in September 2026 the office was locked; the property manager said that nobody had worked there for a month.
"""
_INTERVIEW_ZH: Final = """
= 反洗钱案件客户约谈记录
约谈日期：2026年10月12日　约谈对象：罗某某（法定代表人）　案件编号：AML-2026-0417
# 约谈内容
问：账户频繁存入接近五万元的现金，资金来源是什么？
答：是几个店铺的营业款，分别交给我，我有空就去存。
问：存入的资金为何在一两日内转给北汀离岸服务公司？
答：是代朋友付货款，没有合同。
问：能否提供进货单据和代付协议？
答：目前没有，回去找一找。
# 约谈人意见
客户对资金来源和去向的解释与开户时预计的业务不一致，未能提供交易背景材料。
"""
_INTERVIEW_EN: Final = """
= AML case file: interview note
Date: 2026-10-12. Interviewed: Luo X (legal representative). Case number: AML-2026-0417
# Interview
Question: What is the source of the cash deposits just below CNY 50,000?
Answer: They are the takings of several shops; they are handed to me and I pay them in when I have time.
Question: Why is the money sent to Northmere Offshore Services within one or two days?
Answer: I pay for the goods of a friend; there is no contract.
Question: Can you supply purchase papers and the payment agreement?
Answer: Not now; I will look for them.
# View of the interviewer
The explanation does not fit the business that was expected at account opening, and no papers were supplied.
"""


def write_aml(folder: Path, language: str = "zh_CN") -> Others:
    """Write the folder of a case: profile (docx), alerts (xlsx), transactions (csv), interview note (md)."""
    zh = language.startswith("zh")
    folder.mkdir(parents=True, exist_ok=True)
    found = Others(subject=_SUBJECT[0 if zh else 1], language=language)
    profile = folder / ("客户尽职调查表.docx" if zh else "customer-profile.docx")
    source = (_PROFILE_ZH if zh else _PROFILE_EN).format(subject=found.subject)
    write_docx(profile, parse(source), language)
    found.add(profile.name, "case_file")
    lines = _lines(language, found)
    alerts = folder / ("预警清单.xlsx" if zh else "alerts.xlsx")
    write_rows(alerts, "预警" if zh else "Alerts", _alerts(language, found), language, widths=(16, 14, 34, 60, 10))
    found.add(alerts.name, "case_file")
    transactions = folder / ("交易记录.csv" if zh else "transactions.csv")
    _write_transactions(transactions, lines, found.subject, language)
    found.add(transactions.name, "transactions")
    note = folder / ("客户约谈记录.md" if zh else "interview-note.md")
    note.write_text(to_markdown(parse(_INTERVIEW_ZH if zh else _INTERVIEW_EN), language), encoding="utf-8")
    found.add(note.name, "case_file")
    return found


def _lines(language: str, found: Others) -> list[tuple[date, str, int, str, str]]:
    """Return day, time, amount in fen (positive: received), counterparty and purpose of every transaction."""
    zh = 0 if language.startswith("zh") else 1
    chance = random.Random(417)  # noqa: S311 - made-up numbers
    cash = ("现金存入", "cash deposit")[zh]
    lines, deposits, passed = [], 0, 0
    for week in range(13):
        day = _START + timedelta(days=7 * week)
        held = 0
        for at in range(3):
            amount = _MOST_REPORTED - chance.randint(1, 40) * 5000
            lines.append((day + timedelta(days=at), f"{9 + at:02d}:1{at}:27", amount, "", cash))
            held += amount
            deposits += 1
        out = int(round(held * 0.985, -4))
        lines.append(
            (day + timedelta(days=3), "16:42:09", -out, _COUNTERPARTIES[4][zh], ("代付货款", "payment on behalf")[zh])
        )
        passed += out
        party = _COUNTERPARTIES[week % 4][zh]
        lines.append(
            (day + timedelta(days=4), "11:20:00", chance.randint(200, 900) * 10000, party, ("货款", "goods")[zh])
        )
        lines.append((day + timedelta(days=5), "23:48:31", -chance.randint(150, 600) * 10000, _COUNTERPARTIES[1][zh],
                      ("往来", "current account")[zh]))  # fmt: skip
    found.facts |= {"cash_deposits": float(deposits), "passed_on": passed / 100}
    return lines


def _alerts(language: str, found: Others) -> list[Sequence[object]]:
    zh = language.startswith("zh")
    rows: list[Sequence[object]] = [
        [
            f"{'客户名称：' if zh else 'Customer: '}{found.subject}",
            "",
            f"{'案件编号：' if zh else 'Case number: '}AML-2026-0417",
        ],
        ["预警编号", "预警日期", "预警规则", "描述", "状态"]
        if zh
        else ["Alert", "Date", "Rule", "Description", "Status"],
    ]
    said = (
        ("2026-07-31", "现金化整为零", "多日连续存入接近五万元的现金",
         "Structured cash", "cash deposits just below CNY 50,000 on many days"),
        ("2026-08-31", "快进快出", "存入资金三日内转出，账户余额较低",
         "Pass-through", "deposits are paid out within three days"),
        ("2026-09-30", "交易规模与身份不符", "交易额明显高于开户时预计",
         "Turnover above profile", "turnover far above what was expected"),
    )  # fmt: skip
    for at, (day, rule, text, rule_en, text_en) in enumerate(said, 1):
        rows.append(
            [f"YJ-2026-{at:04d}", day, rule if zh else rule_en, text if zh else text_en, "待处理" if zh else "open"]
        )
    return rows


def _write_transactions(path: Path, lines: list[tuple[date, str, int, str, str]], subject: str, language: str) -> None:
    zh = language.startswith("zh")
    balance = 800_000
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["交易记录" if zh else "Transactions", "户名" if zh else "Account name", subject])
        writer.writerow(
            ["交易日期", "交易时间", "收入金额", "支出金额", "账户余额", "对方户名", "交易渠道", "摘要"] if zh
            else ["Date", "Time", "Credit", "Debit", "Balance", "Counterparty", "Channel", "Description"]
        )  # fmt: skip
        for day, time, amount, party, purpose in sorted(lines):
            balance += amount
            got, paid = (f"{amount / 100:.2f}", "") if amount > 0 else ("", f"{-amount / 100:.2f}")
            way = ("柜面" if zh else "counter") if not party else ("网银" if zh else "online")
            writer.writerow([day, time, got, paid, f"{balance / 100:.2f}", party, way, purpose])
        writer.writerow([])
        writer.writerow([mark(language)])


def write_sme(folder: Path, language: str = "zh_CN") -> Planted:
    """Write the eight papers that a small company hands in for a loan."""
    return folders.write_papers(company_of(SMALL_COMPANY), folder, SMALL_PAPERS, language=language, lines=700)
