import pytest

from scenarios.reports.statements.extracting import with_answers

from .made import BALANCE, balance, extracted, reading, values


def changed(account, *amounts):
    return [[name, *(amounts if name == account else cells)] for name, *cells in BALANCE]


def test_the_same_value_in_two_files_is_one_item_with_both_places():
    yuan = [[name, *(f"{float(cell) * 10_000:,.2f}" for cell in cells)] for name, *cells in BALANCE]
    extraction = extracted(
        reading(balance(), name="a.xlsx"), reading(balance(unit="单位：元", rows=yuan), name="b.xlsx", file_id="f02")
    )
    item = next(item for item in extraction.items if item.account == "cash" and item.period == "2025-12-31")
    assert item.place.file == "f02"  # printed finer
    assert [place.file for place in item.also] == ["f01"]
    assert extraction.conflicts == ()
    assert len({(item.account, item.period) for item in extraction.items}) == len(extraction.items)


def test_a_later_report_restates_and_is_used():
    last_year = balance(day="2024年12月31日", rows=changed("存货", "35.00", "20.00"))
    extraction = extracted(reading(last_year, name="2024.xlsx"), reading(balance(), name="2025.xlsx", file_id="f02"))
    item = next(item for item in extraction.items if item.account == "inventories" and item.period == "2024-12-31")
    assert (item.value, item.restated, item.place.file) == (300_000, True, "f02")
    conflict = next(one for one in extraction.conflicts if one.about == "item:inventories@2024-12-31")
    assert conflict.used is not None
    assert conflict.places[conflict.used].file == "f02"
    assert "later" in conflict.reason


def test_a_restated_column_is_used_before_the_one_that_was_not():
    rows = [["资产负债表"], ["2025年12月31日", "单位：元"],
            ["项目", "期末余额", "年初余额（调整前）", "年初余额（调整后）"],
            *[[name, last, first, first] for name, last, first in BALANCE]]  # fmt: skip
    rows[5][3] = "31.00"
    extraction = extracted(reading(rows))
    item = next(item for item in extraction.items if item.account == "inventories" and item.period == "2024-12-31")
    assert (item.value, item.restated) == (31, True)


def test_audited_statements_are_used_before_others():
    audited = reading(balance(rows=changed("存货", "45.00", "30.00")), name="审计.xlsx", kind="audit_report")
    other = reading(balance(), name="报税.xlsx", file_id="f02")
    for files in ((audited, other), (other, audited)):
        extraction = extracted(*files)
        assert values(extraction)["inventories", "2025-12-31"] == 450_000
        conflict = next(one for one in extraction.conflicts if one.about == "item:inventories@2025-12-31")
        assert conflict.places[conflict.used].name == "审计.xlsx"
        assert "audited" in conflict.reason


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_two_that_contradict_without_a_reason_are_asked_and_none_is_used(language):
    extraction = extracted(
        reading(balance(), name="a.xlsx"),
        reading(balance(rows=changed("存货", "45.00", "30.00")), name="b.xlsx", file_id="f02"),
        language=language,
    )
    assert ("inventories", "2025-12-31") not in values(extraction)
    question = next(one for one in extraction.questions if one.about == "item:inventories@2025-12-31")
    assert set(question.choices) == {"50.00万元", "45.00万元"}
    assert {place.name for place in question.places} == {"a.xlsx", "b.xlsx"}
    after = with_answers(extraction, {question.id: "45.00万元"}, language)
    item = next(item for item in after.items if item.account == "inventories" and item.period == "2025-12-31")
    assert (item.value, item.place.file, item.confidence) == (450_000, "officer", 1.0)
    assert question.id not in {one.id for one in after.questions}
    assert next(one for one in after.conflicts if one.about == question.about).used == 2


def test_the_question_has_the_same_id_at_every_run_and_in_every_language():
    file = reading(balance(unit=""), name="a.xlsx")
    runs = [extracted(file, language=language).questions for language in ("en", "en", "zh_CN")]
    assert len({tuple(one.id for one in questions) for questions in runs}) == 1
    assert runs[0] != ()


def test_an_answer_to_a_question_that_another_answer_raised_holds_from_the_start():
    files = (
        reading(balance(unit=""), name="a.xlsx"),
        reading(balance(rows=changed("存货", "45.00", "30.00")), name="b.xlsx", file_id="f02"),
    )
    start = extracted(*files)
    answers = {next(one.id for one in start.questions if one.about == "unit:f01"): "万元"}
    later = with_answers(start, answers, "en")
    answers |= {next(one.id for one in later.questions if one.about == "item:inventories@2025-12-31"): "50万元"}
    assert values(with_answers(start, answers, "en"))["inventories", "2025-12-31"] == 500_000
    assert with_answers(type(start).model_validate_json(start.model_dump_json()), answers, "en").questions == ()


def test_consolidated_statements_are_used_before_those_that_do_not_say():
    group = reading(balance(title="合并资产负债表"), name="a.xlsx")
    plain = reading(balance(rows=changed("存货", "45.00", "30.00")), name="b.xlsx", file_id="f02")
    extraction = extracted(group, plain)
    assert values(extraction)["inventories", "2025-12-31"] == 500_000
    assert any("consolidated" in one.reason for one in extraction.conflicts)


def test_plain_statements_beside_consolidated_ones_in_a_file_are_the_parents():
    own = [[name, "7.00", "6.00"] for name, *_cells in BALANCE]
    extraction = extracted(reading(balance(title="合并资产负债表"), balance(rows=own)))
    assert values(extraction, "parent")["cash", "2025-12-31"] == 70_000
    assert values(extraction, "consolidated")["cash", "2025-12-31"] == 1_000_000
    assert extraction.conflicts == ()


def test_a_file_in_another_unit_than_it_says_is_asked_about_and_not_used():
    yuan = [[name, *(f"{float(cell) * 10_000:.2f}" for cell in cells)] for name, *cells in BALANCE]
    wrong = reading(
        balance(unit="单位：万元", day="2024年12月31日", rows=[[n, b, b] for n, _a, b in yuan]),
        name="b.xlsx",
        file_id="f02",
    )
    extraction = extracted(reading(balance(), name="a.xlsx"), wrong)
    abouts = {question.about for question in extraction.questions}
    assert abouts == {"unit:f01", "unit:f02"}  # both say 万元, so nothing tells which is wrong
    assert extraction.items == ()
    assert all("10,000" in question.text for question in extraction.questions)
    answers = {one.id: "元" if one.about == "unit:f02" else "万元" for one in extraction.questions}
    after = with_answers(extraction, answers, "en")
    assert values(after)["cash", "2024-12-31"] == 800_000
    assert after.questions == ()


def test_a_unit_that_was_only_guessed_gives_way_to_one_that_is_stated():
    large = [[name, *(f"{float(cell) * 1e8:.2f}" for cell in cells)] for name, *cells in BALANCE]
    stated = reading(balance(unit="单位：千元", rows=large), name="a.xlsx")
    silent = reading(balance(unit="", rows=large), name="b.xlsx", file_id="f02")
    extraction = extracted(stated, silent)
    assert {question.about for question in extraction.questions} == {"unit:f02"}
    assert values(extraction)["cash", "2025-12-31"] == 1e13


def test_a_company_that_grows_ten_thousandfold_in_a_year_has_a_wrong_unit():
    small = [[name, cells[0]] for name, *cells in BALANCE]
    later = reading(balance(header=("项目", "期末余额"), rows=small), name="a.xlsx")
    earlier = reading(
        balance(unit="单位：元", day="2024年12月31日", header=("项目", "期末余额"), rows=small),
        name="b.xlsx",
        file_id="f02",
    )
    extraction = extracted(later, earlier)
    assert {question.about for question in extraction.questions} == {"unit:f01", "unit:f02"}


def test_amounts_without_a_unit_that_leave_no_other_are_yuan():
    large = [[name, *(f"{float(cell) * 1e6:.2f}" for cell in cells)] for name, *cells in BALANCE]
    extraction = extracted(reading(balance(unit="", rows=large)))
    assert extraction.questions == ()
    assert {item.confidence for item in extraction.items} <= {0.891, 0.9}


def test_what_cannot_be_read_or_is_only_alike_is_asked():
    rows = changed("资产总计", "5?0.00", "400.00")
    rows[11][0] = "未分配利润余额"
    extraction = extracted(reading(balance(rows=rows)))
    abouts = {question.about for question in extraction.questions}
    assert "item:total_assets@2025-12-31" in abouts
    assert "item:retained_earnings@2025-12-31" in abouts
    found = values(extraction)
    assert ("total_assets", "2025-12-31") not in found
    assert ("retained_earnings", "2025-12-31") not in found
    near = next(one for one in extraction.questions if one.about == "item:retained_earnings@2025-12-31")
    after = with_answers(extraction, {near.id: near.choices[0]}, "en")
    assert values(after)["retained_earnings", "2025-12-31"] == 1_800_000


def test_a_check_that_fails_is_reported_and_nothing_is_repaired():
    extraction = extracted(reading(balance(rows=changed("资产总计", "501.00", "400.00"))))
    failed = [check for check in extraction.checks if not check.holds]
    assert {check.name for check in failed} >= {"balance_sheet", "assets_parts"}
    check = next(check for check in failed if check.name == "balance_sheet")
    assert (check.left, check.right, check.difference) == (5_010_000, 5_000_000, 10_000)
    assert values(extraction)["total_assets", "2025-12-31"] == 5_010_000
    assert [place.quote for place in check.places if "501" in place.quote]


def test_rounding_of_the_printed_unit_is_no_fault():
    rows = [["货币资金", "33"], ["应收账款", "33"], ["存货", "33"], ["流动资产合计", "100"], ["资产总计", "100"],
            ["负债合计", "60"], ["所有者权益合计", "40"]]  # fmt: skip
    extraction = extracted(reading(balance(header=("项目", "期末余额"), rows=rows)))
    check = next(check for check in extraction.checks if check.name == "current_assets")
    assert check.holds
    rows[0][1] = "30"
    extraction = extracted(reading(balance(header=("项目", "期末余额"), rows=rows)))
    assert not next(check for check in extraction.checks if check.name == "current_assets").holds


def test_two_statements_of_a_file_without_a_name_are_asked_about_once():
    own = [[name, "7.00", "6.00"] for name, *_cells in BALANCE]
    extraction = extracted(reading(balance(), balance(rows=own)), language="zh_CN")
    assert extraction.items == ()
    assert extraction.conflicts == ()
    (question,) = extraction.questions
    assert question.choices == ("合并", "母公司")
    after = with_answers(extraction, {question.id: "母公司"}, "zh_CN")
    assert values(after, "parent")["cash", "2025-12-31"] == 1_000_000
    assert values(after, "consolidated")["cash", "2025-12-31"] == 70_000
    assert after.questions == ()
