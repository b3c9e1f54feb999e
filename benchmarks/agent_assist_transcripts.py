"""Calls to be replayed, made from templates: each is another conversation, and the same number gives the same call."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]
SHORTEST_TURN_S, LONGEST_TURN_S = 4.0, 8.0


@dataclass(frozen=True)
class Line:
    """One turn: who speaks, what, and from when to when in seconds since the call began."""

    speaker: Literal["customer", "seat"]
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Topic:
    """What a call is about: how customers begin, what they ask next, what seats say to it."""

    name: str
    opening: tuple[str, ...]
    asking: tuple[str, ...]
    answering: tuple[str, ...]


_EN = (
    Topic(
        "lost_card",
        (
            "I think I left my debit card in a taxi this morning, can you stop it before somebody uses it?",
            "My card is gone, I have looked everywhere. It ends in {tail}.",
            "Somebody stole my wallet near the station and the bank card was in it.",
        ),
        (
            "How much does a new card cost me?",
            "And how long until the new one is in my letter box?",
            "There was about {amount} yuan in the account, is that safe now?",
            "Do I keep the same number on the new card?",
        ),
        (
            "I have blocked the card for you just now, nobody can pay with it.",
            "The new card is sent by registered post to the address that we hold.",
            "The balance is not touched by the block, and standing orders go on.",
        ),
    ),
    Topic(
        "transfer",
        (
            "I sent {amount} yuan to my landlord on {day} and it still has not arrived.",
            "A transfer of {amount} yuan has been pending for two days, what is going on?",
            "I typed the wrong account number in a transfer yesterday, can it be called back?",
        ),
        (
            "What is the most that I can send in one day?",
            "What does an urgent transfer to another bank cost?",
            "Will I be told when the money is back?",
            "This is the second time, I am really getting angry about it.",
        ),
        (
            "I can see the transfer, it is waiting at the other bank.",
            "If the account number does not exist, the money comes back by itself within three working days.",
            "Large payments between banks are carried out during the hours of the clearing system.",
        ),
    ),
    Topic(
        "loan",
        (
            "I would like to pay back part of my mortgage early, about {amount} yuan.",
            "How do I repay my home loan before it is due?",
            "My loan contract says there may be a fee for early repayment, is that right?",
        ),
        (
            "Is there a fee for it in the third year?",
            "Which papers do I have to bring to the branch?",
            "Can I choose between a shorter term and a smaller instalment?",
            "From which month would the instalment change?",
        ),
        (
            "You may ask for it in the app or at the branch that made the loan.",
            "The earliest day is the next instalment day after your request has been approved.",
            "After the first year there is no charge in your contract, as far as I can read it here.",
        ),
    ),
    Topic(
        "credit_card_bill",
        (
            "There is a payment of {amount} yuan on my credit card bill that I never made.",
            "I was charged interest although I paid the bill on {day}.",
            "Why was I charged twice in the same shop on {day}?",
        ),
        (
            "How long does it take to look into a disputed payment?",
            "Do I have to pay the amount until then?",
            "Could you raise the limit of the card for my holiday?",
            "I want to complain about this, who is responsible?",
        ),
        (
            "I have opened a dispute for this payment, you will get a text message.",
            "Interest is charged when less than the whole amount was paid by the due day.",
            "I understand that this is annoying, let me look at the details with you.",
        ),
    ),
    Topic(
        "savings",
        (
            "My fixed deposit of {amount} yuan ends on {day}, what happens with it?",
            "Which interest do you pay for a deposit of one year at the moment?",
            "Can I take money out of a fixed deposit before it ends?",
        ),
        (
            "Do I lose all of the interest if I take it out early?",
            "Is a wealth product as safe as a deposit?",
            "Can my wife open the account without me?",
            "Fine, that sounds good, thank you.",
        ),
        (
            "Unless you say otherwise it is renewed for the same term at the rate of that day.",
            "What is withdrawn early earns the rate of a current account.",
            "Wealth products carry risk, and what they earned before says nothing about what they will earn.",
        ),
    ),
)
_ZH = (
    Topic(
        "lost_card",
        (
            "我的借记卡今天早上好像落在出租车上了，能不能先帮我停掉？",
            "我的卡找不到了，尾号是{tail}，麻烦挂失一下。",
            "我的钱包在车站被人偷了，银行卡也在里面。",
        ),
        (
            "补办一张新卡要收多少钱？",
            "新卡大概几天能寄到家里？",
            "卡里还有{amount}元左右，现在安全吗？",
            "换了新卡以后，卡号会不会变？",
        ),
        (
            "您的卡我已经为您挂失，现在任何人都无法使用。",
            "新卡会用挂号信寄到您预留的地址。",
            "挂失不影响账户余额，已经签约的代扣也照常进行。",
        ),
    ),
    Topic(
        "transfer",
        (
            "我{day}给房东转了{amount}元，到现在还没到账。",
            "有一笔{amount}元的转账两天了还显示处理中，怎么回事？",
            "昨天转账把对方账号输错了，还能追回来吗？",
        ),
        (
            "我一天最多可以转多少钱？",
            "跨行加急转账怎么收费？",
            "钱退回来的时候会通知我吗？",
            "这已经是第二次了，你们的服务太让人生气了。",
        ),
        (
            "我查到这笔汇款了，目前在对方银行处理。",
            "如果账号不存在，款项三个工作日内会自动退回。",
            "大额汇款要在清算系统开放的时间内处理。",
        ),
    ),
    Topic(
        "loan",
        (
            "我想提前还一部分房贷，大概{amount}元。",
            "住房贷款提前还款要怎么办理？",
            "我的贷款合同上写着提前还款可能要收违约金，是吗？",
        ),
        (
            "第三年提前还款要不要手续费？",
            "去网点办理需要带哪些材料？",
            "可以选择缩短年限还是减少月供？",
            "从哪个月开始月供会变？",
        ),
        (
            "您可以在手机银行申请，也可以到贷款经办网点办理。",
            "申请通过以后，最早在下一个还款日生效。",
            "按照您的合同，满一年以后不收取费用。",
        ),
    ),
    Topic(
        "credit_card_bill",
        (
            "我的信用卡账单上有一笔{amount}元的消费，不是我刷的。",
            "我{day}已经还清账单了，为什么还收利息？",
            "{day}在同一家店怎么扣了我两次钱？",
        ),
        (
            "有异议的交易多久能查清楚？",
            "查清之前这笔钱我需要先还吗？",
            "我要出去旅游，能不能把额度调高一点？",
            "我要投诉，这件事由谁负责？",
        ),
        (
            "我已经为这笔交易登记了异议，稍后会给您发短信。",
            "到期日没有全额还款的，会按规定计收利息。",
            "我理解您的心情，我们一起看一下明细。",
        ),
    ),
    Topic(
        "savings",
        (
            "我有一笔{amount}元的定期{day}到期，到期以后怎么处理？",
            "现在一年期定期存款利率是多少？",
            "定期存款没到期可以提前取出来吗？",
        ),
        (
            "提前支取的话，利息是不是全都没有了？",
            "理财产品和存款一样安全吗？",
            "我爱人可以不到场就开户吗？",
            "好的，明白了，谢谢你。",
        ),
        (
            "如果您没有另外约定，到期会按当日利率自动转存同样的期限。",
            "提前支取的部分按活期利率计息。",
            "理财非存款，产品有风险，过往业绩不代表未来表现。",
        ),
    ),
)
_FRAMES: dict[Language, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "en": (
        ("Good morning, this is the customer service of the bank, my name is {seat}. What can I do for you?",),
        ("May I ask your name and the last four digits of your identity document?",),
        ("My name is {customer}, the last digits are {tail}.",),
        ("Thank you for your call. Is there anything else that I can do for you?",),
    ),
    "zh": (
        ("您好，这里是银行客户服务中心，工号{seat}为您服务，请问有什么可以帮您？",),
        ("请问您的姓名和证件号码后四位是多少？",),
        ("我叫{customer}，后四位是{tail}。",),
        ("感谢您的来电，请问还有其他可以帮您的吗？",),
    ),
}
_NAMES: dict[Language, tuple[str, ...]] = {
    "en": ("Anna Reed", "Tom Baker", "Grace Miller", "Peter Lowe", "Susan Hart"),
    "zh": ("王小明", "李芳", "张建国", "陈静", "刘洋"),
}
_TOPICS: dict[Language, tuple[Topic, ...]] = {"en": _EN, "zh": _ZH}


@dataclass(frozen=True)
class Transcript:
    """One call. `topic` is a name that both languages share."""

    number: int
    language: Language
    topic: str
    lines: tuple[Line, ...]

    @property
    def duration_s(self) -> float:
        """How long it takes at speaking speed."""
        return self.lines[-1].end_s


def transcript(number: int) -> Transcript:
    """Return the call of this number; even numbers are Chinese, odd ones English."""
    chance = random.Random(f"call/{number}")
    language: Language = "en" if number % 2 else "zh"
    topic = _TOPICS[language][number // 2 % len(_TOPICS[language])]
    said = tuple(_timed(chance, _said(chance, language, topic)))
    return Transcript(number, language, topic.name, said)


def _said(chance: random.Random, language: Language, topic: Topic) -> Iterator[tuple[Literal["customer", "seat"], str]]:
    """Yield who says what."""
    opening, check, name, closing = _FRAMES[language]
    month, day = chance.randint(1, 12), chance.randint(1, 28)
    values = {
        "seat": str(chance.randint(1000, 9999)),
        "customer": chance.choice(_NAMES[language]),
        "tail": f"{chance.randint(0, 9999):04d}",
        "amount": str(chance.randint(2, 400) * 100),
        "day": f"{month}月{day}日" if language == "zh" else f"{day}/{month}/2026",
    }
    yield "seat", chance.choice(opening).format(**values)
    yield "customer", chance.choice(topic.opening).format(**values)
    yield "seat", chance.choice(check).format(**values)
    yield "customer", chance.choice(name).format(**values)
    answers = chance.sample(topic.answering, len(topic.answering))
    for turn, question in enumerate(chance.sample(topic.asking, len(topic.asking))):
        yield "seat", answers[turn % len(answers)].format(**values)
        yield "customer", question.format(**values)
    yield "seat", chance.choice(closing).format(**values)


def _timed(chance: random.Random, said: Iterator[tuple[Literal["customer", "seat"], str]]) -> Iterator[Line]:
    """Yield the turns one behind the other: each lasts 4 to 8 seconds with the breath behind it."""
    now = 0.0
    for speaker, text in said:
        whole = chance.uniform(SHORTEST_TURN_S, LONGEST_TURN_S)
        yield Line(speaker, text, round(now, 2), round(now + whole * 0.9, 2))
        now += whole
