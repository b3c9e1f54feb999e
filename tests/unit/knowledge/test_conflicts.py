import pytest

from appliance.knowledge.answers.answer import rivals
from appliance.knowledge.answers.conflicts import find_conflicts
from appliance.knowledge.asking.questions import analyse
from appliance.knowledge.content import Block, Extracted
from appliance.knowledge.intake.indexing import embed_prepared, prepare
from appliance.knowledge.search.index import BaseIndex
from appliance.knowledge.search.ranking import rank_sentences


@pytest.fixture
def ask(tmp_path, embedder):
    """Return what conflicts a question meets between documents, each a title and its sentences."""

    def asked(question, *documents):
        index = BaseIndex(tmp_path, embedder.name, embedder.dimensions)
        for version, (title, *sentences) in enumerate(documents, start=1):
            extracted = Extracted((Block(title, "heading", 1), *(Block(sentence) for sentence in sentences)))
            passages = embed_prepared(prepare(extracted, f"{title}.md"), version, embedder, lambda _part: None)
            index.put(version, passages)
        index.finish()
        found = analyse(question)
        ranked = rank_sentences(index, found, embedder.embed([question], "query")[0])
        return find_conflicts(found, rivals(ranked))

    return asked


@pytest.mark.parametrize(
    ("question", "first", "second", "differing"),
    [
        (
            "年假有几天？",
            ("员工休假管理规定", "工作满一年的员工每年享有年假10天。"),
            ("新员工入职培训", "工作满一年的员工每年享有年假12天。", "培训为期三天。"),
            {"10天", "12天"},
        ),
        (
            "How much does a replacement card cost?",
            ("Card terms", "A replacement card costs 15 yuan."),
            ("Fee notice", "The fee for a replacement card is 20 yuan."),
            {"15 yuan", "20 yuan"},
        ),
        (
            "挂失可以代办吗？",
            ("挂失规定", "挂失可以由他人代办。"),
            ("柜面操作规程", "挂失不得由他人代办。"),
            {"不得", "可以"},
        ),
        (
            "年假有几天？",
            ("员工休假管理规定", "员工每年享有年假10天。"),
            ("Staff handbook", "Every employee has 15 days of annual leave a year."),
            {"10天", "15 days"},
        ),
    ],
)
def test_sources_that_differ_are_told_with_what_differs(ask, question, first, second, differing):
    (conflict,) = ask(question, first, second)
    assert {scored.passage.document for scored in conflict.sources} == {f"{first[0]}.md", f"{second[0]}.md"}
    note = conflict.note.render("en")
    assert all(text in note for text in differing)


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("卡的年费是多少？", ("金卡章程", "主卡年费为300元。"), ("白金卡章程", "主卡年费为600元。")),
        ("存款利率是多少？", ("利率表", "一年期定期存款年利率为1.5%。"), ("公告", "三年期定期存款年利率为2.5%。")),
        ("小型保管箱一年租金多少？", ("保管箱", "小型保管箱每年租金380元。"), ("收费", "小型保管箱的年租金为380元。")),
        ("贷款由谁审批？", ("办法", "50万元以下的贷款由支行行长审批。"), ("授权书", "500万元以上的贷款由总行审批。")),
        ("投诉多久答复？", ("办法", "一般投诉应在5个工作日内答复。"), ("规范", "复杂投诉应在15个工作日内答复。")),
        (
            "How many days of annual leave do employees get?",
            ("Leave A", "Employees with over 10 years of service get 15 days of annual leave."),
            ("Leave B", "Employees with over 1 year of service get 5 days of annual leave."),
        ),
        (
            "手机银行跨行转账每日限额是多少？",
            ("手机银行", "手机银行跨行转账每日限额为5万元。"),
            ("说明", "手机银行跨行转账每日限额为5万元，每笔限额为2万元。"),
        ),
    ],
)
def test_other_products_conditions_and_agreement_are_no_conflict(ask, question, first, second):
    assert ask(question, first, second) == []
