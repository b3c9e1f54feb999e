"""Whether a customer's turn asks something that documents may answer, and how to ask it of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.knowledge.asking.topics import subject_words

from ..models import Analysis, Language, Turn

_LONGEST = 160  # characters of a query: its embedding costs by length, and who speaks longer repeats himself
_READ = 2000  # characters of a turn that are looked at
_REMEMBERED = 8  # turns before this one in which the topic of a follow-up is looked for
_MOST_NAMED = 10

_SENTENCE = re.compile(r"[^。！？!?；;\n]+(?:(?<=\d)[.,](?=\d))?[^。！？!?；;\n]*[。！？!?；;\n]?")
_FILLER: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(
        r"^(?:喂+|你好|您好|哎+呀?|唉+|嗯+|呃+|额|哦+|噢|啊+|诶|那个(?=[，, ])|就是(?=[，, ])|这样(?:子|啊)?(?=[，, ])"
        r"|好[的嘞吧]?(?=[，,。 ]|$)|行(?=[，,。 ]|$)|对+(?=[，,。 ]|$)|不好意思|麻烦(?:你|您)?(?:一下|了)?"
        r"|请问(?:一下)?|我(?:就)?想(?:问|咨询|了解|请教)(?:一下|下)?|(?:我)?问一下|还有(?:就是|一个问题)?(?=[，, ])"
        r"|谢谢(?:你|您)?[啊了]?|[，,、 。])+"
    ),
    "en": re.compile(
        r"^(?:(?:hi|hello|hey)(?: there)?|good (?:morning|afternoon|evening)|um+|uh+(?: huh)?|er+m?|well|okay|ok"
        r"|all right|right|alright|yes|yeah|sure|sorry|excuse me|please|actually|honestly|you know|so(?=,)"
        r"|i(?:'d like to| would like to| want to| wanted to) (?:ask|know)(?: you)?(?: about| if| whether)?"
        r"|(?:could|can) you (?:please )?tell me|i was wondering(?: if)?|thanks?(?: you)?(?: a lot| so much)?"
        r"|[,.! ])+(?![\w'])",
        re.IGNORECASE,
    ),
}
_ASKS: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(
        r"[?？]|[吗么嘛](?=[，,。啊]|$)|怎么|怎样|咋|如何|什么|啥|为何|多少|多久|多长|多大|哪[里儿个些家天种一]|谁"
        r"|几(?:天|个|次|点|期|块|号|年|张|成)|(\w)不\1|有没有|能否|是否|可否|想(?:要|把|查|办|改|取|还|换|开|申请|退)"
        r"|帮我|给我|我要|教我|麻烦.{0,4}[帮给查办]|找.{0,6}(?:领导|主管|经理|负责人)"
        r"|[叫让].{0,4}(?:领导|主管|经理|负责人)"
    ),
    "en": re.compile(
        r"\?|\b(?:what|when|where|which|who|why|how)(?:'s)?\b"
        r"|\b(?:can|could|may|should|must|do|will|shall) (?:i|we|you|it|they)\b"
        r"|(?:^|[,.:;] |\b(?:and|so|but|or) )(?:does|is|are|am|did|was|were) (?:it|there|this|that|my|the|i|they|you)\b"
        r"|\bi(?:'d| would) (?:like|rather)\b|\bi (?:want|need|have|would need) to\b|\bi need\b"
        r"|\bhelp me\b|\btell me\b|\bplease (?:cancel|stop|send|change|block|close)\b",
        re.IGNORECASE,
    ),
}  # fmt: skip
_TROUBLE: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(
        r"没(?:收|到|有|寄|成功|发|人|显示|反应|来)|还没|丢|不见了|偷|盗|[被受]骗|骗[了走子]|冻结|锁|吞|失败|[转扣输填弄算]错|忘"
        r"|[刷登用取付转进打充收]不[了出进上到开]|不能用|没法|扣[了款钱]|多扣|重复|两次|过期|逾期|亏|跌|坏了|后悔|不是我|显示|处理中|投诉"
    ),
    "en": re.compile(
        r"\b(?:lost|stolen|stole|missing|declined|refused|rejected|failed|fails|pending|blocked|locked|frozen|forgot(?:ten)?"
        r"|wrong|twice|double|expired?|expires|swallowed|kept|scam(?:med)?|fraud|cancel(?:led)?|reverted|incorrect|broken)\b"
        r"|\b(?:has|have|did|does|do|is|was|can|could|wo|would)n't\b"
        r"|\b(?:not|never|no longer|cannot|only gave|complain\w*)\b|\bkeeps? \w+ing\b",
        re.IGNORECASE,
    ),
}  # fmt: skip
# Asked of the person at the other end, or about the line: no document answers that.
_BETWEEN_US = re.compile(
    r"听得?[到见清]|听不[到见清]|(?:你|您)(?:叫|姓|贵姓|是谁|是哪|是不是机器|是机器)|工号|机器人|怎么不说话|[你您]在吗|说慢"
    r"|^我(?:姓|叫|住|的?(?:电话|手机号|身份证号?码?|生日|地址)是)|吃饭了|(?:稍等|等一下|等等|等会儿|[我你]等着)|想想|考虑(?:一下|考虑)|找(?:支笔|一下|找)|随便问|天气"
    r"|\bmy (?:full )?(?:name|date of birth|birthday|address|(?:phone |id )?number) is\b|\bhear me\b"
    r"|\bare you (?:there|still|real|a )|\byour (?:full )?name\b|\btalking to\b|\brobot\b"
    r"|\bspeak (?:up|slower|slowly)|\b(?:give me|just) a (?:second|sec|minute|moment)\b|\bhold on\b"
    r"|\blet me (?:think|see|check|find|get|look)\b|\bweather\b|\bi said\b|\bspell\b|\bon hold\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"[\d〇零一二两三四五六七八九十幺]|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double)\b",
    re.IGNORECASE,
)
_POINTS_BACK: dict[Language, re.Pattern[str]] = {
    "zh": re.compile(r"^(?:那|然后|要是|如果|假如|而且|还完|到时|之后|以后)|它|^这|这[笔种张些]|那[笔种张些]"),
    "en": re.compile(
        r"^(?:and|so|then|but|or|what about|how about|what if)\b|\b(?:it|its|they|them|those|these)\b", re.IGNORECASE
    ),
}
_LITTLE: dict[Language, int] = {"zh": 3, "en": 1}  # characters or words that name something
_SHORT: dict[Language, int] = {"zh": 7, "en": 3}


@dataclass(frozen=True)
class Asked:
    """What a turn asks: `words` of its own, and `topic` of the turns before where it does not stand alone."""

    words: str
    topic: str
    outright: bool
    """Whether it asks, not only tells of a trouble."""

    @property
    def query(self) -> str:
        """The question to search with."""
        if not self.topic:
            return self.words
        joint = "，" if "\u3400" <= self.topic[-1] <= "\u9fff" else ": "
        return f"{self.topic}{joint}{self.words}"


def asked_in(turn: Turn, analysis: Analysis, before: Sequence[tuple[Turn, Analysis]]) -> Asked | None:
    """Return what a customer's turn asks, None where it asks nothing that documents could answer."""
    own = _own(turn, analysis)
    if own is None:
        return None
    words, outright = own
    if not outright and analysis.intent is None and _answers_the_seat(before):
        return None
    topic = _topic_before(before) if _follows(words, analysis.language) else ""
    return Asked(words, topic if topic not in words else "", outright)


def _own(turn: Turn, analysis: Analysis) -> tuple[str, bool] | None:
    """Return the words with which a turn asks, and whether it asks outright; None where it does not."""
    if turn.speaker != "customer":
        return None
    language = analysis.language
    telling, outright = [], False
    for found in _SENTENCE.finditer(turn.text[:_READ]):
        sentence = _FILLER[language].sub("", found.group().strip(), count=1).strip(" ，,")
        if not any(char.isalnum() for char in sentence) or _BETWEEN_US.search(sentence) or _is_number(sentence):
            continue
        asks = any(pattern.search(sentence) for pattern in _ASKS.values())
        if asks or any(pattern.search(sentence) for pattern in _TROUBLE.values()) or analysis.intent is not None:
            telling.append(sentence)
            outright = outright or asks
    if not telling:
        return None
    return _last_characters(telling), outright


def _last_characters(sentences: Sequence[str]) -> str:
    """Return the last sentences that fit into a query: people come to the point at the end."""
    kept: list[str] = []
    for sentence in reversed(sentences):
        if kept and sum(map(len, kept)) + len(sentence) > _LONGEST:
            break
        kept.insert(0, sentence[-_LONGEST:])
    return " ".join(kept)


def _is_number(sentence: str) -> bool:
    """Tell whether a sentence reads out digits: no fewer of them than half of its other words."""
    numbers = len(_NUMBER.findall(sentence))
    rest = _NUMBER.sub(" ", sentence)
    others = len(re.findall(r"[\u3400-\u9fff]|[A-Za-z']+", rest))
    return numbers >= 3 and 2 * numbers >= others


def _answers_the_seat(before: Sequence[tuple[Turn, Analysis]]) -> bool:
    """Tell whether the turn just before is a question of the seat's."""
    if not before or before[-1][0].speaker != "seat":
        return False
    text = before[-1][0].text
    return text.rstrip().endswith(("?", "？")) and not re.search(r"帮您|帮到|help you|I help", text)


def _follows(words: str, language: Language) -> bool:
    """Tell whether a question needs the turns before it to be understood: it names little, or points back."""
    named = _named(words)
    size = len(named) if language == "en" else sum(len(one) for one in named)
    return size <= _LITTLE[language] or (size <= _SHORT[language] and _POINTS_BACK[language].search(words) is not None)


def _named(words: str) -> list[str]:
    """Return the words that carry a question's meaning, in order, each once."""
    return list(dict.fromkeys(word.text for word in subject_words(words)))


def _topic_before(before: Sequence[tuple[Turn, Analysis]]) -> str:
    """Return what the customer asked about last, in its own words, its own topic first where that turn needed one."""
    topics: list[str] = []
    for turn, analysis in reversed(before[-_REMEMBERED:]):
        own = _own(turn, analysis)
        if own is None:
            continue
        named = _named(own[0])
        if named:
            topics[:0] = named
        if named and not _follows(own[0], analysis.language):
            break
    kept = list(dict.fromkeys(topics))[:_MOST_NAMED]
    return " ".join(kept)
