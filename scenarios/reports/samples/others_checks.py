"""Samples for the check of a contract and for the reconciliation of valuations, with what was planted in them."""

import csv
import io
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from .blocks import parse, write_docx
from .companies import company as company_of
from .making import TEXTS
from .marks import mark
from .planted import Others
from .story import people
from .tables import write_rows

_SOUND: Final = {
    "zh": {
        "number": "JK-2026-0508", "amount": "30,000,000.00", "amount_words": "叁仟万元整", "months": "12",
        "ends_on": "2027年5月7日", "rate": "3.85%", "court": "贷款人所在地人民法院", "signed_on": "2026年5月8日",
        "purpose": "借款人应将本合同项下借款用于采购原材料，未经贷款人书面同意，不得改变借款用途。"
                   "借款人不得将借款用于固定资产投资、股权投资，不得用于国家禁止生产、经营的领域和用途。",
        "default_interest": "# 第七条 罚息\n借款人未按期归还借款的，自逾期之日起按本合同约定利率加收50%计收罚息。"
                            "借款人未按约定用途使用借款的，自挪用之日起按本合同约定利率加收100%计收罚息。",
        "default": "发生违约事件的，贷款人有权停止发放借款，宣布借款提前到期，并要求借款人立即清偿全部借款本息。",
    },
    "en": {
        "number": "JK-2026-0508", "amount": "30,000,000.00", "amount_words": "thirty million yuan", "months": "12",
        "ends_on": "2027-05-07", "rate": "3.85%", "court": "the courts at the seat of the Lender",
        "signed_on": "2026-05-08",
        "purpose": "The Borrower shall use the Loan for the purchase of raw materials and shall not change its purpose "
                   "without the written consent of the Lender. The Borrower shall not use the Loan for investment in "
                   "equity or in areas prohibited by law.",
        "default_interest": "# Article 7 Default Interest\nIf the Borrower fails to repay when due, default interest "
                            "accrues from the due date at the contract rate plus 50%. If the Borrower misuses the "
                            "Loan, default interest accrues from the day of misuse at the contract rate plus 100%.",
        "default": "If an event of default occurs, the Lender may stop disbursement, declare the Loan due and require "
                   "the Borrower to repay all principal and interest at once.",
    },
}  # fmt: skip
_WRONG: Final = {
    "zh": {
        "amount_words": "叁仟贰佰万元整", "ends_on": "2028年5月7日", "rate": "26%", "court": "借款人所在地人民法院",
        "signed_on": "2026年　月　日", "purpose": "借款人可将本合同项下借款用于生产经营，用途不限。",
        "default_interest": "", "default": "发生违约事件的，贷款人有权停止发放借款，但贷款人不得宣布借款提前到期。",
    },
    "en": {
        "amount_words": "thirty-two million yuan", "ends_on": "2028-05-07", "rate": "26%",
        "court": "the courts at the seat of the Borrower", "signed_on": "__________",
        "purpose": "The Borrower may use the Loan for any purpose.", "default_interest": "",
        "default": "If an event of default occurs, the Lender may stop disbursement; "
                   "the Lender may not accelerate the Loan.",
    },
}  # fmt: skip
DEVIATIONS: Final = {
    "amount_words": ("amount", "the amount in words is not that in figures"),
    "ends_on": ("term", "the last day does not fit the months"),
    "rate": ("rate", "the rate is above what is allowed"),
    "court": ("disputes", "the court is that of the borrower"),
    "signed_on": ("effect", "the day of signing is blank"),
    "purpose": ("purpose", "the purpose is not limited"),
    "default_interest": ("default_interest", "the clause is missing"),
    "default": ("default", "the lender may not call the loan"),
}
"""What was planted: place in the text, clause of the standard, what is wrong."""
_FUNDS: Final = (
    ("SP0101", "澄澜稳健一号（样本）", "Chenglan Steady 1 (sample)", 1.0834, 412_350_000.00),
    ("SP0102", "澄澜稳健二号（样本）", "Chenglan Steady 2 (sample)", 1.1270, 268_140_000.00),
    ("SP0103", "岚信季季享（样本）", "Lanxin Quarterly (sample)", 1.0215, 530_000_000.00),
    ("SP0104", "岚信月月盈（样本）", "Lanxin Monthly (sample)", 1.0108, 845_600_000.00),
    ("SP0105", "青屿成长混合（样本）", "Qingyu Growth (sample)", 1.3462, 96_780_000.00),
    ("SP0106", "青屿纯债（样本）", "Qingyu Bond (sample)", 1.0551, 321_900_000.00),
    ("SP0107", "云埠量化（样本）", "Yunbu Quant (sample)", 0.9387, 58_420_000.00),
)
_DAYS: Final = ("2026-10-29", "2026-10-30")
Row = list[str | float]


def write_loan_contract(folder: Path, language: str = "zh_CN") -> Others:
    """Write a loan contract with planted deviations and a sound one of the same wording (both docx)."""
    zh = language.startswith("zh")
    key = "zh" if zh else "en"
    folder.mkdir(parents=True, exist_ok=True)
    borrower = company_of(3).name_in(language)
    lender = people()["banks"][0].within(language)
    found = Others(subject=borrower, language=language)
    source = (TEXTS / key / "loan_contract.txt").read_text(encoding="utf-8")
    parties = {"lender": lender, "borrower": borrower}
    for name, more in (("借款合同-送审稿.docx" if zh else "loan-agreement-draft.docx", _WRONG[key]),
                       ("借款合同-标准填写.docx" if zh else "loan-agreement-sound.docx", {})):  # fmt: skip
        write_docx(folder / name, parse(source.format_map(_SOUND[key] | more | parties)), language)
        found.add(name, "contract")
    found.deviations = list(DEVIATIONS.values())
    return found


def write_valuations(folder: Path, language: str = "zh_CN") -> Others:
    """Write the manager's table (xlsx), the custodian's (csv, other names and units) and a mail that brings it."""
    zh = language.startswith("zh")
    folder.mkdir(parents=True, exist_ok=True)
    found = Others(subject="估值对账" if zh else "Valuation reconciliation", language=language)
    left = folder / ("估值表-管理人.xlsx" if zh else "valuation-manager.xlsx")
    header: Row = ["产品代码", "产品名称", "估值日期", "单位净值", "总份额", "资产净值（元）", "应付管理费"]
    english: Row = ["Product code", "Product name", "Valuation date", "NAV per unit", "Units", "Net asset value (CNY)",
                    "Management fee payable"]  # fmt: skip
    title: Row = ["产品估值表" if zh else "Valuation table"]
    write_rows(left, "估值" if zh else "Valuation", [title, header if zh else english, *_left(zh)], language,
               widths=(12, 30, 14, 12, 20, 22, 18))  # fmt: skip
    found.add(left.name, "valuation")
    right = folder / ("估值表-托管人.csv" if zh else "valuation-custodian.csv")
    data = _csv(_right(zh), language)
    right.write_bytes(data)
    found.add(right.name, "valuation")
    mail = folder / ("托管人估值邮件.eml" if zh else "custodian-mail.eml")
    mail.write_bytes(_mail(right.name, data, language))
    found.add(mail.name, "valuation")
    found.deviations = [
        ("SP0102 2026-10-30", "management fee accrued on one side only"),
        ("SP0103 2026-10-30", "the value of the day before"),
        ("SP0105 2026-10-29", "a difference that nothing explains"),
        ("SP0106 2026-10-30", "missing with the custodian"),
        ("SP0108 2026-10-30", "missing with the manager"),
    ]
    return found


def _value(price: float, at: int, day: int) -> float:
    return round(price * (1 + 0.0007 * (at % 3) * day + 0.0004 * day), 4)


def _left(zh: bool) -> list[Row]:
    rows: list[Row] = []
    for day, date in enumerate(_DAYS):
        for at, (code, name, name_en, price, units) in enumerate(_FUNDS):
            unit = _value(price, at, day)
            assets = round(unit * units, 2)
            fee = round(assets * 0.008 / 365 * (day + 29), 2)
            rows.append([code, name if zh else name_en, date, unit, units, assets, fee])
    return rows


def _right(zh: bool) -> list[list[str]]:
    """Return the custodian's rows: other headers and days, assets in 万元 (English: thousands), and the errors."""
    factor = 1e4 if zh else 1e3
    rows: list[list[str]] = []
    for line in _left(zh):
        code, name, day, unit, units, assets, fee = line
        assert isinstance(assets, float)
        assert isinstance(unit, float)
        assert isinstance(units, float)
        assert isinstance(fee, float)
        if (code, day) == ("SP0106", _DAYS[1]):
            continue
        if (code, day) == ("SP0102", _DAYS[1]):
            assets, unit = assets + fee, round((assets + fee) / units, 4)
            fee = 0.0
        if (code, day) == ("SP0103", _DAYS[1]):
            unit = _value(_FUNDS[2][3], 2, 0)
            assets = round(unit * units, 2)
        if (code, day) == ("SP0105", _DAYS[0]):
            assets, unit = assets - 183_456.78, round((assets - 183_456.78) / units, 4)
        amounts = [f"{units / factor:.6f}", f"{assets / factor:.6f}", f"{fee / factor:.6f}"]
        short = str(name).replace("（样本）", "").replace(" (sample)", "")
        rows.append([str(code), short, str(day).replace("-", "/"), f"{unit:.4f}", *amounts])
    extra = "泽陵添利（样本）" if zh else "Zeling Plus (sample)"
    rows.append(["SP0108", extra, _DAYS[1].replace("-", "/"), "1.0042", "4200.000000", "4217.640000", "2.773000"])
    return rows


def _csv(rows: list[list[str]], language: str) -> bytes:
    zh = language.startswith("zh")
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(
        ["基金代码", "产品简称", "净值日期", "份额净值", "份额（万份）", "基金资产净值（万元）",
         "计提管理费（万元）"] if zh
        else ["Fund code", "Fund name", "NAV date", "Unit NAV", "Units (thousand)", "Net assets (CNY thousand)",
              "Management fee (CNY thousand)"]
    )  # fmt: skip
    writer.writerows(rows)
    writer.writerow([])
    writer.writerow([mark(language)])
    return made.getvalue().encode("gb18030" if zh else "utf-8")


def _mail(name: str, data: bytes, language: str) -> bytes:
    zh = language.startswith("zh")
    mail = EmailMessage()
    mail["From"] = "custody@custodian.example"
    mail["To"] = "valuation@manager.example"
    mail["Date"] = "Fri, 30 Oct 2026 18:05:00 +0800"
    mail["Subject"] = "产品估值数据 2026-10-30" if zh else "Valuation data 2026-10-30"
    said = "附件为托管人估值数据，请核对。" if zh else "Please find the valuation data attached."
    mail.set_content(f"{said}\n\n{mark(language)}\n")
    mail.add_attachment(data, maintype="text", subtype="csv", filename=name)
    mail.set_boundary("sample-boundary-20261030")  # fixed: the same mail has the same bytes
    return mail.as_bytes()
