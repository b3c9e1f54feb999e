import pytest

from appliance.knowledge.tables import Table, answer_from_table

KEY_FIGURES = Table.build(
    "单位：万元 币种：人民币",
    ["项目", "2025年", "2024年"],
    [
        ("营业收入", "1,108,000", "1,057,500"),
        ("利息净收入", "864,200", "821,500"),
        ("手续费及佣金净收入", "193,000", "180,400"),
        ("业务及管理费", "377,400", "367,700"),
        ("信用减值损失", "268,400", "271,200"),
        ("净利润", "381,000", "342,800"),
        ("基本每股收益（元）", "0.95", "0.86"),
        ("不良贷款率（%）", "1.21", "1.31"),
        ("员工人数（人）", "12,400", "12,150"),
    ],
)
BRANCHES = Table.build(
    "单位：万元。仅含三家一级分行",
    ["分行", "存款余额2024年", "存款余额2025年", "贷款余额2024年", "贷款余额2025年", "贷款增速（%）"],
    [
        ("山南分行", "1284300", "1362900", "976500", "1058200", "8.37"),
        ("海西分行", "1967400", "2153800", "1508700", "1692400", "12.18"),
        ("云岭分行", "592700", "587100", "431800", "446300", "3.36"),
        ("合计", "3844400", "4103800", "2917000", "3196900", "9.60"),
    ],
)
FEES = Table.build(
    "自2026年7月1日起执行，单位为人民币元",
    ["类别", "收费项目", "收费标准", "优惠与说明"],
    [
        ("转账汇款", "柜台跨行转账 1万元以下（含）", "每笔5元", "老年客户免费"),
        ("", "柜台跨行转账 1万元至10万元（含）", "每笔10元", "老年客户免费"),
        ("", "柜台跨行转账 10万元以上", "金额的0.02%，最高50元", ""),
        ("", "手机银行跨行转账", "免费", "不限笔数"),
        ("账户服务", "账户变动短信通知", "每月2元", "大额变动免费发送"),
        ("借记卡", "借记卡换卡工本费", "每张10元", "芯片损坏免费更换"),
    ],
)
RATES = Table.build(
    "人民币存款利率表 单位：年利率%",
    ["项目", "利率"],
    [
        ("一、活期存款", "0.20"),
        ("二、定期存款", ""),
        ("（一）整存整取", ""),
        ("三个月", "1.05"),
        ("一年", "1.35"),
        ("三年", "1.75"),
        ("五年", "1.80"),
        ("三、协定存款", "0.60"),
        ("四、通知存款", ""),
        ("七天", "1.00"),
    ],
)
LIMITS = Table.build(
    "单位：万元",
    ["渠道", "单笔限额", "日累计限额", "年累计限额"],
    [("手机银行", "20", "50", "500"), ("网上银行", "500", "1,000", "无限额"), ("ATM", "5", "5", "100")],
)
BALANCES = Table.build(
    "单位：万元",
    ["项目", "期末余额", "期初余额"],
    [("应收账款", "1,200", "1,000"), ("减：坏账准备", "(60)", "(50)"), ("合计", "1,140", "950")],
)


@pytest.mark.parametrize(
    ("table", "question", "short"),
    [
        (KEY_FIGURES, "2025年净利润是多少？", "381,000万元"),
        (KEY_FIGURES, "去年营业收入是多少？", "1,057,500万元"),
        (KEY_FIGURES, "2025年不良贷款率是多少？", "1.21%"),
        (KEY_FIGURES, "2025年基本每股收益是多少？", "0.95元"),
        (KEY_FIGURES, "2025年员工人数是多少？", "12,400人"),
        (KEY_FIGURES, "2025年净利润和2024年净利润分别是多少？", "381,000万元、342,800万元"),
        (KEY_FIGURES, "What was the net profit in 2025?", "381,000万元"),
        (BRANCHES, "海西分行2025年的存款余额是多少？", "2153800万元"),
        (BRANCHES, "三家分行2025年底贷款加起来多少？", "3196900万元"),
        (BRANCHES, "海西分行2025年贷款增速是多少？", "12.18%"),
        (FEES, "短信通知一个月多少钱？", "每月2元"),
        (FEES, "柜台跨行转账5万元手续费多少？", "每笔10元"),
        (FEES, "柜台跨行转账5000元收多少手续费？", "每笔5元"),
        (FEES, "手机银行跨行转账收费标准是什么？", "免费"),
        (FEES, "借记卡换卡收多少钱？", "每张10元"),
        (RATES, "一年期定期存款利率是多少？", "1.35%"),
        (RATES, "七天通知存款利率多少？", "1.00%"),
        (RATES, "What is the interest rate of a three-year time deposit?", "1.75%"),
        (LIMITS, "手机银行单笔最多转多少？", "20万元"),
        (LIMITS, "网上银行年累计限额是多少？", "无限额"),
        (BALANCES, "应收账款期初余额是多少？", "1,000万元"),
    ],
)
def test_cells_are_looked_up(table, question, short):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.short == short
    assert found.calculation is None


@pytest.mark.parametrize(
    ("table", "question", "operation", "value", "text"),
    [
        (KEY_FIGURES, "2025年营业收入比上年增长了多少？", "difference", 50_500, "50,500万元"),
        (KEY_FIGURES, "不良贷款率下降了多少个百分点？", "difference", -0.1, "-0.1个百分点"),
        (KEY_FIGURES, "2025年净利润同比增长率是多少？", "change_percent", 11.14, "11.14%"),
        (KEY_FIGURES, "2025年利息净收入占营业收入的比例是多少？", "share_percent", 78, "78.00%"),
        (KEY_FIGURES, "2025年营业收入中手续费及佣金净收入占比多少？", "share_percent", 17.42, "17.42%"),
        (KEY_FIGURES, "2025年业务及管理费和信用减值损失合计多少？", "sum", 645_800, "645,800万元"),
        (KEY_FIGURES, "两年净利润合计多少？", "sum", 723_800, "723,800万元"),
        (KEY_FIGURES, "2024年和2025年平均净利润是多少？", "average", 361_900, "361,900万元"),
        (KEY_FIGURES, "员工人数2025年比2024年增加多少？", "difference", 250, "250人"),
        (BRANCHES, "海西分行存款增长率是多少？", "change_percent", 9.47, "9.47%"),
        (BRANCHES, "海西分行2025年存款占合计的比重", "share_percent", 52.48, "52.48%"),
        (BRANCHES, "有几家分行2025年贷款余额超过100亿元？", "count", 2, "2"),
        (BRANCHES, "2025年分行平均存款余额是多少？", "average", 1_367_933.33, "1,367,933.33万元"),
        (RATES, "五年期比一年期利率高多少？", "difference", 0.45, "0.45个百分点"),
        (LIMITS, "手机银行的日累计限额是单笔限额的几倍？", "ratio", 2.5, "2.50"),
        (BALANCES, "应收账款期末比期初增加多少？", "difference", 200, "200万元"),
    ],
)
def test_figures_are_computed(table, question, operation, value, text):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.calculation is not None
    made = found.calculation
    assert (made.operation, made.value, made.text, found.short) == (operation, value, text, text)


@pytest.mark.parametrize(
    ("table", "question", "short"),
    [
        (KEY_FIGURES, "净利润哪一年更高？", "2025"),
        (BRANCHES, "哪家分行2025年贷款余额最高？", "海西分行"),
        (BRANCHES, "哪些分行2025年存款余额超过100亿元？", "山南分行、海西分行"),
        (RATES, "哪种期限利率最高？", "五年"),
        (LIMITS, "哪个渠道单笔限额最低？", "ATM"),
    ],
)
def test_rows_and_periods_are_named(table, question, short):
    found = answer_from_table(question, table)
    assert found is not None
    assert found.short == short


@pytest.mark.parametrize(
    ("table", "question"),
    [
        (KEY_FIGURES, "2025年资本充足率是多少？"),
        (KEY_FIGURES, "2023年净利润是多少？"),
        (KEY_FIGURES, "2025年研发费用是多少？"),
        (KEY_FIGURES, "净利润为什么增长？"),
        (BRANCHES, "上海分行2025年的存款余额是多少？"),
        (BRANCHES, "海西分行的员工人数是多少？"),
        (BRANCHES, "海西分行2025年赚了多少净利润？"),
        (FEES, "保管箱租金多少钱？"),
        (FEES, "信用卡年费是多少？"),
        (RATES, "外币存款利率是多少？"),
        (RATES, "十年期存款利率是多少？"),
        (LIMITS, "电话银行单笔限额是多少？"),
    ],
)
def test_what_the_table_does_not_tell_is_not_answered(table, question):
    assert answer_from_table(question, table) is None


def test_a_computed_answer_shows_its_formula_and_cells():
    found = answer_from_table("2025年净利润同比增长率是多少？", KEY_FIGURES)
    assert found is not None
    assert found.calculation is not None
    assert found.calculation.formula == "(381000 - 342800) / 342800 × 100"
    assert found.calculation.unit == "%"
    assert "11.14%" in found.text
    assert [(cell.row, cell.column, cell.text, cell.unit) for _row, cell in found.cells] == [
        ("净利润", "2025年", "381,000", "万元"),
        ("净利润", "2024年", "342,800", "万元"),
    ]
