import pytest

from scenarios.reports.sorting.companies import company_names, same_company, stem
from scenarios.reports.sorting.credit_codes import credit_codes, is_credit_code
from tests.unit.scenario.reports.fields.folders import CODE, NAME


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("江苏星河精密制造有限公司", "江苏星河精密制造股份有限公司", True),
        ("江苏星河精密制造有限公司", "江苏 星河精密制造有限公司", True),
        ("星河（上海）贸易有限公司", "星河(上海)贸易有限公司", True),
        ("星河精密", "江苏星河精密制造有限公司", True),
        ("星河（上海）贸易有限公司", "星河贸易有限公司", False),
        ("江苏星河精密制造有限公司", "江苏银河精密制造有限公司", False),
        ("Xinghe Precision Co., Ltd.", "XINGHE PRECISION CO LTD", True),
        ("Xinghe Precision Co., Ltd.", "Xinghe Precision Company Limited", True),
        ("Xinghe Precision Ltd.", "Yinhe Precision Ltd.", False),
        ("Jiangsu Xinghe Precision Co., Ltd.", "江苏星河精密制造有限公司", True),
        ("Golden River Trading Ltd.", "江苏星河精密制造有限公司", None),
    ],
)
def test_names_are_compared_whatever_their_spelling_and_legal_form(one, other, same):
    assert same_company(one, other) is same
    assert same_company(other, one) is same


def test_a_name_that_holds_a_joining_word_is_whole():
    assert company_names("编制单位：青屿和济医药集团股份有限公司") == ["青屿和济医药集团股份有限公司"]


def test_words_that_lead_to_a_name_are_no_part_of_it():
    assert company_names("关于江苏星河精密制造有限公司的审计报告") == ["江苏星河精密制造有限公司"]
    assert company_names("Resolution of the Shareholders of Lanchuan Foods Co., Ltd.") == ["Lanchuan Foods Co., Ltd."]


def test_names_in_very_long_text_are_bounded():
    assert len(company_names("星河有限公司，" * 100_000)) == 1


def test_the_stem_of_a_name_that_is_only_a_legal_form_is_not_empty():
    assert stem("有限公司") == "有限公司"


def test_a_credit_code_is_told_by_its_check_character():
    assert is_credit_code(CODE)
    assert not is_credit_code(CODE[:-1] + "X")
    assert credit_codes(f"代码：{CODE.lower()}，{NAME}") == [CODE]
    assert credit_codes("91320100MA1XHJM01R") == []
