import pytest

from appliance.core.errors import Unavailable
from appliance.core.messages import _
from appliance.core.protocols import ChatResult
from appliance.knowledge.asking.followups import carry, rewrite

CARRIED = [
    ("普卡的年费是多少？", "那金卡呢？", "金卡的年费是多少？"),
    ("普卡跨行取现收多少手续费？", "那金卡的手续费呢？", "金卡跨行取现收多少手续费？"),
    ("跨行转账每天的限额是多少？", "多久到账？", "跨行转账多久到账？"),
    ("跨行转账每天的限额是多少？", "要多久？", "跨行转账要多久？"),
    ("三年期定期存款利率是多少？", "五年期呢？", "五年期定期存款利率是多少？"),
    ("三年期定期存款利率是多少？", "那活期存款呢？", "三年期活期存款利率是多少？"),
    ("年假有几天？", "病假呢？", "病假有几天？"),
    ("申请信用卡需要什么材料？", "它的年费是多少？", "信用卡的年费是多少？"),
    ("小型保管箱一年多少钱？", "大型的呢？", "大型保管箱一年多少钱？"),
    ("房贷提前还款要违约金吗？", "最早什么时候可以申请？", "房贷最早什么时候可以申请？"),
    ("个人经营贷款的最长期限是多久？", "利率呢？", "个人经营贷款的利率是多少？"),
    ("个人经营贷款的最长期限是多久？", "这个要担保吗？", "个人经营贷款要担保吗？"),
    ("对公账户怎么开立？", "该账户有年费吗？", "对公账户有年费吗？"),
    ("What does a classic card cost per year?", "And for gold?", "What does a gold card cost per year?"),
    ("How do I send an international transfer?", "How long does that take?",
     "How long does sending an international transfer take?"),
    ("What is the interest rate of a 3-year deposit?", "And for 5 years?",
     "What is the interest rate of a 5-year deposit?"),
    ("Can I get a payment holiday on my mortgage?", "How long can it last?",
     "How long can the payment holiday on my mortgage last?"),
    ("How much is a small safe deposit box?", "And a large one?", "How much is a large safe deposit box?"),
    ("How do I replace a lost debit card?", "Is there a fee?", "Is there a fee for replacing a lost debit card?"),
    ("How do I replace a lost debit card?", "Who approves it?", "Who approves replacing a lost debit card?"),
    ("How many days of annual leave do new employees get?", "What about sick leave?",
     "How many days of sick leave do new employees get?"),
]  # fmt: skip

STANDING = [
    ("普卡的年费是多少？", "柜台几点开门？"),
    ("普卡的年费是多少？", "房贷可以提前还款吗？"),
    ("普卡的年费是多少？", "信用卡丢了，它还会被盗刷吗？"),
    ("跨行转账多久到账？", "如何办理存款证明？"),
    ("跨行转账多久到账？", "其他银行的ATM取款收费吗？"),
    ("跨行转账多久到账？", "个人贷款逾期的罚息怎么算？"),
    ("年假有几天？", "那员工培训费用由谁报销？"),
    ("What does a classic card cost?", "Is it possible to open an account online?"),
    ("What does a classic card cost?", "How long does it take to open an account?"),
    ("What does a classic card cost?", "What happens to my mortgage if it is overdue?"),
    ("What does a classic card cost?", "What is the exchange rate for US dollars?"),
    ("What does a classic card cost?", "Which documents that prove income are accepted for a mortgage?"),
    ("What does a classic card cost?", "When is the vault open?"),
    ("What does a classic card cost?", "Who approves travel expenses?"),
]


@pytest.mark.parametrize(("earlier", "question", "carried"), CARRIED)
def test_a_follow_up_gets_its_topic(earlier, question, carried):
    assert carry(question, [earlier]) == carried


@pytest.mark.parametrize(("earlier", "question"), STANDING)
def test_a_question_that_stands_alone_is_left_as_it_is(earlier, question):
    assert carry(question, [earlier]) == question


def test_the_topic_is_carried_over_several_questions():
    history = ["三年期定期存款利率是多少？", "五年期呢？"]
    assert carry("可以提前支取吗？", history) == "五年期定期存款可以提前支取吗？"
    assert carry("要多久？", []) == "要多久？"


class Says:
    def __init__(self, text):
        self.text = text

    async def chat(self, messages, *, max_tokens, temperature=0.0):
        if self.text is None:
            raise Unavailable(_("The model is away."))
        return ChatResult(self.text, 1, 1, "stop")


HISTORY = ["How do I send an international transfer?"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("How long does an international transfer take?", True),
        ("How long does an international transfer to Barclays take?", False),
        ("How long does an international transfer of 500 dollars take?", False),
        ("An international transfer is fast.", False),
        ("你好", False),
        (None, False),
    ],
)
async def test_a_rewriting_counts_only_with_words_that_were_said(written, kept):
    found = await rewrite("How long does that take?", HISTORY, Says(written), ["en"])
    assert found == (written if kept else "How long does sending an international transfer take?")


async def test_a_model_without_the_language_is_not_asked():
    assert (
        await rewrite("多久到账？", ["跨行转账限额是多少？"], Says("跨行转账多久到账？"), ["en"])
        == "跨行转账多久到账？"
    )
