import csv
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest

from scenarios.reports.samples.companies import company, truth
from scenarios.reports.samples.folders import FAULTS, write_folder, write_larger_folder


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zh")
    return folder, write_folder(company(3), folder)


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    folder = tmp_path_factory.mktemp("en")
    return folder, write_folder(company(18), folder, language="en")


def text_of(path: Path) -> str:
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        return text
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        footer = [one.text for one in document.sections[0].footer.paragraphs]
        return "\n".join([*(one.text for one in document.paragraphs), *cells, *footer])
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        return "\n".join(
            str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
        )
    return path.read_text(encoding="gb18030" if path.suffix == ".csv" and not path.name.isascii() else "utf-8")


@pytest.mark.parametrize("which", ["chinese", "english"])
def test_each_of_the_25_papers_says_that_it_is_made_up(request, which):
    folder, planted = request.getfixturevalue(which)
    assert len(planted.files) == 25
    assert sorted(planted.files) == sorted(path.name for path in folder.iterdir())
    for name in planted.files:
        text = text_of(folder / name)
        assert "虚构样本" in text or "Fictitious sample" in text, name
        assert "{" not in text, name
        assert planted.company in text or planted.kinds[name] == "industry", name


@pytest.mark.parametrize("which", ["chinese", "english"])
def test_the_planted_conflicts_stand_in_the_papers(request, which):
    folder, planted = request.getfixturevalue(which)
    told = {one.about: one for one in planted.conflicts}
    capital = told["registered_capital"]
    for value, name in zip(capital.values, capital.files, strict=True):
        digits = f"{value / 1e4:,.0f}万元" if which == "chinese" else f"CNY {value:,.0f}"
        assert digits.replace(" ", "") in text_of(folder / name).replace(" ", "")
    chief = told["legal_representative"]
    for value, name in zip(chief.values, chief.files, strict=True):
        assert value in text_of(folder / name)
    loans = told["loans@2025-12-31"]
    assert f"{loans.values[1]:,.2f}" in text_of(folder / loans.files[1])
    assert loans.values[1] > loans.values[0]
    sales = told["revenue@2025-12-31"]
    assert f"{sales.values[1]:,.2f}" in text_of(folder / sales.files[1])
    assert sales.values[0] == company(3 if which == "chinese" else 18).of(2025)["revenue"]


def test_the_bank_statement_holds_the_planted_patterns_and_its_balance_runs(chinese):
    folder, planted = chinese
    with (folder / "银行流水-基本户-2025年.csv").open(encoding="gb18030", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) == 9][1:]
    assert len(rows) > 1000
    balance = None
    for row in rows:
        moved = float(row[4] or 0) - float(row[3] or 0)
        assert balance is None or float(row[5]) == pytest.approx(balance + moved, abs=0.006)
        balance = float(row[5])
        assert balance > 0
    for received, paid, amount, party in planted.patterns.round_trips:
        assert [row[0] for row in rows if row[6] == party and row[4] == f"{amount:.2f}"] == [received]
        assert [row[0] for row in rows if row[6] == party and row[3] == f"{amount:.2f}"] == [paid]
    cash = [(row[0], float(row[3])) for row in rows if "现金支取" in row[8]]
    assert cash == planted.patterns.cash_withdrawals
    related = [(row[0], float(row[3])) for row in rows if row[6] == planted.patterns.related[0][2]]
    assert related == [(day, amount) for day, amount, _party in planted.patterns.related]


def test_one_month_of_the_second_account_is_missing(chinese):
    folder, planted = chinese
    text = text_of(folder / "银行流水-一般户-2025年.xlsx")
    assert planted.patterns.missing_month == "2025-08"
    assert "2025-08-" not in text
    assert all(f"2025-{month:02d}-" in text for month in range(1, 13) if month != 8)
    assert f"bank_statement@{planted.patterns.missing_month}" in planted.gaps
    assert not [name for name in planted.files if "审计报告-2023" in name]


def test_an_audit_report_has_opinion_statements_and_notes(chinese):
    folder, _planted = chinese
    text = text_of(folder / "审计报告-2025年度.pdf")
    books = company(3).of(2025)
    for part in ("审计意见", "强调事项", "合并资产负债表", "母公司现金流量表", "财务报表附注"):
        assert part in text
    for account in ("revenue", "total_assets", "operating_cash_flow"):
        assert f"{books[account]:,.2f}" in text


def test_every_fault_is_in_the_papers_when_asked_for(tmp_path):
    planted = write_folder(company(3), tmp_path, faults=FAULTS)
    assert planted.other_company
    other = text_of(tmp_path / planted.other_company[0])
    assert company(3).name not in other
    assert company(11).name in other
    scanned = pypdfium2.PdfDocument(tmp_path / planted.scanned[0])
    assert scanned[0].get_textpage().get_text_range().strip() == ""
    scanned.close()
    audit = text_of(tmp_path / "审计报告-2025年度.pdf")
    assert "合并现金流量表" not in audit.split("财务报表附注")[0].split("资产负债表\n")[-1]
    assert "现金及现金等价物净增加额" not in audit + text_of(tmp_path / "财务报表-2025年.xlsx")
    equity = {
        row.period: row.value for row in planted.truth if row.account == "total_equity" and row.scope == "consolidated"
    }
    assert all(value < 0 for value in equity.values())
    told = [one for one in planted.conflicts if one.about.startswith("revenue") and "审计报告" in one.files[0]]
    assert f"{told[0].values[0]:,.2f}" in audit
    assert f"{told[0].values[1]:,.2f}" in text_of(tmp_path / "财务报表-2025年.xlsx")
    book = openpyxl.load_workbook(tmp_path / "财务报表-2025年.xlsx")
    assert len(book.worksheets[0].merged_cells.ranges) >= 4


def test_an_unknown_fault_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="merged_headers"):
        write_folder(company(0), tmp_path, faults={"typo"})


def test_a_smaller_folder_holds_the_most_needed_papers(tmp_path):
    planted = write_folder(company(0), tmp_path, files=7)
    assert len(planted.files) == 7
    assert {"licence", "audit_report", "statements", "bank_statement"} <= set(planted.kinds.values())


def test_a_larger_folder_has_more_years(tmp_path):
    planted = write_larger_folder(company(3), tmp_path)
    assert len(planted.files) == 30
    assert {row.period[:4] for row in planted.truth} == {str(year) for year in range(2020, 2026)}
    assert "audit_report@2023" not in planted.gaps
    assert planted.truth[0] in truth(company(3), (2020,))
