"""Valuation tables as real xlsx, csv and mails, reconciled. All products are fictitious."""

import csv
import io
from email.message import EmailMessage

import pytest
from openpyxl import Workbook

from appliance.core.errors import ConfigError, InvalidRequest
from scenarios.reports.reading.files import read_file
from scenarios.reports.valuation.matching import reconcile
from scenarios.reports.valuation.reporting import report
from scenarios.reports.writing.tracing import coverage, untraced

HEADER = ["产品代码", "产品名称", "估值日期", "资产净值(元)", "份额", "单位净值", "累计净值"]
DAY = "2025-09-30"


def workbook(rows, header=HEADER, sheet="估值表", above=()):
    book = Workbook()
    book.active.title = sheet
    for row in [*above, header, *rows]:
        book.active.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def separated(rows, header=HEADER, encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode(encoding)


@pytest.fixture
def read(tmp_path):
    def one(content, name, file_id, language="zh_CN"):
        path = tmp_path / f"{file_id}-{name}"
        path.write_bytes(content)
        return read_file(path, file_id, name, language)

    return one


@pytest.fixture
def reconciled(read):
    """Reconcile rows of a workbook with rows of a csv."""

    def both(left, right, left_header=HEADER, right_header=HEADER, language="zh_CN", own=None, **options):
        sides = (
            read(workbook(left, left_header), "托管.xlsx", "f01"),
            read(separated(right, right_header), "账套.csv", "f02"),
        )
        return reconcile(*sides, language, own, as_of=DAY, **options)

    return both


def row(code="000101", name="示范稳健1号", day=DAY, nav="10250000.00", units="10000000", unit="1.0250", total="1.0250"):
    return [code, name, day, nav, units, unit, total]


def only(done, column="net_asset_value"):
    return next(one for one in done.rows if one.column == column)


def test_equal_tables_agree_and_have_no_list_of_differences(reconciled):
    done = reconciled([row()], [row()])
    assert {one.state for one in done.rows} == {"equal"}
    assert [section.id for section in done.sections] == ["reconciliation.result", "reconciliation.totals"]
    assert "两表一致。" in [one.text for block in done.sections[0].blocks for one in block.sentences]


@pytest.mark.parametrize(
    "written", ["20250930", "2025/9/30", "2025年9月30日", "30-Sep-2025", "45930", "2025-09-30 00:00:00"]
)
def test_a_day_is_read_in_each_of_its_writings(reconciled, written):
    done = reconciled([row()], [row(day=written)])
    assert not done.only_left
    assert not done.only_right
    assert not done.faults


def test_a_difference_is_given_in_money_and_in_per_mille(reconciled):
    one = only(reconciled([row()], [row(nav="10249500.00")]))
    assert (one.difference, one.state, one.rule) == (500.0, "unexplained", None)
    assert one.per_mille == pytest.approx(500.0 / 10_250_000.0 * 1000.0)


def test_what_the_tolerance_covers_is_no_difference(reconciled):
    assert only(reconciled([row()], [row(nav="10250000.01")])).state == "within"
    assert only(reconciled([row()], [row(nav="10250000.02")])).state == "unexplained"


def test_fewer_decimals_are_rounding(reconciled):
    one = only(reconciled([row(unit="1.025049")], [row(unit="1.0250")]), "unit_value")
    assert one.state == "within"
    one = only(reconciled([row(unit="1.0254")], [row(unit="1.03")]), "unit_value")
    assert (one.state, one.rule, one.proof) == ("explained", "rounding", "round(1.0254; 2) = 1.03")


def test_a_unit_value_rounded_to_nothing_is_no_rounding(reconciled):
    assert only(reconciled([row(unit="2")], [row(unit="1.9")]), "unit_value").rule != "rounding"


def test_ten_thousands_in_the_header_are_read_and_not_a_difference(reconciled):
    header = [name.replace("(元)", "（万元）") for name in HEADER]
    assert only(reconciled([row()], [row(nav="1,025.00")], right_header=header)).state == "equal"
    # 万元 with two decimals loses what is below a hundred yuan
    one = only(reconciled([row(nav="10250049.00")], [row(nav="1025.00")], right_header=header))
    assert (one.state, one.rule) == ("explained", "rounding")


def test_a_unit_that_nobody_names_is_proved(reconciled):
    header = [name.replace("(元)", "") for name in HEADER]
    one = only(reconciled([row()], [row(nav="1025.00")], right_header=header))
    assert (one.rule, one.proof) == ("unit", "10,250,000 ÷ 10,000 = 1,025 ≈ 1,025")


def test_values_of_the_day_before_are_a_shift(reconciled):
    left = [row(day="2025-09-29", unit="1.0200", total="1.02"), row(unit="1.0250")]
    right = [row(day="2025-09-29", unit="1.0100", total="1.02"), row(unit="1.0200")]
    one = next(one for one in reconciled(left, right).rows if one.column == "unit_value" and one.day == DAY)
    assert (one.state, one.rule) == ("explained", "shifted")
    assert one.proof == "2025-09-30: 1.02 = 2025-09-29: 1.02"


def test_a_product_that_stands_on_the_next_day_only_is_paired_and_said(reconciled):
    done = reconciled([row()], [row(day="2025-10-01")])
    assert not done.only_left
    assert not done.only_right
    texts = [one.text for block in done.sections[0].blocks for one in block.sentences]
    assert any("2025-09-30" in text and "2025-10-01" in text for text in texts)


def test_a_day_far_away_is_unmatched_on_both_sides(reconciled):
    done = reconciled([row()], [row(day="2025-08-31")])
    assert len(done.only_left) == len(done.only_right) == 1
    assert not done.rows


def test_a_dividend_taken_off_is_proved_by_the_accumulated_value(reconciled):
    left = [row(nav="20000000.00", unit="2.0000", total="2.5000")]
    right = [row(nav="19000000.00", unit="1.9000", total="2.5000")]
    done = reconciled(left, right)
    assert only(done, "unit_value").proof == "2 - 1.9 = (2.5 - 1.9) - (2.5 - 2) = 0.1"
    assert only(done).rule == "dividend"
    # where the accumulated values differ too, nothing is proved
    done = reconciled(left, [row(nav="19000000.00", unit="1.9000", total="2.4000")])
    assert only(done).rule is None


def test_a_stated_dividend_of_another_size_proves_nothing(reconciled):
    header = [*HEADER, "每份分红"]
    left = [[*row(nav="20000000.00", unit="2.0000", total="2.5000"), "0.0300"]]
    right = [row(nav="19000000.00", unit="1.9000", total="2.5000")]
    assert only(reconciled(left, right, left_header=header), "unit_value").rule != "dividend"


@pytest.mark.parametrize(("fee", "rule"), [("123.45", "accrued"), ("123.40", None)])
def test_an_accrued_item_explains_only_what_it_sums_to(reconciled, fee, rule):
    header = [*HEADER, "应付管理费（元）"]
    done = reconciled([row(nav="10250123.45")], [[*row(), fee]], right_header=header)
    assert only(done).rule == rule


def test_an_accrued_item_of_the_wrong_direction_explains_nothing(reconciled):
    header = [*HEADER, "应付管理费（元）"]  # a fee that only the right side has lowers the right side
    assert only(reconciled([row(nav="10249876.55")], [[*row(), "123.45"]], right_header=header)).rule is None


def test_two_products_with_each_others_values_are_swapped_rows(reconciled):
    left = [row(), row("000102", "示范成长2号", nav="20000000.00", unit="2.0", total="2.0")]
    right = [row(nav="20000000.00", unit="2.0", total="2.0"), row("000102", "示范成长2号")]
    done = reconciled(left, right)
    assert {one.rule for one in done.rows if one.state == "explained"} == {"swapped"}
    assert "000102 示范成长2号" in only(done).proof


def test_other_units_explain_the_value_by_as_much(reconciled):
    done = reconciled([row()], [row(nav="10147500.00", units="9900000")])
    assert only(done, "units").state == "unexplained"
    assert only(done).rule == "units_difference"


def test_a_unit_value_follows_from_the_value_of_its_side(reconciled):
    done = reconciled([row()], [row(nav="10350000.00", unit="1.0350", total="1.0350")])
    assert (only(done).state, only(done, "unit_value").rule) == ("unexplained", "follows")
    assert only(done, "accumulated").rule == "follows"


def test_a_rate_proves_another_currency_and_without_it_nothing_is_compared(reconciled):
    header, left = [*HEADER, "币种", "汇率"], [*row(), "人民币", ""]
    right = [*row(nav="1435574.23", unit="0.1436", total="0.1436"), "USD", "7.14"]
    done = reconciled([left], [right], left_header=header, right_header=header)
    assert only(done).rule == "currency"
    right[-1] = ""
    done = reconciled([left], [right], left_header=header, right_header=header)
    assert {one.state for one in done.rows if one.column != "units"} == {"not_compared"}


def test_rows_that_come_twice_count_once_and_explain_the_total_row(reconciled):
    done = reconciled([row(), row(), ["合计", "", "", "20500000.00", "", "", ""]], [row()])
    assert [one.state for one in done.rows if one.column == "net_asset_value"] == ["equal"]
    totals = next(section for section in done.sections if section.id.endswith("totals"))
    texts = [one.text for block in totals.blocks if block.type == "paragraph" for one in block.sentences]
    assert texts[0].startswith("托管.xlsx合计行的资产净值为20,500,000.00，")
    assert "重复行" in texts[1]


def test_rows_that_come_twice_and_differ_are_not_compared_nor_called_unmatched(reconciled):
    done = reconciled([row(), row(nav="1.00")], [row()])
    assert not done.rows
    assert not done.only_left
    assert not done.only_right
    assert any(section.id.endswith("duplicates") for section in done.sections)


def test_names_that_are_only_alike_are_asked_and_an_answer_counts(reconciled):
    left, right = [row(code="", name="示范安心7号A类")], [row(code="", name="示范安心7号A")]
    asked = reconciled(left, right)
    assert not asked.rows
    assert len(asked.questions) == 1
    assert asked.questions[0].choices == ("same", "different")
    answered = reconciled(left, right, answers={asked.questions[0].id: "same"})
    assert answered.rows
    assert not answered.questions
    assert not answered.only_left
    denied = reconciled(left, right, answers={asked.questions[0].id: "different"})
    assert not denied.rows
    assert not denied.questions
    assert len(denied.only_left) == 1


def test_products_with_other_numbers_in_their_names_are_not_asked_about(reconciled):
    done = reconciled([row(code="", name="示范稳健增利11号")], [row(code="", name="示范稳健增利12号")])
    assert not done.questions
    assert (len(done.only_left), len(done.only_right)) == (1, 1)


def test_a_code_that_lost_its_zeros_is_matched_by_name_and_said_and_asked_without(reconciled):
    done = reconciled([row(code="101")], [row()])
    assert only(done).state == "equal"
    assert any("前导零" in one.text for block in done.sections[0].blocks for one in block.sentences)
    asked = reconciled([row(code="101", name="甲产品")], [row(name="乙产品")])
    assert not asked.rows
    assert len(asked.questions) == 1


def test_bad_cells_are_named_with_file_sheet_row_and_column_and_others_are_compared(reconciled):
    left = [row(units=-1000), row("000102", "示范成长2号", nav="一千"), row("000103", "示范价值3号", day="03/05/2025")]
    done = reconciled(left, [row(), row("000102", "示范成长2号"), row("000103", "示范价值3号")])
    assert set(done.faults) == {
        "negative 托管.xlsx 估值表 E2",
        "unreadable 托管.xlsx 估值表 D3",
        "day_unclear 托管.xlsx 估值表 C4",
    }
    assert {one.column for one in done.rows if one.product.startswith("000101")} == {
        "net_asset_value", "unit_value", "accumulated",
    }  # fmt: skip


@pytest.mark.parametrize("printed", ["9" * 26, "1e30", "1.234,56", "#REF!", "NaN"])
def test_what_is_no_amount_is_a_fault(reconciled, printed):
    done = reconciled([row(nav=printed)], [row()])
    assert len(done.faults) == 1
    assert all(one.column != "net_asset_value" for one in done.rows)


def test_numbers_of_a_workbook_equal_those_of_a_text_to_the_last_digit(reconciled):
    left = [["000101", "示范稳健1号", DAY, 10250000.0, 10000000, 1.0249999999999999, 0.1 + 0.2]]
    done = reconciled(left, [row(unit="1.0250", total="0.3000")])
    assert {one.state for one in done.rows} == {"equal"}


def test_a_formula_without_a_saved_value_is_a_fault_and_not_a_zero(reconciled):
    done = reconciled([row(nav="=E2*F2")], [row()])
    assert done.faults == ("formula 托管.xlsx 估值表 D2",)
    assert all(one.column != "net_asset_value" for one in done.rows)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_a_csv_is_read_in_each_encoding(read, encoding):
    left = read(workbook([row()]), "托管.xlsx", "f01")
    right = read(separated([row()], encoding=encoding), "账套.csv", "f02")
    assert {one.state for one in reconcile(left, right, "zh_CN", None).rows} == {"equal"}


def mail(*attached, html=""):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "估值表", "custodian@example.test", "books@example.test"
    message.set_content("见附件。")
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def test_tables_in_the_attachments_and_in_the_body_of_mails_are_reconciled(read):
    rows = "".join(f"<td>{cell}</td>" for cell in row())
    heads = "".join(f"<th>{cell}</th>" for cell in HEADER)
    left = read(mail(("估值.xlsx", workbook([row()]))), "custodian.eml", "f01")
    right = read(mail(html=f"<table><tr>{heads}</tr><tr>{rows}</tr></table>"), "books.eml", "f02")
    done = reconcile(left, right, "en", None)
    assert {one.state for one in done.rows} == {"equal"}
    assert len(done.rows) == 4


def made(readings, **options):
    return report(readings, report_id="r1", author="tester", language="zh_CN", as_of=DAY, own=None, options=options)


def test_a_mail_whose_attachment_lies_beside_it_is_no_third_table(read):
    theirs = separated([row(nav="7.00")])
    brought = read(mail(("b.csv", theirs)), "custodian.eml", "f01")
    done = made([brought, read(workbook([row()]), "a.xlsx", "f02"), read(theirs, "b.csv", "f03")])
    assert done.subject == "a.xlsx / b.csv"
    assert [gap.about for gap in done.gaps] == ["file:f01"]
    agreed = made([read(mail(("a.csv", theirs)), "custodian.eml", "f01"), read(theirs, "b.csv", "f02")])
    assert agreed.subject == "custodian.eml / b.csv"


def test_two_attachments_of_one_mail_are_the_two_sides(read):
    both = read(mail(("a.xlsx", workbook([row()])), ("b.csv", separated([row(nav="1.00")]))), "both.eml", "f01")
    done = made([both])
    assert any(figure.name == "valuation_difference" for figure in done.figures)
    with pytest.raises(InvalidRequest, match="2 valuation tables"):
        reconcile(both, both, "zh_CN", None)


def test_a_broken_mail_is_said_with_its_name(read):
    left = read(workbook([row()]), "托管.xlsx", "f01")
    broken = read(b"\x00\x01\x02 no mail at all", "broken.eml", "f02")
    with pytest.raises(InvalidRequest, match=r"broken\.eml"):
        made([left, broken])
    with pytest.raises(InvalidRequest, match=r"broken\.eml"):
        reconcile(left, broken, "en", None)


def test_tables_without_the_columns_are_refused_with_what_they_have(read):
    left = read(workbook([row()]), "托管.xlsx", "f01")
    other = read(workbook([["甲", "1"]], header=["客户", "电话"]), "客户.xlsx", "f02")
    with pytest.raises(InvalidRequest, match=r"客户\.xlsx.*客户 \| 电话"):
        reconcile(left, other, "zh_CN", None)


def test_an_empty_table_is_refused(read):
    left = read(workbook([row()]), "托管.xlsx", "f01")
    with pytest.raises(InvalidRequest, match=r"空\.xlsx .*no rows"):
        reconcile(left, read(workbook([]), "空.xlsx", "f02"), "zh_CN", None)


def test_two_columns_of_one_name_are_refused_with_their_letters(read):
    twice = read(workbook([[*row(), "1.0"]], header=[*HEADER, "单位净值"]), "两列.xlsx", "f01")
    with pytest.raises(InvalidRequest, match="unit_value: F, H"):
        reconcile(twice, twice, "zh_CN", None)


def test_which_tables_are_meant_is_told_by_options_where_there_are_three(read):
    readings = [
        read(workbook([row()]), "a.xlsx", "f01"),
        read(separated([row()]), "b.csv", "f02"),
        read(separated([row(nav="7.00")]), "c.csv", "f03"),
    ]
    with pytest.raises(InvalidRequest, match="f01#1, f02#1, f03#1"):
        made(readings)
    done = made(readings, left="f01", right="f03#1")
    assert done.subject == "a.xlsx / c.csv"
    assert [gap.about for gap in done.gaps] == ["file:f02"]
    for wrong in ("f09", "f03#2", "f03#x"):
        with pytest.raises(InvalidRequest):
            made(readings, left="f01", right=wrong)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_number_of_a_report_is_traced_and_every_sentence_has_a_source(read, language):
    left = [
        row(), row("000102", "示范成长2号", nav="20000000.00", unit="2.0", total="2.5"),
        row("000103", "示范价值3号", units=-1), row("000104", "示范添利4号"), row("000104", "示范添利4号"),
        ["合计", "", "", "1.00", "", "", ""],
        row(code="", name="示范安心7号A类"), row("000109", "示范九号", nav=""),
    ]  # fmt: skip
    right = [
        row(day="20250930", nav="1.00"), row("000102", "示范成长2号", nav="19000000.00", unit="1.9", total="2.5"),
        row("000103", "示范价值3号"), row("104", "示范添利4号", nav="10250000.50"), row(code="", name="示范安心7号A"),
        row("000108", "示范八号"), row("000109", "示范九号", day="2025/10/9"),
    ]  # fmt: skip
    readings = [read(workbook(left), "托管.xlsx", "f01"), read(separated(right), "账套.csv", "f02")]
    done = report(readings, report_id="r1", author="tester", language=language, as_of=DAY, own=None, options={})
    assert untraced(done) == []
    assert coverage(done) == 1.0
    ids = [figure.id for figure in done.figures]
    assert len(set(ids)) == len(ids)
    named = {one for section in done.sections for block in section.blocks if block.type == "paragraph"
             for sentence in block.sentences for one in sentence.figures}  # fmt: skip
    assert named <= set(ids)


def test_the_banks_own_words_and_tolerances_lie_over_ours(reconciled, tmp_path):
    (tmp_path / "matching.yaml").write_text(
        "tolerances:\n  net_asset_value: {absolute: 600, per_mille: 0}\n"
        "columns:\n  units: {type: units, title: {en: units, zh: 份额}, synonyms: [受益权份数]}\n",
        encoding="utf-8",
    )
    header = [name.replace("份额", "受益权份数") for name in HEADER]
    done = reconciled([row()], [row(nav="10249500.00")], left_header=header, right_header=header, own=tmp_path)
    assert (only(done).state, only(done, "units").state) == ("within", "equal")


@pytest.mark.parametrize("text", ["near: 0.2\n", "tolerances:\n  nothing: {absolute: 1, per_mille: 0}\n", "nearr: 1\n"])
def test_a_faulty_file_of_the_bank_is_refused_with_its_name(reconciled, tmp_path, text):
    (tmp_path / "matching.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"matching\.yaml"):
        reconciled([row()], [row()], own=tmp_path)


def test_a_header_in_two_rows_with_merged_cells_is_read(read):
    book = Workbook()
    sheet = book.active
    for line in (["产品", "产品", "净值", "净值", "净值"], ["代码", "名称", "资产净值", "单位净值", "累计净值"],
                 ["000101", "示范稳健1号", 10250000, 1.025, 1.025]):  # fmt: skip
        sheet.append(line)
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("C1:E1")
    content = io.BytesIO()
    book.save(content)
    left = read(content.getvalue(), "合并.xlsx", "f01")
    done = reconcile(left, read(separated([row()]), "账套.csv", "f02"), "zh_CN", None)
    assert {one.column for one in done.rows} == {"net_asset_value", "unit_value", "accumulated"}
    assert any("未载明估值日期" in one.text for block in done.sections[0].blocks for one in block.sentences)
