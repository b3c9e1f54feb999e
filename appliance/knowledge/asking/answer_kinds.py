"""The kind of thing a question asks for, and whether a sentence holds one."""

import re
from typing import Literal

import rjieba

AnswerKind = Literal["number", "money", "time", "percent", "phone", "name", "company", "person", "any"]

_KINDS: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
    (
        "phone",
        re.compile(r"电话(?:号码)?是|电话多少|号码是多少|哪个电话|打什么电话|phone number|telephone number", re.I),
    ),
    (
        "name",
        re.compile(r"(?:是|为)谁[？?]?$|叫什么|姓什么|\bwho is (?:the|our)\b|what is the name of the \w+[?]?$", re.I),
    ),
    ("company", re.compile(r"哪家(?:公司|企业|厂商|供应商)|(?:which|what) (?:company|firm|supplier|vendor)", re.I)),
    (
        "percent",
        re.compile(
            r"利率|费率|比例|百分之|质押率|权重|几成|几折|interest rate|what rate|percentage|per ?cent|what share"
            "|how much weight",
            re.I,
        ),
    ),
    ("money", re.compile(r"多少钱|手续费|工本费|年费|租金|费用|收费|金额|how much|fee|charge|cost|price|rent\b", re.I)),
    (
        "time",
        re.compile(
            r"多久|多长时间|几天|几个月|几年|几点|何时|什么时候|时限|期限|有效期|营业时间|多少天|多少小时|日期|when\b"
            r"|how long|how soon|how often|how many (?:\w+ )?(?:days|hours|months|years|minutes)|what time|hours"
            r"|deadline|until",
            re.I,
        ),
    ),
    (
        "number",
        re.compile(
            r"多少|几[个张次回名台家位人户级档份倍]|how (?:many|old|far|thick|high|tall|large|big)|what age"
            "|limit|maximum|minimum|上限|限额|最高|最低",
            re.I,
        ),
    ),
    ("person", re.compile(r"谁|哪个部门|哪位|由.{0,6}(?:审批|批准)|\bwho\b|which department", re.I)),
)
_HOLDS: dict[AnswerKind, re.Pattern[str]] = {
    "percent": re.compile(r"\d%|千分之|万分之|百分之|basis point|\bfree\b|免|none", re.I),
    "money": re.compile(
        r"\d[\d,.]*\s*(?:%|万|元|yuan|US dollar)|\bfree\b|\bno\b|\bnone\b|免|不收|承担|[千万百]分之", re.I
    ),
    "time": re.compile(
        r"\d\s*(?:个|年|月|日|天|小时|分钟|周|工作日)|(?<![\d于为比])\d{1,2}:\d\d|[一二三四五六七八九十半]+(?:个月|年|天|日|小时)|每[年月日天周半]"
        r"|\b(?:day|week|month|year|hour|minute|clock|annually|monthly|immediately|at once|any time)"
        r"|[二两三]年|当场|随时|立即|\d\d:\d\d|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
        re.I,
    ),
    "number": re.compile(
        r"\d|[一二三四五六七八九十两]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|none|no)\b", re.I
    ),
    "phone": re.compile(r"\d{3,4}[- ]?\d{4}|\b\d{5}\b|内线|extension", re.I),
    "name": re.compile(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b|\b(?:Mr|Ms|Mrs|Dr)\b"),
    "company": re.compile(r"公司|集团|人寿|\b(?:company|firm|Ltd|Inc|Corp|insurer|supplier)\b", re.I),
    "person": re.compile(
        r"部|经理|行长|负责人|专员|员工|柜员|人员|办公会|中心|代表人|经办人|本人|两人|双人|总行|分行|支行|委员会|branch|manager|department|office|desk|staff|customer|bank"
        r"|cardholder|sender|receiver|we\b",
        re.I,
    ),
    "any": re.compile(""),
}


def kind_of(question: str) -> AnswerKind:
    """Return what kind of answer a question asks for; the first that fits."""
    return next((kind for kind, pattern in _KINDS if pattern.search(question)), "any")


def holds_kind(text: str, kind: AnswerKind) -> bool:
    """Tell whether a sentence holds that kind of thing."""
    if _HOLDS[kind].search(text) is not None:
        return True
    return kind == "name" and any(tag == "nr" for _word, tag in rjieba.tag(text))
