"""Figures, rates, dates and time spans in a sentence, chosen by the unit that a question asks for."""

import re

from appliance.knowledge.answers.span_match import Span, content, nearness
from appliance.knowledge.language.limit_words import LOWER, UPPER
from appliance.knowledge.language.terms import fold

_DIGIT = r"(?:\d[\d,，.]*\d|\d|[零〇一二三四五六七八九十百千两半]+)"
_ABOUT = (
    r"(?:约为?|大约|近|超过|逾|将近|至少|最多|最长|最高|不超过|不少于|不低于|up to |at most |at least |about |around )?"
)
_SCALE = r"(?:[百千]?[余多]?[万亿]+[余多]?|[余多]|(?: (?:thousand|million|billion)))?"
_RANGE = r"(?:\s?(?:至|到|—|–|~|～|-|to)\s?)"
_UNITS: dict[str, str] = {
    "percent": r"(?:%|％|‰|个百分点|个基点| ?per ?cent| percentage points?| basis points?)",
    "money": r"(?:美元|欧元|港[元币]|日元|英镑|人民币|元|块钱?|圆|镑|两(?:白银)?| ?(?:US )?(?:yuan|dollars?|euros?"
    r"|RMB|CNY|USD))",
    "span": r"(?:多?个月|多?个?(?:小时|工作日|自然日|交易日|星期|世纪)|多?(?:年|天|日|周|分钟|秒|钟头|学时|课时)"
    r"| ?-?(?:working |business |calendar )?(?:years?|months?|weeks?|days?|hours?|minutes?))(?:以内|之内|以上|内)?",
    "age": r"(?:周?岁| ?years old)",
    "length": r"(?:平方)?(?:公里|千米|米|厘米|毫米|公分|英里|英尺|海里|里)| ?(?:km|m|cm|mm|miles?|metres?)\b",
    "area": r"(?:平方(?:公里|千米|米|英里|厘米)|公顷|亩|顷|km²|m²|㎡)",
    "mass": r"(?:公斤|千克|克|吨|磅|斤|kg|t\b)",
    "count": r"(?:[个℃度名位人份张笔户家期档台枚页次种类项条部座所间层集首支艘辆架只头匹株颗届轮场级]"
    r"|[号代步册章回组队行列艇]"
    r"|平方|人次|名?学生"
    r"| ?(?:people|persons?|copies|items?|times|cards?|accounts?|branches|staff))",
}
_MONEY_BEFORE = r"(?:US\$|\$|¥|￥|€|£|RMB ?|CNY ?|USD ?)"
_CLOCK = (
    r"(?:上午|下午|晚上|早上|凌晨)?(?:\d{1,2}[:：]\d{2}(?: ?[ap]\.?m\.?)?|\d{1,2}[点时](?:半|\d{1,2}分|整)?"
    r"|\d{1,2} ?(?:am|pm)\b)"
)
_MONTH_NAME = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = (
    rf"(?:[\u4e00-\u9fff]{{2}}(?:元|[二三四五六七八九十]+)年(?:[（(]\d+年[^（）()]{{0,8}}[）)])?|(?:公元前|公元"
    rf"|前)?\d{{1,4}}\s?年(?:代?[初末中底]?期?)(?:\s?\d{{1,2}}\s?月(?:[份初末中底上下]旬?)?(?:\s?\d{{1,2}}\s?[日号])?)?"
    rf"|\d{{1,2}}\s?月\s?\d{{1,2}}\s?[日号]|\d{{1,2}}\s?月[份初末底]?(?!份)|\d{{4}}-\d{{1,2}}-\d{{1,2}}"
    rf"|\d{{1,2}}世纪(?:\d{{1,2}}年代)?[初末中]?期?"
    rf"|\d{{1,2}} {_MONTH_NAME}(?: \d{{4}})?|{_MONTH_NAME} \d{{1,2}}(?:, \d{{4}})?|{_MONTH_NAME}(?: \d{{4}})?"
    rf"|每[年月周](?:\d{{1,2}}月)?(?:\d{{1,2}}[日号])?|the \d{{1,2}}(?:st|nd|rd|th)(?: of (?:each|every|the) month)?"
    rf"|周[一二三四五六日](?:至周[一二三四五六日])?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
)
_SHARE = r"[百千万]分之(?:\d[\d.]*|[零一二三四五六七八九十百点]+)"
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("clock", r"几点|营业时间|开放时间|what time|opening hours|business hours"),
        ("year", r"哪一?年|何年|几几年|年份|which year|what year|in what year"),
        ("month", r"哪一?个?月|几月|which month|what month"),
        ("day", r"哪一?天|几月几[日号]|几[日号](?=[？?前后到至是]|$)|哪一?日|what date|which day|what day|which date"),
        ("percent", r"百分之几|百分之多少|(?:利率|费率|比例|收益率|占比|折扣率|权重|增长率)(?:是|为|有)?多少|多大比例"
         r"|what percentage|what (?:interest )?rate"
         r"|per ?cent\b|what share|what proportion"),
        ("span", r"多久|多长时间|几个?(?:小时|天|月|个月|年|周|分钟|工作日|星期|世纪)|多少个?(?:小时|天|日|月|年|周"
         r"|分钟|工作日)|how long|how soon"
         r"|how many (?:\w+ )?(?:days|hours|months|years|minutes|weeks)"),
        ("date", r"什么时候|何时|(?:时间|日期)(?:是|为|在)?(?:什么|哪|几)|什么时间|哪个时候|\bwhen\b"
         r"|what is the deadline"),
        ("money", r"多少(?:钱|手续费|年费|费用|工本费|租金|利息)"
         r"|多少[万亿]?(?:美元|元|块)|几[万亿]?元|(?:手续费|年费|工本费|租金|价格|费用|金额|工资|投资"
         r"|造价|票房)(?:总额)?(?:约?是|约?为)?多少|how much"
         r"|what (?:does|do|did) [^?]*\bcost|what is the (?:\w+ ){0,3}(?:fee|charge|cost|price|rent)\b"
         r"|what (?:fee|charge)"),
        ("age", r"多大年[纪龄]|多少岁|几岁|年龄[^，。？]{0,4}(?:多[少大]|几|[是为]什么)|how old|what age"),
        ("area", r"面积[^，。？]{0,6}(?:多少|多大|几)|多少平方|多少公顷|多少亩|多大面积"),
        ("length", r"多[长高远宽深]|多少[公千]?[里米]|(?:长度|高度|海拔|距离|宽度|深度|全长|总长)[^，。]{0,4}多少"
         r"|how (?:far|tall|deep|wide)"),
        ("mass", r"多重|多少(?:公斤|千克|克|吨)|重量[^，。？]{0,4}多少"),
        ("count", r"多少|(?<!哪)(?<!好)几(?!乎)|how many|how often|what is the (?:\w+ ){0,3}(?:limit|maximum|minimum"
         r"|number)\b"),
    )
)  # fmt: skip
_AROUND = 8  # characters beside a figure in which "at most" and "at least" count
_NEAR = 12  # characters before a figure in which its condition stands
_CONDITION = re.compile(r"\d+(?:\.\d+)?(?:个月|年|天|日|小时|万|亿|元| ?(?:years?|months?|days?|yuan))")
_COUNTED = re.compile(r"(?:多少|几|第几)([\u4e00-\u9fff])")


def _figure(unit: str) -> str:
    return rf"{_ABOUT}{_MONEY_BEFORE}?{_DIGIT}{_SCALE}(?:{_RANGE}{_DIGIT}{_SCALE})?\s?{unit}"


def _plain(*units: str) -> re.Pattern[str]:
    return re.compile("|".join(_figure(_UNITS[unit]) for unit in units), re.IGNORECASE)


_FINDS: dict[str, tuple[re.Pattern[str], ...]] = {
    "clock": (re.compile(rf"{_CLOCK}(?:{_RANGE}{_CLOCK})?", re.IGNORECASE),),
    "year": (re.compile(r"(?:公元前|公元)?\d{1,4}\s?年|\b(?:1[5-9]|20)\d\d\b|[一二三四五六七八九〇零]{4}年"),),
    "month": (re.compile(rf"\d{{1,2}}\s?月|{_MONTH_NAME}", re.IGNORECASE),),
    "day": (re.compile(_DATE, re.IGNORECASE),),
    "date": (
        re.compile(rf"{_DATE}(?:{_RANGE}(?:{_DATE}))?(?:{_CLOCK})?", re.IGNORECASE),
        re.compile(rf"{_figure(_UNITS['span'])}(?:以内|之内|内|前|后)?|{_CLOCK}(?:{_RANGE}{_CLOCK})?", re.IGNORECASE),
    ),
    "span": (
        re.compile(rf"(?<![月\d]){_figure(_UNITS['span'])}", re.IGNORECASE),  # not the day of a date
        re.compile(rf"当[场日天]|立即|随时|{_DATE}{_RANGE}{_DATE}|immediately|at any time", re.IGNORECASE),
    ),
    "percent": (re.compile(rf"{_SHARE}|{_figure(_UNITS['percent'])}", re.IGNORECASE),),
    "money": (
        re.compile(rf"{_figure(_UNITS['money'])}|{_ABOUT}{_MONEY_BEFORE}{_DIGIT}{_SCALE}", re.IGNORECASE),
        re.compile(rf"{_SHARE}|{_figure(_UNITS['percent'])}", re.IGNORECASE),
        re.compile(r"免费|免收|不收费?|\bfree of charge\b|\bfree\b|\bno (?:fee|charge)\b", re.IGNORECASE),
    ),
    "age": (_plain("age"), re.compile(_DIGIT)),
    "area": (_plain("area"), _plain("length")),
    "length": (_plain("length"),),
    "mass": (_plain("mass"),),
    "count": (
        _plain("count", "money", "percent", "age", "area", "length", "mass"),
        _plain("span"),
        re.compile(rf"{_ABOUT}{_DIGIT}{_SCALE}"),
    ),
}  # fmt: skip


def asked_figure(question: str) -> str | None:
    """Return the kind of figure that a question asks for, None where it asks for no figure."""
    return next((kind for kind, pattern in _KINDS if pattern.search(question)), None)


def figure_span(question: str, sentence: str) -> Span | None:
    """Return where the figure asked for stands, None where none is asked for or none of the kind is there."""
    kind = asked_figure(question)
    if kind is None:
        return None
    given = fold(question)
    own = content(question)
    counted = _counted(question, sentence) if kind == "count" else []
    if counted:
        return max(counted, key=lambda span: _fitness(question, sentence, span, own))
    for pattern in _FINDS[kind]:
        spans = [match.span() for match in pattern.finditer(sentence) if match.group().strip()]
        spans = [span for span in spans if fold(sentence[span[0] : span[1]]) not in given] or (
            spans if kind == "year" else []
        )
        if spans:
            return _behind(given, sentence, spans) or max(
                spans, key=lambda span: _fitness(question, sentence, span, own)
            )
    return None


def _before(sentence: str, start: int) -> str:
    return fold(sentence[max(0, start - _NEAR) : start]).rstrip("期的为是:： ")


def _behind(given: str, sentence: str, spans: list[Span]) -> Span | None:
    """Return the one figure that follows a figure of the question: "three years 1.95%" where three years are asked."""
    asked = tuple(match.group() for match in _CONDITION.finditer(given))
    found = [span for span in spans if _before(sentence, span[0]).endswith(asked)]
    return found[0] if len(found) == 1 else None


def _fitness(question: str, sentence: str, span: Span, own: frozenset[str]) -> float:
    """Return how well a figure fits: near the question's words, and a limit on the side that is asked for."""
    around = sentence[max(0, span[0] - _AROUND) : span[1] + _AROUND // 2]
    limits = sum(1 for side in (UPPER, LOWER) if side.search(question) and side.search(around))
    return nearness(sentence, span, own) + 2 * limits


def _counted(question: str, sentence: str) -> list[Span]:
    """Return the figures that count what is asked: for 几卷 those with 卷."""
    asked = _COUNTED.search(question)
    if asked is None:
        return []
    counted = re.compile(rf"第?{_ABOUT}{_DIGIT}{_SCALE}(?:{_RANGE}{_DIGIT})?{asked.group(1)}")
    return [match.span() for match in counted.finditer(sentence)]
