"""Whether a customer may be called again. A wish not to be called holds unless the customer takes it back."""

import re
from collections.abc import Sequence

from .clauses import kept_texts
from .shapes import Consent, Heard
from .when import when_said

_NOT_ZH = (
    r"(?:不(?:要|用|必|想|愿意?|希望|同意|允许|许|准|接受|再|需要)|别(?!的|人|家|处)|勿|甭|停止"
    r"|没(?:有)?(?:权利?|授权|同意)|拒绝|谢绝|禁止|少(?=给我|来|打|跟我))(?!.{0,3}(?:挂|关|忘|误会|担心))"
)
_TOUCH_ZH = (
    r"(?:打(?!印|折|开|款|卡|算|听|包|理|钱|错|车|到账|工|动|招呼)|来电|拨|联系(?!人|方式)|骚扰|烦我|推销|营销"
    r"|电话(?!银行|费|号)|短信(?!验证|提醒|通知)|通知我|回访|广告|推送)"
)
_NUMBER_ZH = r"(?:(?:我|这个?)(?:们)?的?(?:电话|手机)?(?:号码?|电话|手机号?|名字|信息|资料|联系方式)|名单|客户库)"
_OUT_ZH = r"(?:删|踢|剔|去掉|去除|移除|移出|拿掉|清除|清掉|注销|取消|拉黑|剔除|屏蔽|划掉|撤掉|抹掉)"
_STOP_ZH = re.compile(
    rf"{_NOT_ZH}[^，。！？；,]{{0,12}}?{_TOUCH_ZH}|{_NUMBER_ZH}[^，。！？；]{{0,12}}?{_OUT_ZH}"
    rf"|{_OUT_ZH}[^，。！？；]{{0,6}}?{_NUMBER_ZH}"
    r"|(?:电话|来电|打|骚扰)[^。！？；]{0,16}(?:烦不烦|烦死|烦人|烦透|有完没完|没完没了|受够|够了)|骚扰电话"
    r"|(?:是|属于|叫|算)骚扰|放过我|黑名单|勿扰"
    r"|免打扰|拒访|禁呼|(?:电话|短信|推销|来电)[^，。！？；]{0,6}(?:免了|停了|停掉)|退订"
    r"|(?:怎么|为什么|为啥|干嘛|干吗)(?:又|老|总|还|天天|一直)(?:是)?(?:你们)?(?:来)?(?:给我)?(?:打|来电)(?!折"
    r"|不开)|(?:天天|老是?|一天到晚|一直|整天|三番五次|没完没了)(?:地|的)?(?:给我)?(?:打电话|来电|骚扰)"
    r"|(?:没(?:有)?|不)授权|再(?:打|骚扰|来电|联系我)(?!折)[^。！？；]{0,10}(?:投诉|举报|报警|告)",
)
_NOT_EN = (
    r"(?:do not|don['’]t|never|(?:nobody|no one)(?= [\w ]{0,30}\b(?:should|may|must|is to)\b)|not allowed"
    r"|no right|shouldn['’]t|mustn['’]t"
    r"|not(?= (?:be )?(?:called|rung|phoned"
    r"|contacted|bothered))|stop|quit|cease|refrain|avoid|no more|no further|no longer|not (?:to|want|wish"
    r"|like|be|agree|consent)|(?:didn['’]t|wouldn['’]t|won['’]t)(?= (?:call|ring|phone|contact|text|bother)))"
)
_TOUCH_EN = (
    r"(?:call(?:s|ing|ed)?(?! (?:it|that|this a)\b)|r(?:ing|inging|ung)|phon(?:e|es|ing|ed)(?! (?:number|bill"
    r"|banking))|contact(?:s|ing|ed)?(?! details)|bother\w*|disturb\w*|pester\w*|harass\w*|text(?:s|ing|ed)?"
    r"|cold[- ]call\w*|telemarket\w*|marketing|hear from)"
)
_STOP_EN = re.compile(
    rf"\b{_NOT_EN}\b(?: [\w'’-]+){{0,6}}? {_TOUCH_EN}\b|\b(?:stop|quit) (?:this|it|harassing)\b"
    r"|\b(?:take|taken|remove|removed|get|strike|struck|delete|deleted|erase|erased|cross|drop"
    r"|scrub)\b[^.,;?!]{0,40}\b(?:list|lists|database|records?|system|files?)\b"
    r"|\b(?:delete|remove|lose|erase|forget) (?:my|this)(?: \w+)? (?:number|details|name|contact details)\b"
    r"|\bdo[- ]not[- ](?:call|contact|disturb)\b"
    r"|\bopt(?:ing|ed)? (?:me )?out\b|\bunsubscribe\b|\b(?:want|be) off\b[^.,;?!]{0,30}\blist\b"
    r"|\bthe last call\b|\bleave me alone\b|\b(?:withdraw|revoke|don['’]t give"
    r"|do not give|never gave)(?: you)?(?: my)? (?:consent|permission)\b"
    r"|\bkeep(?:s)? (?:on )?(?:calling|ringing|phoning|bothering|pestering|harassing)\b(?! (?:if|me if))"
    r"|\bharassment\b|\bput me on (?:the|your) (?:do not|no)\b",
    re.IGNORECASE,
)
_OWN_CALLS = re.compile(
    r"\bnever (?:got|had|received|heard|saw|took|missed)\b|"
    r"\bi(?:['’]m| am| do| did| have|['’]ve)? ?(?:not|never|don['’]t|didn['’]t|haven['’]t)(?: yet)? (?:call"
    r"|ring|phone|text|contact|take|answer|pick up|make)(?:ing)?\b|\b(?:can['’]t|couldn['’]t"
    r"|don['’]t have to) (?:call|ring)\b",
    re.IGNORECASE,
)
# A wish about a time, a number or a person is no wish not to be called at all.
_LIMITED = re.compile(
    r"(?:现在|今天|这会儿|这个?(?:点儿|时间|点|时候)|晚上|中午|早上|上午|下午|上班(?:时间|的时候)?|工作时间|周末"
    r"|休息(?:时间|的时候)|半夜|(?:星期|周)[一二三四五六日天]|\d+点"
    r"|[一二三四五六七八九十]+点)(?:以?[前后])?(?:的时候|时间)?(?:请|就|都|先)?(?:不要|别|不用|勿)(?!.{0,4}再)"
    r"|(?:不要|别|不用)(?:在)?(?:现在|今天|明天|晚上|中午|早上|上午|下午|上班(?:时间)?|工作时间|周末"
    r"|休息(?:时间)?|半夜|(?:星期|周)[一二三四五六日天])|(?:不要|别|不用)(?:再)?(?:打|联系"
    r"|拨)(?:给)?(?:我)?(?:的?(?:公司|办公室|单位|家里|座机|老婆|太太|老公|先生|爸|妈|家人|爱人|以前|旧|原来"
    r"|那个)|另)"
    r"|打(?:给)?(?:他|她)|要打就?打|(?:打|换|用)(?:我)?(?:的)?(?:另外?一?个?|手机|新)(?:号码?|电话|号)"
    r"|不用(?:再)?(?:打"
    r"|联系|通知)(?:电话)?(?:了)?[，,]?(?:我)?(?:自己|会|直接|到时)|(?:打|来电|联系).{0,3}(?:太早|太晚|那么"
    r"|这么)|(?:先|暂时)(?:别|不要|不用)",
)
_LIMITED_EN = re.compile(
    r"\b(?:call|ring|phone|contact)(?:ing)?(?: me| us)? (?:at (?:work|the office|night|home|this (?:hour"
    r"|time))|on (?:this|that|my (?:work|office|old|home)|mon|tues|wednes|thurs|fri|satur|sun|weekends?)\w*"
    r"|before|after|during|so (?:early|late)|in the (?:morning|evening|afternoon|middle)"
    r"|today|tomorrow|now|right now|until|between|this (?:week|month|morning|afternoon|evening)|when|while"
    r"|while i'm)\b|\bcall (?:my|his|her) (?:wife|husband|office|son|daughter|mother)\b|\buntil (?:next|i"
    r"|after|the)\b",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"(?:再|改|就|可以|请|等).{0,8}(?:打|联系|来电)(?!扰)|\b(?:call|ring|phone|try|contact) (?:me|back"
    r"|again)\b[^.]{0,30}\b(?:instead|after|on|at|tomorrow|next|later|in)\b",
    re.IGNORECASE,
)
_NOT_MEANT = re.compile(
    r"(?:不是|没(?:有)?|不是说|又没)(?:说)?(?:不让|不许|不要|不想|叫|让)(?:你们?)?(?:别|不)?|没说(?:别|不)"
    r"|不(?:反对|介意)|别(?:停|误会)"
    r"|\b(?:i'm not saying|i didn't say|not that i|i don't mind|i never said|did not say)\b",
    re.IGNORECASE,
)
_BACK_AGAIN = re.compile(
    r"(?:可以|欢迎|还是|愿意|能|行|没问题).{0,6}(?:给我)?(?:再)?(?:打|联系|通知|来电)(?!扰)|(?:有"
    r"|出).{0,10}(?:再|就|可以)?(?:给我|跟我|和我)?(?:打电话|打给我|联系我|通知我|说一声|告诉我)|(?:你"
    r"|那)?(?:还是|就)(?:打|联系)(?:吧|我)"
    r"|\b(?:you can|you may|you could|feel free to|please do|it's (?:fine|ok|okay) to|happy for you to"
    r"|do) (?:still |then )?(?:call|ring|phone|contact|let me know|get in touch|keep)\b|\bcall me (?:if|when"
    r"|once|about)\b|\blet me know (?:if|when)\b|\bkeep me (?:on|posted|informed)\b",
    re.IGNORECASE,
)
_FUTURE_ASK = re.compile(
    r"(?:以后|今后|后续|将来|下次|再|还).{0,16}(?:联系您|[向为跟和]您.{0,4}(?:介绍|推荐)|(?:接听"
    r"|接到).{0,4}(?:来电|电话)|发给您|发送|寄给您"
    r"|给您(?:打|来电|去电|推荐|介绍|发)"
    r"|致电|通知您|和您联系|与您联系|给您.{0,4}电话|接到|接收).{0,10}(?:吗|呢|好不好|行不行|方便|？|\?|吧)"
    r"|(?:是否|愿不愿意|愿意|介意|同意|方便).{0,10}(?:以后|今后|再|后续|继续).{0,10}(?:联系|电话|来电|接收)"
    r"|\b(?:may|can|could|shall|is it (?:ok|okay|alright|all right)|would (?:you|it)|are you happy"
    r"|do you (?:mind|agree|consent|want)|happy for) .{0,40}\b(?:call|contact|ring|phone|get in touch|keep"
    r"|hear)\w*\b"
    r".{0,40}\b(?:in (?:the )?future|again|from time to time|about (?:other|new|future)|other offers"
    r"|new offers|from us)\b",
    re.IGNORECASE,
)
_LIST_ASK = re.compile(
    r"(?:免打扰|勿扰|不再(?:给您|联系|致电|打)|黑名单|谢绝来电|删除您的|取消.{0,6}(?:来电|推送"
    r"|营销)).{0,16}(?:吗|吧|好不好|是吗|对吗|？|\?)"
    r"|\b(?:take you off|remove you|do[- ]not[- ]call|not (?:call|contact) you|stop (?:calling"
    r"|contacting))\b.{0,50}\?",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:[嗯啊哦]*[，,]?\s*)?(?:好|行|对(?!不)|是|可以|嗯|麻烦|没问题|没事|愿意|同意|不介意|要|方便|欢迎"
    r"|需要)|^\W*(?:yes|yeah|yep|sure|ok|okay|please|of course|that's fine|fine|go ahead|no problem"
    r"|i don't mind|alright|correct|right)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:[嗯啊哦]*[，,]?\s*)?(?:不(?!介意)|别|没必要|没兴趣|算了|免了|千万别)|^\W*(?:no|nope|not|never"
    r"|i'd rather not|rather not|(?:i['’]d )?prefer not|please don't|don't|absolutely not|i do not"
    r"|i don't(?! mind))\b",
    re.IGNORECASE,
)


# Much wider than a wish: what a person should read before the customer is called again.
_OF_CALLS = re.compile(
    r"打(?!印|折|开|款|卡|算|听|包|理|车|工)|电话|来电|号码|名单|短信|推销|营销|骚扰|隐私|授权|\b(?:call\w*"
    r"|ring|phon\w+|contact\w*|list|number|marketing|consent|privacy|data)\b",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"[不没别勿免烦]|拒绝|投诉|举报|报警|够了|权利|哪来|踢|删|\b(?:no|not|never|nobody|stop|enough|quit|refuse"
    r"|off|remove|delete|complain\w*|report|rather|prefer|annoy\w*|sick|tired|fed up)\b|n['’]t\b",
    re.IGNORECASE,
)


def consent_of(turns: Sequence[Heard]) -> Consent:
    """Return whether the customer may be called again, by their own words and their answers to the seat.

    A wish that is about a time ("not at work"), a number or a person is none not to be called at all. A no to "may we
    call you again in future" is one.
    """
    do_not_call = False
    unsure: list[str] = []
    contact: bool | None = None
    evidence: list[str] = []
    texts = kept_texts(turns)
    before = ""
    for (turn, _analysis), text in zip(turns, texts, strict=True):
        if turn.speaker == "seat":
            before = text
            continue
        verdict = _verdict(text, before)
        asked, before = before, ""
        if verdict is None:
            if (_OF_CALLS.search(text) and _AGAINST.search(text)) or (
                _FUTURE_ASK.search(asked) and not _has_time(asked)
            ):
                unsure.append(turn.id)
            continue
        evidence = [*evidence, turn.id] if verdict == "stop" and do_not_call else [turn.id]
        do_not_call, contact = (True, False) if verdict == "stop" else (False, True)
    return Consent(do_not_call=do_not_call, contact=contact, turns=tuple(evidence), to_review=tuple(unsure))


def _verdict(text: str, asked: str) -> str | None:
    """Return "stop", "again" or None for what a customer says, behind what the seat has asked."""
    wishes = [_wish(sentence) for sentence in re.split(r"[。！？!?\n]|(?<!\bno)\.(?:\s|$)", text) if sentence.strip()]
    spoken = [wish for wish in wishes if wish is not None]
    if spoken:
        return spoken[-1]
    if asked and _LIST_ASK.search(asked):
        return "stop" if _YES.search(text) else None
    if asked and _FUTURE_ASK.search(asked) and not _has_time(asked):
        if _NO.search(text):
            return "again" if re.search(r"\bmind\b|介意", asked, re.IGNORECASE) else "stop"
        if _YES.search(text):
            return "again"
    return None


def _wish(sentence: str) -> str | None:
    stop = _STOP_ZH.search(sentence) or _STOP_EN.search(sentence)
    if stop:
        if _NOT_MEANT.search(sentence) or _OWN_CALLS.search(sentence):
            return None
        limited = _LIMITED.search(sentence) or _LIMITED_EN.search(sentence)
        behind = sentence[stop.end() :]
        again = _ALTERNATIVE.search(behind)
        forever = re.search(
            r"(?<![点天日号月])以后|今后|永远|再也|任何|\b(?:ever|again|any ?more|never)\b", sentence, re.IGNORECASE
        )
        if (limited or again) and not (forever and not again):
            return None
        return "stop"
    return "again" if _BACK_AGAIN.search(sentence) and not re.search(r"[不别没]", sentence[:2]) else None


def _has_time(asked: str) -> bool:
    """Tell whether a question is about one call on a day, not about calls in general."""
    found = when_said(asked, None)
    return found is not None and not re.search(r"(?<![点天日号月])以后|今后|将来|\bfuture\b", asked, re.IGNORECASE)
