import pytest

from appliance.core.errors import ConfigError
from scenarios.reports.sorting.kinds import Kinds, sort_file
from tests.unit.scenario.reports.fields.folders import NAME, articles, licence, paper

HEADER = [["交易日期", "摘要", "借方发生额", "贷方发生额", "余额", "对方户名"]]


def sheet(title: str, *rows):
    return paper("报表.xlsx", grids=[[[title], [f"编制单位：{NAME}", "", "单位：万元"], *rows]], sheet=title).file


def test_a_licence_is_told_and_names_its_company():
    file = licence().file
    assert (file.kind, file.company) == ("licence", NAME)
    assert file.kind_confidence >= 0.8


def test_articles_are_told():
    assert articles().file.kind == "articles"


def test_a_sheet_of_one_statement_is_of_its_kind():
    assert sheet("资 产 负 债 表", ["货币资金", "1", "2"]).kind == "balance_sheet"
    assert sheet("利润表", ["营业收入", "1", "2"]).kind == "income_statement"


def test_a_workbook_with_several_statements_is_one_of_statements():
    rows = [[["资产负债表"], ["货币资金", "1"]], [["利润表"], ["营业收入", "2"]], [["现金流量表"], ["合计", "3"]]]
    assert paper("财务报表.xlsx", grids=rows).file.kind == "statements"


def test_an_audit_report_that_holds_statements_is_an_audit_report():
    file = paper(
        "审计报告.pdf",
        ["审计报告", f"{NAME}全体股东：", "一、审计意见", "合并资产负债表", "合并利润表", "虚构会计师事务所"],
        [[["资产总计", "1"]], [["营业利润", "2"]]],
        heads=(1, 3, 4, 5),
    ).file
    assert (file.kind, file.company) == ("audit_report", NAME)
    assert file.kind_confidence >= 0.8


def test_a_bank_statement_is_told_by_its_header():
    assert paper("2025.csv", grids=[[*HEADER, ["2025-01-02", "货款", "", "100.00", "100.00", "甲"]]]).file.kind == (
        "bank_statement"
    )


def test_a_paper_that_nothing_tells_is_of_kind_other():
    file = paper("笔记.txt", ["今天天气很好。"]).file
    assert (file.kind, file.kind_confidence) == ("other", 0.0)


def test_a_resolution_on_the_articles_is_no_articles():
    lines = [f"{NAME}股东会决议", "会议召集符合公司章程的规定。", "同意公司向银行申请贷款。"]
    assert paper("股东会决议.docx", lines).file.kind == "other"


def test_an_industry_paper_belongs_to_no_company():
    file = paper("行业报告.pdf", ["装备制造行业分析", f"编制单位：{NAME}", "市场规模继续增长。"]).file
    assert (file.kind, file.company) == ("industry", None)


def test_the_auditor_is_not_whose_paper_it_is():
    lines = ["审计报告", "虚构信衡会计师事务所有限公司", f"{NAME}全体股东：", "审计意见"]
    assert paper("审计报告.pdf", lines).file.company == NAME


def test_a_cell_of_ten_thousand_characters_does_not_break_sorting():
    assert paper("x.xlsx", grids=[[["资产负债表"], ["长" * 10_000, "=cmd|'/c calc'!A0"]]]).file.kind == "balance_sheet"


def test_the_bank_adds_a_kind_of_its_own(tmp_path):
    own = tmp_path / "kinds.yaml"
    own.write_text(
        "kinds:\n  insurance:\n    title: {en: insurance policy, zh: 保单}\n    words: {保险单: 5, 投保人: 3}\n",
        encoding="utf-8",
    )
    reading = paper("保险单.pdf", ["保险单", f"投保人：{NAME}"])
    assert sort_file(reading, tmp_path).kind == "insurance"
    assert sort_file(licence(), tmp_path).kind == "licence"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("kinds:\n  licence: {words: {a: 1}}\n", "kinds.licence.title"),
        ("together:\n  statements: {of: [nothing], at_least: 2}\n", "nothing"),
        ("neded: 3\n", "needed"),
    ],
)
def test_a_fault_in_the_banks_file_is_named(tmp_path, text, word):
    own = tmp_path / "kinds.yaml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Kinds.load(own=own)
    assert str(own) in str(caught.value)
    assert word in str(caught.value)
