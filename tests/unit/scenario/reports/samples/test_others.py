import csv
import email
import email.policy

import docx
import openpyxl
import pytest

from scenarios.reports.samples import others

LANGUAGES = ("zh_CN", "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "write", [others.write_fund, others.write_market, others.write_aml, others.write_sme, others.write_loan_contract,
              others.write_valuations],
)  # fmt: skip
def test_each_folder_is_written_as_it_says(tmp_path, write, language):
    found = write(tmp_path, language)
    assert sorted(found.files) == sorted(path.name for path in tmp_path.iterdir())
    assert set(found.kinds) == set(found.files)


def test_the_net_values_of_the_fund_give_the_return_that_is_told(tmp_path):
    found = others.write_fund(tmp_path)
    with (tmp_path / "基金净值.csv").open(encoding="utf-8-sig", newline="") as file:
        values = {row[0]: float(row[1]) for row in csv.reader(file) if len(row) == 4 and row[0][:2] == "20"}
    assert len(values) > 300
    assert values["2026-03-31"] / values["2025-12-31"] - 1 == pytest.approx(found.facts["quarter_return"])


def test_the_cash_of_the_case_stays_just_below_the_limit_and_leaves_within_days(tmp_path):
    found = others.write_aml(tmp_path)
    with (tmp_path / "交易记录.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) == 8][1:]
    cash = [float(row[2]) for row in rows if row[7] == "现金存入"]
    assert len(cash) == found.facts["cash_deposits"]
    assert all(47_000 < amount < 50_000 for amount in cash)
    assert sum(float(row[3]) for row in rows if "离岸" in row[5]) == pytest.approx(found.facts["passed_on"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_draft_contract_deviates_where_it_is_told_and_the_sound_one_does_not(tmp_path, language):
    found = others.write_loan_contract(tmp_path, language)
    draft, sound = (
        "\n".join(one.text for one in docx.Document(str(tmp_path / name)).paragraphs) for name in found.files
    )
    heading = "第七条 罚息" if language == "zh_CN" else "Article 7 Default Interest"
    assert heading in sound
    assert heading not in draft
    assert "3.85%" in sound
    assert "26%" in draft
    assert len(found.deviations) == 8


def test_the_tables_of_values_differ_only_where_it_is_told(tmp_path):
    found = others.write_valuations(tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "估值表-管理人.xlsx").worksheets[0]
    left = {f"{row[0]} {row[2]}": row[5] for row in sheet.iter_rows(min_row=3, values_only=True) if row[2]}
    text = (tmp_path / "估值表-托管人.csv").read_text(encoding="gb18030")
    right = {
        f"{row[0]} {row[2].replace('/', '-')}": float(row[5]) * 1e4
        for row in list(csv.reader(text.splitlines()))[1:]
        if len(row) == 7
    }
    different = {key for key in left.keys() | right.keys() if abs(left.get(key, 0) - right.get(key, 0)) > 0.01}
    assert different == {key for key, _why in found.deviations}
    mail = email.message_from_bytes((tmp_path / "托管人估值邮件.eml").read_bytes(), policy=email.policy.default)
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "估值表-托管人.csv"
    assert attached.get_payload(decode=True) == (tmp_path / "估值表-托管人.csv").read_bytes()
