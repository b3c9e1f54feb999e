"""Papers that are tables: bank statements, court cases, owners, tax filings."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from .flows import Entry
from .marks import mark
from .story import Case, Story

_BASIC_ZH: Final = (
    "交易日期",
    "交易时间",
    "摘要",
    "借方发生额",
    "贷方发生额",
    "账户余额",
    "对方户名",
    "对方账号",
    "用途",
)
_BASIC_EN: Final = ("Date", "Time", "Description", "Debit", "Credit", "Balance", "Counterparty", "Counterparty account",
                    "Purpose")  # fmt: skip
_GENERAL_ZH: Final = ("序号", "交易日期", "收支标志", "交易金额（元）", "余额（元）", "对方户名", "附言")
_GENERAL_EN: Final = ("No.", "Date", "Direction", "Amount", "Balance", "Counterparty", "Remark")
_CASES_ZH: Final = (
    "案号",
    "立案日期",
    "审理法院",
    "案由",
    "原告/申请人",
    "被告/被申请人",
    "企业身份",
    "涉案金额（元）",
    "案件状态",
)
_CASES_EN: Final = (
    "Case number",
    "Filed on",
    "Court",
    "Cause",
    "Plaintiff",
    "Defendant",
    "Role",
    "Amount (CNY)",
    "Status",
)


def write_csv_statement(path: Path, story: Story, entries: Iterable[Entry], account: str) -> None:
    """Write the basic account as the bank's CSV: in GBK for Chinese ones, four lines above the header."""
    company = story.company.name_in(story.language)
    word = story.word
    with path.open("w", encoding="gb18030" if story.chinese else "utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([word("户名", "Account name"), company, word("账号", "Account number"), account])
        writer.writerow(
            [word("开户行", "Bank"), story.names["banks"][0], word("币种", "Currency"), word("人民币", "CNY")]
        )
        writer.writerow([word("起止日期", "Period"), "2025-01-01", word("至", "to"), "2025-12-31"])
        writer.writerow([])
        writer.writerow(_BASIC_ZH if story.chinese else _BASIC_EN)
        for entry in entries:
            paid, got = ("", _yuan(entry.amount)) if entry.amount > 0 else (_yuan(-entry.amount), "")
            number = f"6222{hash_of(entry.counterparty) % 10**12:012d}" if entry.counterparty else ""
            how = word("转账", "transfer") if entry.counterparty else word("现金", "cash")
            writer.writerow([entry.day.isoformat(), entry.time, how, paid, got, _yuan(entry.balance),
                             entry.counterparty, number, entry.purpose])  # fmt: skip
        writer.writerow([])
        writer.writerow([mark(story.language)])


def write_book_statement(path: Path, story: Story, entries: Iterable[Entry], account: str) -> None:
    """Write the second account as a workbook with a direction and unsigned amounts."""
    word = story.word
    owner = word("户名：", "Account name: ") + story.company.name_in(story.language)
    rows: list[Sequence[object]] = [
        [word("账户交易明细", "Account transactions")],
        [owner, "", word("账号：", "Account: ") + account],
        [word("开户行：", "Bank: ") + story.names["banks"][1], "", word("币种：人民币", "Currency: CNY")],
        _GENERAL_ZH if story.chinese else _GENERAL_EN,
    ]
    for at, entry in enumerate(entries, 1):
        way = word("收入", "in") if entry.amount > 0 else word("支出", "out")
        rows.append([at, entry.day.isoformat(), way, abs(entry.amount) / 100, entry.balance / 100, entry.counterparty,
                     entry.purpose])  # fmt: skip
    write_rows(path, word("交易明细", "Transactions"), rows, story.language, widths=(8, 13, 10, 18, 20, 34, 22))


def write_cases(path: Path, story: Story, cases: Sequence[Case]) -> None:
    """Write the search of court cases as a workbook."""
    word = story.word
    rows: list[Sequence[object]] = [
        [word("涉诉信息查询结果", "Litigation search")],
        [
            word("查询对象：", "Subject: ") + story.company.name_in(story.language),
            "",
            word("查询日期：2026-04-18", "Date: 2026-04-18"),
        ],
        _CASES_ZH if story.chinese else _CASES_EN,
    ]
    rows += [case_row(story, case) for case in cases]
    write_rows(path, word("涉诉查询", "Litigation"), rows, story.language, widths=(28, 12, 24, 22, 28, 28, 10, 18, 14))


def case_row(story: Story, case: Case) -> list[object]:
    """Return a case as a row: plaintiff and defendant by whom it is against."""
    own, other = story.company.name_in(story.language), case.opponent.within(story.language)
    first, second = (other, own) if case.defendant else (own, other)
    role = story.word("被告", "defendant") if case.defendant else story.word("原告", "plaintiff")
    said = [one.within(story.language) for one in (case.number, case.court, case.cause, case.status)]
    return [said[0], case.filed_on, said[1], said[2], first, second, role, case.amount, said[3]]


def write_owners(path: Path, story: Story) -> None:
    """Write the register of owners and whom they belong to."""
    word, profile = story.word, story.company.profile
    rows: list[Sequence[object]] = [
        [word("股东名册及股权结构", "Register of shareholders")],
        [word("公司名称：", "Company: ") + story.company.name_in(story.language)],
        [word(f"注册资本：{story.capital / 1e4:,.0f}万元", f"Registered capital: CNY {story.capital:,.0f}")],
        [word("股东名称", "Shareholder"), word("股东类型", "Kind"),
         word("认缴出资额（万元）", "Subscribed (CNY thousand)"),
         word("实缴出资额（万元）", "Paid in (CNY thousand)"), word("持股比例", "Share")],
    ]  # fmt: skip
    for one in profile.owners:
        firm = len(one.zh) > 5
        amount = round(story.capital * one.share / (1e4 if story.chinese else 1e3), 2)
        kind = word("企业法人", "legal person") if firm else word("自然人", "natural person")
        rows.append([one.zh if story.chinese else one.en, kind, amount, amount, f"{one.share:.2%}"])
    chief = profile.legal_representative[0 if story.chinese else 1]
    rows.append([])
    rows.append([word(f"实际控制人：{chief}，通过直接持股及控制第一大股东行使控制权。",
                      f"Ultimate controller: {chief}, directly and through the largest shareholder.")])  # fmt: skip
    write_rows(path, word("股权结构", "Shareholders"), rows, story.language, widths=(40, 14, 20, 20, 12))


def write_vat(path: Path, story: Story) -> None:
    """Write the filings of value-added tax of three years by quarter."""
    word, rate = story.word, story.company.profile.traits.vat
    rows: list[Sequence[object]] = [
        [word("增值税申报汇总表", "VAT filings")],
        [word("纳税人：", "Taxpayer: ") + story.company.name_in(story.language), "", word("单位：元", "Unit: CNY")],
        [word("年度", "Year"), word("季度", "Quarter"), word("申报销售额", "Sales filed"),
         word("销项税额", "Output tax"),
         word("进项税额", "Input tax"), word("应纳税额", "Tax due"), word("已缴税额", "Tax paid")],
    ]  # fmt: skip
    for year, sales in story.taxable_revenue.items():
        whole = [0.0] * 5
        for quarter, share in enumerate((0.19, 0.24, 0.25, 0.32), 1):
            base = round(sales * share, 2)
            out, inward = round(base * rate, 2), round(base * rate * 0.72, 2)
            line = [base, out, inward, round(out - inward, 2), round(out - inward, 2)]
            whole = [round(a + b, 2) for a, b in zip(whole, line, strict=True)]
            rows.append([year, word(f"第{'一二三四'[quarter - 1]}季度", f"Q{quarter}"), *line])
        rows.append([year, word("全年合计", "Full year"), *whole])
    write_rows(path, word("增值税", "VAT"), rows, story.language, widths=(10, 12, 20, 18, 18, 18, 18))


def write_rows(
    path: Path, sheet: str, rows: Sequence[Sequence[object]], language: str, *, widths: Sequence[int] = ()
) -> None:
    """Write rows as a workbook of one sheet; two empty rows and the notice that it is made up end it."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for at, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(at)].width = width
    for row in (*rows, [], [mark(language)]):
        page.append(list(row))
    book.save(path)


def hash_of(text: str) -> int:
    """Return a number for a text, the same in every process."""
    value = 7
    for letter in text:
        value = (value * 1_000_003 + ord(letter)) % (1 << 61)
    return value


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}" if fen >= 0 else f"-{-fen // 100}.{-fen % 100:02d}"
