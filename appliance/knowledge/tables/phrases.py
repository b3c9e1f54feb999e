"""How people ask about tables, in Chinese and English: patterns over folded questions."""

import re
from functools import cache
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("phrases.yaml")

CHANGED = (
    r"increase[sd]?|decrease[sd]?|change[sd]?|growth|grew|grow|difference|decline[sd]?|rise|rose|drop(?:ped)?|fell|fall"
    r"|fluctuation|variance|movement"
)
_MOVED = "增长|增加|上升|提高|下降|减少|降低|上涨|变动|变化"
_AUX = "is|are|was|were|has|had|have|in|exceed\\w*|recorded|show\\w*|do|does|did|with|made|earned|grew"
_ENDS = "most|least|highest|lowest|largest|smallest|biggest|cheapest"
_TOLD = "calculated|recorded|shown|provided|reported|presented|given|included|listed|available"

CHANGE_PERCENT = re.compile(
    rf"(?:percent(?:age)?s?|per cent|%)\)?(?: or)?[ /()]*(?:net |year-on-year |annual )?(?:{CHANGED})"
    rf"|(?:{CHANGED}) ?\(? ?(?:%|percent)"
    rf"|(?:{CHANGED})[^?]{{0,40}}\b(?:in (?:percent|per cent|%)|percentage(?! point)|\(%\))"
    rf"|\b(?:growth|change) rate|rate of (?:{CHANGED})"
    rf"|(?:by|how many|what) (?:what |how many )?(?:percent|per cent|percentage|%)[^?]{{0,60}}\b(?:{CHANGED})"
    r"|增长率|增幅|增速|降幅|跌幅|涨幅|变动率|变化率|变动幅度|变动比例"
    rf"|(?:{_MOVED}|高|低|多|少)了?(?:百分之|多少个?百分比|百分之几|多少%|几成)"
)
SHARE = re.compile(
    r"percent(?:age)?(?: (?:share|constitution|proportion|composition))?"
    r" (?:of|among|in|was|were|is|are|do|does|did)\b"
    r"|as a (?:percent(?:age)?|share|%) of|\bshares? of\b(?! stock)|what (?:percent(?:age)?|per cent|%)"
    r"|\bconstitut|how many per ?cent|占比|比重|(?:比例|份额)(?:是|为)?多少|占"
)
RATIO = re.compile(
    r"\bratio\b|\bproportion\b|how many times|(?:的|是|为|相当于)[^,。?]{0,20}(?:几|多少)倍|之比|比值|比率"
)
AVERAGE = re.compile(r"\baverage\b|\bmean\b|平均|均值")
DIFFERENCE = re.compile(
    rf"\b(?:{CHANGED})\b|\bdiffer\b|how much (?:more|less|higher|lower|larger|smaller|bigger)"
    rf"|{_MOVED}|新增|差额|相差|之差|差距|差多少|差了?几|(?:多|少|高|低|贵|便宜)出?了?(?:多少|几)"
)
SUM = re.compile(
    r"\bsum\b|\bcombined\b|\baltogether\b|\bin total\b|\btotal\b|\badd(?:ed)? up\b"
    r"|总和|之和|加起来|合计|总共|一共|共计|总计|总额|总"
)
MOVES = re.compile(rf"\b(?:{CHANGED})\b|变动|变化|上升|下降")

MOST = re.compile(
    r"\b(?:highest|largest|most|greatest|biggest|maximum|larger|higher|greater|bigger|longest|strongest|fastest)\b"
    r"|最快|最高|最大|最多|最好|最长|最贵|更高|更大|更多|较高|较大|较多"
)
LEAST = re.compile(
    r"\b(?:lowest|smallest|least|minimum|smaller|lower|fewest|fewer|cheapest|shortest|slowest)\b"
    r"|最慢|最低|最小|最少|最差|最短|最便宜|更低|更小|更少|较低|较小|较少"
)
BY_HOW_MUCH = re.compile(r"how much (?:more|less|higher|lower|larger|smaller|bigger)|[高低]多少|最高限")
SECOND = re.compile(r"second|第二")
BEYOND = re.compile(
    r"(?P<more>exceed(?:ed|ing|s)?|(?:more|greater|higher|larger|bigger) than|above|over(?= [$£€\d])"
    r"|超过|大于|高于|多于|超出)"
    r"|(?P<less>(?:less|lower|smaller|fewer) than|below|under(?= [$£€\d])|低于|小于|少于|不足|不到|未达到)"
)
LIMIT = re.compile(
    r"^\s*(?:[$£€¥]|usd|cny|rmb)?\s?(?P<number>-?\d[\d,]*(?:\.\d+)?)\s?"
    r"(?P<scale>thousand|million|billion|百万|万|亿|千)?"
)
YEAR = re.compile(r"(?:19|20)\d\d")

WHICH_PERIOD = re.compile(
    r"(?:which|what)(?: of the)?(?: \w+)? (?:years?|fy|fiscal|periods?|quarters?|months?)\b|\bwhen\b"
    r"|how many (?:\w+ )?(?:years|quarters|periods)"
    r"|哪一?个?(?:些|几)?(?:年|季度|期|月)|何时|几个?(?:年|季度)"
)
WHICH_ITEM = re.compile(
    r"^(?:in |for |at |of |among )?(?:which|who)\b|\bwhich (?!year|quarter|period)\w+"
    rf"|what (?:is|was|are|were) the (?:\w+ ){{0,2}}(?:{_ENDS})|how many (?!years|quarters|periods|percent)\w+"
    r"|哪一?个?(?:家|些|几|种|项|类|款|档)?(?!年|季|月|期)|谁|[几多少](?:家|个|项|种|类|款)"
)
WHICH_PERIODS_TOLD = re.compile(
    r"(?:which|what|for which|in which) (?:\w+ )*?(?:years?|periods?)\b.{0,60}"
    rf"\b(?:table|information|data|{_TOLD})\b|(?:表|数据).{{0,8}}哪(?:些|几)个?年"
)
PARTS = re.compile(
    r"^(?:what|which|how many)(?: (?:is|are|were))?(?: the)?(?: [\w-]+){0,2}"
    r" (?:components?|items?|types?|categories|segments|countries|regions)\b"
    r"(?! (?:had|has|have|was|were (?:above|below|over|under)|exceed))"
    r"|consists? of|comprise|由哪些|包括哪些|有哪些|哪几(?:项|类|种|部分)"
)
ASKS = re.compile(r"^(?:what|which|how many)\b|哪")
COUNT = re.compile(r"\bhow many\b|(?:有|共)?(?:几|多少)(?:个|家|项|年|种|类|款)")
EACH = re.compile(r"respective|分别|各(?:是|为|有)?多少")
RELATIVE = re.compile(
    r"(?P<last>(?:last|previous|prior) year|(?:previous|prior) period|beginning of (?:the )?(?:year|period)"
    r"|去年|上年|上一年|上期|年初|期初)"
    r"|(?P<now>(?:this|current) year|current period|end of (?:the )?(?:year|period)|latest|most recent"
    r"|今年|本年|本期|期末|最近一期|最新)"
)
KIND = re.compile(
    rf"\b(?:which|what|how many)\s+(?:of the\s+)?(?:[\w-]+\s+){{0,2}}?[\w-]+\s+(?=(?:{_AUX})\b)", re.IGNORECASE
)
"""The noun that says what kind of row answers: "which branches have"."""
PROSE = re.compile(
    r"^(?:why|how (?:do|does|did|is|are|was|were|can|should)\b|where\b)"
    r"|^what (?:do|does|did) .*(?:represent|mean|include|comprise|refer|reflect|relate|consist|lead|cause)"
    r"|\breasons?\b|\bdefin|^what (?:caused|drove|led|resulted)|\bdue to ?\?|\bin accordance\b"
    r"|为什么|为何|原因|什么意思|是指|含义|怎么(?:办|算|计算)|如何"
)
"""Questions for a reason or a meaning, which no figure gives."""


@cache
def empty_words() -> frozenset[str]:
    """Return the words that say nothing in a question or in a header."""
    return frozenset(_listed("empty"))


@cache
def own_english() -> frozenset[str]:
    """Return the English words that say what is done with the figures, not which ones."""
    return frozenset(_listed("own_english"))


@cache
def own_chinese() -> re.Pattern[str]:
    """Return a pattern for the Chinese words of that kind."""
    return re.compile("|".join(_listed("own_chinese")))


def _listed(name: str) -> list[str]:
    return str(yaml.safe_load(_FILE.read_text(encoding="utf-8"))[name]).split()
