import pytest

from appliance.knowledge.answers.spans import is_figure, short_answer
from appliance.knowledge.asking.questions import analyse


@pytest.mark.parametrize(
    ("question", "sentence", "short"),
    [
        ("小型保管箱一年多少钱？", "小型保管箱每年租金380元。", "380元"),
        ("产假是多少天？", "女职工生育享受98天产假。", "98天"),
        ("活期利率是多少？", "活期存款年利率为0.35%，按季结息。", "0.35%"),
        ("跨行转账多久到账？", "跨行转账一般在2小时内到账，节假日顺延至3天。", "2小时内"),
        ("网点几点开门？", "网点营业时间为9:00至17:00。", "9:00至17:00"),
        ("该办法什么时候施行？", "本办法自2026年3月1日起施行，由合规部解释。", "2026年3月1日"),
        ("借款人年龄上限是多少？", "借款人年龄应在18周岁以上，且不超过65周岁。", "不超过65周岁"),
        ("手册共有几卷？", "手册2019年编成，共5卷，收录300条制度。", "5卷"),
        ("滞纳金的比例是多少？", "逾期的滞纳金为应缴款项的万分之五。", "万分之五"),
        ("贷款由谁审批？", "单笔50万元以上的贷款由分行行长审批。", "分行行长"),
        ("第一任行长是谁？", "本行成立于1987年，第一任行长是王建国，现已退休。", "王建国"),
        ("总行位于哪里？", "总行成立于1987年，位于滨海市中山路12号，下辖30家支行。", "滨海市中山路12号"),
        ("开户需要哪些材料？", "开户需要营业执照、公司章程和身份证。", "营业执照、公司章程和身份证"),
        ("该系统的名称是什么？", "该系统的名称是云桥，由科技部开发。", "云桥"),
        ("转账为什么被退回？", "转账被退回是因为收款人户名与账号不符。", "收款人户名与账号不符"),
        ("How much does a small box cost?", "A small box costs 380 yuan a year.", "380 yuan"),
        ("When is the vault open?", "The vault is open from 10:00 to 15:00.", "10:00 to 15:00"),
        ("How long is the offer valid?", "The binding offer is valid for 45 days.", "45 days"),
        ("Who approves travel expenses?", "Travel expenses are approved by the branch manager.", "the branch manager"),
        ("Who signs the contract?", "The regional director signs every contract in person.", "The regional director"),
        ("Where can I report a lost card?", "A lost card can be reported at any branch.", "any branch"),
        ("Can I repay early?", "Early repayment is possible after 12 months, without a charge.",
         "Early repayment is possible after 12 months"),
        ("What does a small box cost a year?", "小型保管箱每年租金380元。", "380元"),
        ("产假是多少天？", "Maternity leave is 98 days.", "98 days"),
    ],
)  # fmt: skip
def test_the_words_that_answer(question, sentence, short):
    found = short_answer(analyse(question), sentence)
    assert found == short
    assert found in sentence


def test_nothing_stands_out_where_the_kind_asked_for_is_missing():
    assert short_answer(analyse("Who may open the vault?"), "金库由两人同时开启。") is None
    assert short_answer(analyse("产假是多少天？"), "Maternity leave is paid in full.") is None


def test_figures_read_alike_in_both_languages():
    assert is_figure("380元")
    assert is_figure("10:00 to 15:00")
    assert not is_figure("the branch manager")
