from datetime import date

import pytest

from scenarios.reports.fields.reading import read_facts, with_answers
from tests.unit.scenario.reports.fields.folders import NAME, articles, licence, paper

TODAY = date(2026, 6, 1)


def read(*papers, subject="", language="zh_CN", own=None):
    return read_facts(papers, subject, language, own, TODAY)


def fact(reading, name, group=""):
    return next((one for one in reading.facts if one.name == name and one.group == group), None)


def test_a_licence_gives_its_fields_with_quotes():
    found = read(licence())
    assert fact(found, "registered_capital").number == 5e7
    assert fact(found, "registered_capital").shown == "5,000.00万元"
    assert fact(found, "legal_representative").value == "王建国"
    assert fact(found, "founded_on").value == "2012-03-05"
    assert fact(found, "address").value == "江苏省南京市虚构路8号"
    assert fact(found, "company_type").value == "有限责任公司（自然人投资或控股）"
    assert "伍仟万元整" in fact(found, "registered_capital").place.quote


def test_a_value_that_goes_on_in_the_next_line_is_whole():
    scope = fact(read(licence()), "business_scope").value
    assert scope.startswith("精密零件制造")
    assert scope.endswith("方可开展经营活动）")


def test_the_same_in_another_writing_is_no_conflict():
    found = read(licence(capital="伍仟万元整"), articles(capital="50,000,000.00元"))
    assert [one for one in found.conflicts if "registered_capital" in one.about] == []


def test_a_licence_counts_before_articles_and_the_reason_is_said():
    found = read(licence(), articles(capital="6,000万元"))
    (conflict,) = [one for one in found.conflicts if one.about == "field:registered_capital"]
    assert conflict.values == ("5,000.00万元", "6,000.00万元")
    assert conflict.used == 0
    assert [place.name for place in conflict.places] == ["营业执照.pdf", "公司章程.pdf"]
    assert "营业执照优先于公司章程" in conflict.reason
    assert fact(found, "registered_capital").number == 5e7


def application(day: str, amount: str, file_id: str, name: str = "借款申请书"):
    lines = ["借款申请书", f"申请人：{NAME}", f"申请金额：{amount}", f"申请日期：{day}"]
    return paper(f"{name}-{file_id}.docx", lines, file_id=file_id)


def test_of_two_papers_of_one_kind_the_later_counts():
    found = read(application("2026-01-05", "800万元", "f03"), application("2026-04-05", "900万元", "f04"))
    (conflict,) = [one for one in found.conflicts if one.about == "field:requested_amount"]
    assert conflict.places[conflict.used].file == "f04"
    assert fact(found, "requested_amount").number == 9e6


def test_where_no_rule_chooses_nothing_is_used_and_a_person_is_asked():
    found = read(application("2026-01-05", "800万元", "f03"), application("2026-01-05", "900万元", "f04"))
    assert fact(found, "requested_amount") is None
    (question,) = found.questions
    assert question.about == "field:requested_amount"
    assert set(question.choices) == {"800.00万元", "900.00万元"}
    answered = with_answers(found, {question.id: "900万元"}, "zh_CN")
    assert answered.questions == ()
    assert fact(answered, "requested_amount").number == 9e6
    assert fact(answered, "requested_amount").place.file == "officer"


def test_an_answer_that_cannot_be_read_stays_a_question():
    found = read(application("2026-01-05", "800", "f03"))
    (question,) = found.questions
    assert with_answers(found, {question.id: "很多"}, "zh_CN").questions == (question,)


def test_an_amount_without_a_unit_is_asked_and_not_guessed():
    found = read(application("2026-01-05", "800", "f03"))
    assert fact(found, "requested_amount") is None
    assert found.questions[0].choices == ("800元", "800万元")


def test_a_wrong_check_character_is_asked():
    found = read(licence(code="91320100MA1XHJM01R"))
    assert fact(found, "credit_code") is None
    assert [one.about for one in found.questions] == ["field:credit_code"]


def test_a_day_in_the_future_is_asked():
    lines = ["营业执照", f"名称：{NAME}", "成立日期：2099-01-01", "登记机关：虚构市局"]
    found = read(paper("营业执照.pdf", lines))
    assert fact(found, "founded_on") is None
    assert "field:founded_on" in [one.about for one in found.questions]


def test_questions_keep_their_ids_from_run_to_run():
    assert (
        read(application("2026-01-05", "800", "f03")).questions
        == read(application("2026-01-05", "800", "f03")).questions
    )


def test_shareholders_of_clauses_and_of_a_table_are_one_list():
    register = paper(
        "股东名册.xlsx",
        grids=[
            [
                ["股东名册"],
                [f"公司名称：{NAME}"],
                ["序号", "股东名称", "认缴出资额（万元）", "持股比例(%)"],
                ["1", "王建国", "1750", "35"],
                ["2", "虚构控股有限公司", "3250", "65"],
                ["", "合计", "5000", "100"],
                ["实际控制人：王建国。", "", "", ""],
            ]
        ],
        sheet="股东",
        file_id="f05",
    )
    found = read(licence(), articles(), register)
    shares = {one.group: one.number for one in found.facts if one.name == "shareholder_share"}
    assert shares == {"shareholder.1": pytest.approx(0.35), "shareholder.2": pytest.approx(0.65)}
    assert fact(found, "shareholder_amount", "shareholder.2").number == 3.25e7
    assert not [one for one in found.conflicts if "shareholder" in one.about]
    assert fact(found, "shareholder_name", "shareholder.1").place.cell == "B4"


def test_shares_that_do_not_add_up_are_a_gap():
    found = read(licence(), articles(shares=("35%", "60%")))
    assert [one for one in found.gaps if one.about == "field:shareholder_share"]


def test_papers_of_another_company_are_named_and_nothing_of_them_is_used():
    stranger = licence("f09", capital="9,000万元", name="虚构银河有限公司", code="91320100MA1YHHM02P")
    found = read(licence(), articles(), stranger)
    assert found.subject == NAME
    assert found.other_companies == ("f09",)
    (gap,) = [one for one in found.gaps if one.about == "file:f09"]
    assert "虚构银河有限公司" in gap.reason
    assert fact(found, "registered_capital").number == 5e7
    assert not found.conflicts
    assert found.mostly_other is None


def test_when_most_papers_are_of_another_company_it_is_said():
    found = read(licence(), articles(), subject="虚构银河有限公司")
    assert found.mostly_other == NAME
    assert found.facts == ()


def test_a_contract_that_names_the_subject_is_no_strangers_paper():
    lines = ["销售合同", "甲方：虚构银河有限公司", f"乙方：{NAME}", "合同金额：120万元", "签订日期：2025-10-16"]
    found = read(licence(), paper("合同.pdf", lines, file_id="f06"))
    assert found.other_companies == ()
    assert fact(found, "contract_party", "contract.1").value == "虚构银河有限公司"
    assert fact(found, "contract_amount", "contract.1").number == 1.2e6


def test_an_expected_field_that_no_paper_gives_is_a_gap():
    found = read(paper("营业执照.pdf", ["营业执照", f"名称：{NAME}", "登记机关：虚构市局"]))
    assert {"field:registered_capital", "field:credit_code"} <= {one.about for one in found.gaps}


def test_papers_of_funds_miss_no_fields_of_companies():
    assert read(paper("基金净值.csv", grids=[[["日期", "单位净值"], ["2025-01-02", "1.01"]]])).gaps == ()


def test_cases_of_two_searches_are_one_list():
    header = ["案号", "立案日期", "审理法院", "案由", "原告", "被告", "企业身份", "涉案金额（元）", "案件状态"]
    row = ["（2025）虚01民初7号", "2025-09-11", "虚构市法院", "买卖合同纠纷", "甲", "乙", "被告", "7,171,600", "审理中"]
    papers = [
        paper("涉诉查询.xlsx", grids=[[["诉讼查询"], [f"查询对象：{NAME}"], header, row]], file_id=one)
        for one in ("f07", "f08")
    ]
    found = read(licence(), *papers)
    assert [one.group for one in found.facts if one.name == "case_number"] == ["case.1"]
    assert fact(found, "case_amount", "case.1").number == 7171600
    assert fact(found, "case_role", "case.1").value == "被告"


def test_quarters_of_a_year_are_summed_where_no_row_does():
    rows = [["纳税申报表"], ["年度", "季度", "应税销售额（元）"], ["2025", "一", "100.00"], ["2025", "二", "150.00"]]
    found = read(licence(), paper("增值税纳税申报.xlsx", [f"纳税人名称：{NAME}"], [rows], file_id="f07"))
    assert fact(found, "taxable_revenue", "tax.2025").number == 250.0


def test_taxes_of_one_year_are_kept_apart():
    def filing(tax, paid, file_id):
        rows = [[f"{tax}纳税申报表"], ["年度", "应税销售额（元）", "已缴税额（元）"], ["2025", "1,000.00", paid]]
        return paper(f"{tax}纳税申报.xlsx", [f"纳税人名称：{NAME}"], [rows], file_id=file_id)

    found = read(licence(), filing("增值税", "130.00", "f07"), filing("企业所得税", "25.00", "f08"))
    assert sorted(one.number for one in found.facts if one.name == "tax_paid") == [25.0, 130.0]
    assert [one.number for one in found.facts if one.name == "taxable_revenue"] == [1000.0]
    assert not [one for one in found.conflicts if "tax" in one.about]


def test_an_audit_opinion_is_one_of_few_and_of_the_latest_report():
    def report(year, opinion):
        lines = [
            "审计报告",
            f"{NAME}全体股东：",
            "审计意见",
            f"我们认为……{opinion}",
            "虚构信衡会计师事务所（特殊普通合伙）",
            f"{year}年3月18日",
        ]
        return paper(f"审计报告-{year}.pdf", lines, file_id=f"f{year}")

    found = read(licence(), report(2025, "公允反映了财务状况"), report(2026, "除保留意见事项外，公允反映了财务状况"))
    assert fact(found, "audit_opinion").value == "qualified"
    assert fact(found, "audit_opinion").shown == "保留意见"
    assert fact(found, "audit_date").value == "2026-03-18"
    assert fact(found, "auditor").value == "虚构信衡会计师事务所（特殊普通合伙）"
    assert not [one for one in found.conflicts if "audit" in one.about]


def test_papers_of_a_fund_name_its_manager_and_are_its_own():
    lines = ["基金概况", "基金管理人：虚构基金管理有限公司", "成立日期：2020年3月5日"]
    found = read(paper("基金概况.md", lines, file_id="f07"), subject="虚构稳健混合型证券投资基金")
    assert (found.subject, found.other_companies, found.mostly_other) == ("虚构稳健混合型证券投资基金", (), None)
    other = read(licence(), subject="虚构基金管理有限公司")
    assert other.mostly_other == NAME


def test_sentences_of_a_visit_can_be_quoted():
    lines = ["现场走访记录", f"走访企业：{NAME}", "车间两班生产，设备运转正常。仓库积压较多；员工在岗。"]
    found = read(licence(), paper("走访.md", lines, file_id="f07"))
    notes = [one.value for one in found.facts if one.name == "site_visit_note"]
    assert notes[0] == "车间两班生产，设备运转正常。"


def test_english_papers_are_read_in_english():
    lines = [
        "Business Licence",
        "Company name: Alpha Foods Co., Ltd.",
        "Registered capital: CNY 50 million",
        "Legal representative: Jane Doe",
        "Date of establishment: 5 March 2012",
        "Registration authority: City office",
    ]
    found = read(paper("licence.pdf", lines), language="en")
    assert fact(found, "registered_capital").shown == "CNY 50.00 million"
    assert fact(found, "founded_on").value == "2012-03-05"
    assert fact(found, "company_name").value == "Alpha Foods Co., Ltd."


def test_nothing_is_read_of_an_empty_folder():
    found = read()
    assert (found.subject, found.facts, found.gaps) == ("", (), ())


def test_hostile_cells_are_bounded_and_no_facts():
    rows = [["注册资本", "=cmd|'/c calc'!A0"], ["经营范围", "长" * 10_000], ["成立日期", "9999-99-99"]]
    found = read(paper("营业执照.xlsx", ["营业执照", f"名称：{NAME}"], [rows], sheet="照"))
    assert fact(found, "registered_capital") is None
    assert fact(found, "founded_on") is None
    assert all(len(one.value) <= 2000 and len(one.place.quote) <= 600 for one in found.facts)


def test_shareholders_of_english_clauses_have_their_whole_names():
    lines = [
        "Articles of Association of Alpha Foods Co., Ltd.",
        "Article 1 The registered capital of the Company is CNY 50,000,000.",
        "Article 2 Zhang Wei contributes CNY 17,500,000 in cash, 35% of the registered capital.",
        "Beta Holding Ltd. contributes CNY 32,500,000 in cash, 65% of the registered capital.",
        "The legal representative of the company is Zhang Wei.",
    ]
    found = read(paper("articles.docx", lines), language="en")
    names = {one.group: one.value for one in found.facts if one.name == "shareholder_name"}
    assert names == {"shareholder.1": "Zhang Wei", "shareholder.2": "Beta Holding Ltd."}
    assert fact(found, "legal_representative").value == "Zhang Wei"
    assert fact(found, "company_name").value == "Alpha Foods Co., Ltd."


def test_numbered_clauses_of_shareholders_are_read_below_a_heading_that_names_columns():
    lines = [
        f"{NAME}章程",
        "第四条 股东姓名、出资额：",
        "（一）王建国：以货币方式出资1750万元，占注册资本的35%；",
        "（二）虚构控股有限公司：以货币方式出资3250万元，占注册资本的65%。",
    ]
    found = read(paper("章程.docx", lines))
    names = [one.value for one in found.facts if one.name == "shareholder_name"]
    assert names == ["王建国", "虚构控股有限公司"]


def test_a_dash_for_an_overdue_amount_is_no_zero_but_none_in_words_is():
    def report(said):
        return paper("征信报告.pdf", ["企业信用报告", f"企业名称：{NAME}"], [[["逾期金额", said]]])

    assert fact(read(report("—")), "overdue_amount") is None
    assert fact(read(report("无")), "overdue_amount").number == 0.0


def test_a_contract_amount_in_words_and_figures_is_read():
    lines = [
        "产品购销合同",
        "甲方（需方）：虚构银河有限公司",
        f"乙方（供方）：{NAME}",
        "第三条 合同总金额为人民币（大写）壹佰贰拾万元整（￥1,200,000.00）。",
    ]
    found = read(licence(), paper("合同.pdf", lines, file_id="f06"))
    assert fact(found, "contract_amount", "contract.1").number == 1.2e6


def test_english_papers_whose_name_cannot_be_compared_are_the_subjects_when_all_agree():
    lines = ["Business Licence", "Company name: Golden River Trading Ltd.", "Registered capital: CNY 50 million"]
    found = read(paper("licence.pdf", lines), subject=NAME)
    assert found.other_companies == ()
    assert fact(found, "registered_capital").number == 5e7


def test_a_lone_english_paper_among_chinese_ones_is_not_used_and_it_is_said_that_nobody_can_tell():
    lines = ["Business Licence", "Company name: Golden River Trading Ltd.", "Registered capital: CNY 90 million"]
    other = ["Company name: Xinghe Precision Ltd.", "Articles of Association", "General provisions"]
    papers = (licence(), paper("articles.pdf", other, file_id="f02"), paper("licence.pdf", lines, file_id="f03"))
    found = read(*papers)
    assert found.other_companies == ("f03",)
    assert "无法确认" in next(one.reason for one in found.gaps if one.about == "file:f03")
